"""What a téléservice says of itself, and what was decided about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.localtime import SchoolYear, Window, instant
from teleservices_core.domain.roster import Level
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError

_MODULE_ID: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")


class OpeningMode(StrEnum):
    """Who opens a module when nobody has said anything (F04, F05, F06)."""

    AUTOMATIC = "automatic"
    """Open to families without any act of the head."""
    DEFAULT_OPEN = "default_open"
    """Open until the head closes it."""
    HEAD_DECIDES = "head_decides"


@frozen
class ModuleDefinition:
    """A téléservice, as its plugin declares it."""

    id: str = field()
    title: str
    summary: str
    """One sentence for families: what they find there."""
    opening_mode: OpeningMode = OpeningMode.HEAD_DECIDES
    audiences: frozenset[Audience] = frozenset({Audience.GUARDIAN, Audience.STUDENT})
    kinds: frozenset[EstablishmentKind] = frozenset(EstablishmentKind)
    """Kinds of establishment that may offer it."""
    least_level: Level = Level.IN_CHARGE
    """The weakest link to the student that gives access."""
    requires: tuple[str, ...] = ()
    """Modules that must be open for this one to be."""
    has_campaign: bool = False
    """Open during the académie's campaigns only: no window, not open."""
    position: int = 100
    """Order on the family's page, smallest first."""

    @id.validator
    def _validate(self, _attribute: object, module_id: str) -> None:
        if not _MODULE_ID.fullmatch(module_id):
            raise InvalidValueError("module id", module_id, "expected a lower-case word")


class Stance(StrEnum):
    """What an authority decided about a module. A head only opens or closes."""

    OPEN = "open"
    """At the académie: open by default, the head may close."""
    CLOSED = "closed"
    """At the académie: closed by default, the head may open."""
    IMPOSED = "imposed"
    """Open, whatever the head chose."""
    FORBIDDEN = "forbidden"
    """Closed, whatever the head chose."""


@frozen
class Opening:
    """One recorded decision. ``uai`` is None for the académie's own."""

    module_id: str
    school_year: SchoolYear
    audience: Audience
    stance: Stance
    uai: Uai | None = None
    set_by: str = ""
    """The person's name and function, to show."""
    set_at: datetime | None = field(default=None)

    @set_at.validator
    def _validate(self, _attribute: object, set_at: datetime | None) -> None:
        if set_at is not None:
            instant(set_at)


@frozen
class Campaign:
    """One round during which a module is open, for all or for one establishment."""

    module_id: str
    school_year: SchoolYear
    window: Window
    uai: Uai | None = None
    """An establishment's own round (an extension), None for the whole académie."""
    title: str = ""


@frozen
class Policy:
    """Every recorded decision and campaign that a question may need.

    A value: the same policy answers any number of questions without I/O.
    """

    _openings: Mapping[tuple[Uai | None, str, SchoolYear, Audience], Opening]
    _campaigns: Mapping[tuple[str, SchoolYear], tuple[Campaign, ...]]

    @classmethod
    def of(cls, openings: Iterable[Opening] = (), campaigns: Iterable[Campaign] = ()) -> Policy:
        """Index openings (one for each key, the last wins) and campaigns."""
        rounds: dict[tuple[str, SchoolYear], tuple[Campaign, ...]] = {}
        for campaign in campaigns:
            key = (campaign.module_id, campaign.school_year)
            rounds[key] = (*rounds.get(key, ()), campaign)
        return cls({(o.uai, o.module_id, o.school_year, o.audience): o for o in openings}, rounds)

    def opening(
        self, uai: Uai | None, module_id: str, school_year: SchoolYear, audience: Audience
    ) -> Opening | None:
        """The decision of an establishment, or of the académie when ``uai`` is None."""
        return self._openings.get((uai, module_id, school_year, audience))

    def windows(self, uai: Uai, module_id: str, school_year: SchoolYear) -> tuple[Window, ...]:
        """The rounds that concern an establishment, in the order of their opening."""
        rounds = self._campaigns.get((module_id, school_year), ())
        windows = [c.window for c in rounds if c.uai is None or c.uai == uai]
        return tuple(sorted(windows, key=lambda w: (w.from_at is not None, w.from_at)))


NO_POLICY: Final = Policy.of()
