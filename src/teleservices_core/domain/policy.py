"""What was decided about modules, by whom, and how decisions are inherited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from attrs import Factory, evolve, field, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, Window, instant, optional_instant
from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.domain.values import Uai


class Stance(StrEnum):
    """What an authority decided about a module, for its scope and all below.

    A head opens and closes; the rectorat has all five.
    """

    ALLOWED = "allowed"
    """Back to the module's own default; those below decide."""
    OPEN = "open"
    """Open unless decided otherwise below."""
    CLOSED = "closed"
    """Closed unless decided otherwise below."""
    IMPOSED = "imposed"
    """Open, whatever is decided below."""
    FORBIDDEN = "forbidden"
    """Closed, whatever is decided below."""

    @property
    def is_final(self) -> bool:
        """Whether nothing below can change it."""
        return self in {Stance.IMPOSED, Stance.FORBIDDEN}


@frozen
class Opening:
    """One recorded decision."""

    module_id: str
    school_year: SchoolYear
    audience: Audience
    stance: Stance
    scope: Scope
    set_by: str = ""
    """The person's name and function, to show."""
    set_at: datetime | None = field(default=None, converter=optional_instant)


@frozen
class Campaign:
    """One round during which a module is open, for all or for one establishment."""

    module_id: str
    school_year: SchoolYear
    window: Window
    uai: Uai | None = None
    """An establishment's own round (an extension), None for the whole académie."""
    title: str = ""
    id: UUID | None = None


@frozen
class CutOff:
    """A plugin switched off while the site runs, for all establishments at once."""

    plugin: str
    at: datetime = field(converter=instant)
    set_by: str = ""
    reason: str = ""
    """For the staff: what happened."""


_Key = tuple[Scope, str, SchoolYear, Audience]


@frozen
class Policy:
    """Every recorded decision and campaign that a question may need.

    A value: the same policy answers any number of questions without I/O.
    """

    _openings: Mapping[_Key, Opening]
    _campaigns: Mapping[tuple[str, SchoolYear], tuple[Campaign, ...]]
    _cut_offs: Mapping[str, CutOff] = Factory(dict)

    @classmethod
    def of(
        cls,
        openings: Iterable[Opening] = (),
        campaigns: Iterable[Campaign] = (),
        cut_offs: Iterable[CutOff] = (),
    ) -> Policy:
        """Index openings (one for each key, the last wins) and campaigns."""
        rounds: dict[tuple[str, SchoolYear], tuple[Campaign, ...]] = {}
        for campaign in campaigns:
            key = (campaign.module_id, campaign.school_year)
            rounds[key] = (*rounds.get(key, ()), campaign)
        return cls(
            {(o.scope, o.module_id, o.school_year, o.audience): o for o in openings},
            rounds,
            {each.plugin: each for each in cut_offs},
        )

    @property
    def openings(self) -> tuple[Opening, ...]:
        """Every recorded decision."""
        return tuple(self._openings.values())

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        """Every round."""
        return tuple(each for rounds in self._campaigns.values() for each in rounds)

    @property
    def cut_offs(self) -> tuple[CutOff, ...]:
        """The plugins switched off."""
        return tuple(self._cut_offs.values())

    def of_rectorat(self, module_id: str) -> tuple[Opening, ...]:
        """What the rectorat decided about a module, the widest scope first."""
        mine = (o for o in self.openings if o.module_id == module_id and not o.scope.rank.is_heads)
        return tuple(sorted(mine, key=lambda o: (o.scope, o.audience)))

    def opening(
        self, scope: Scope, module_id: str, school_year: SchoolYear, audience: Audience
    ) -> Opening | None:
        """What was decided at one scope."""
        return self._openings.get((scope, module_id, school_year, audience))

    def rounds(self, module_id: str, school_year: SchoolYear) -> tuple[Campaign, ...]:
        """The rounds of a module, those of single establishments included, by their start."""
        found = self._campaigns.get((module_id, school_year), ())
        return tuple(sorted(found, key=lambda c: (*_by_start(c.window), c.uai is not None)))

    def cut_off(self, plugin: str) -> CutOff | None:
        """Whether a plugin is switched off, and why."""
        return self._cut_offs.get(plugin)

    def with_opening(self, opening: Opening) -> Policy:
        """The same policy with one decision more, or replaced."""
        key = (opening.scope, opening.module_id, opening.school_year, opening.audience)
        return evolve(self, openings={**self._openings, key: opening})

    def without(self, opening: Opening) -> Policy:
        """The same policy as if nothing had been decided there."""
        key = (opening.scope, opening.module_id, opening.school_year, opening.audience)
        return evolve(self, openings={k: o for k, o in self._openings.items() if k != key})

    def with_campaigns(self, campaigns: Iterable[Campaign]) -> Policy:
        """The same decisions, with other rounds."""
        return Policy.of(self.openings, campaigns, self.cut_offs)

    def with_cut_offs(self, cut_offs: Iterable[CutOff]) -> Policy:
        """The same decisions, with other plugins switched off."""
        return evolve(self, cut_offs={each.plugin: each for each in cut_offs})

    def windows(self, uai: Uai, module_id: str, school_year: SchoolYear) -> tuple[Window, ...]:
        """The spans during which a module is open in an establishment, in their order.

        Rounds that touch or overlap are one span: an extension that begins
        where its round ends does not close the module in between.
        """
        rounds = self._campaigns.get((module_id, school_year), ())
        return _merged(c.window for c in rounds if c.uai is None or c.uai == uai)


def _by_start(window: Window) -> tuple[bool, datetime | None]:
    return (window.from_at is not None, window.from_at)


def _merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    merged: list[Window] = []
    for window in sorted(windows, key=_by_start):
        last = merged[-1] if merged else None
        if last is None or (last.until_at is not None and window.is_before(last.until_at)):
            merged.append(window)
        elif last.until_at is not None and (
            window.until_at is None or window.until_at > last.until_at
        ):
            merged[-1] = Window(last.from_at, window.until_at)
    return tuple(merged)


NO_POLICY: Final = Policy.of()


@frozen
class Settled:
    """The outcome of the inheritance for one module, audience and chain."""

    is_open: bool
    by: Opening | None
    """The decision that made it; None for the module's own default."""
    decides_at: Scope | None
    """Where a contrary decision would count: the narrowest scope that may still have its say."""


def settle(
    module: ModuleDefinition,
    policy: Policy,
    scopes: Iterable[Scope],
    school_year: SchoolYear,
    audience: Audience,
) -> Settled:
    """Follow a chain of scopes, the widest first.

    A final stance ends the search, so that nothing below can undo it; the last
    of the others has its say; without any, the module's own default holds. For
    an automatic module, heads have no say (F05).
    """
    is_default_open = module.opening_mode is not OpeningMode.HEAD_DECIDES
    is_open, by = is_default_open, None
    for scope in scopes:
        if scope.rank.is_heads and module.opening_mode is OpeningMode.AUTOMATIC:
            break
        opening = policy.opening(scope, module.id, school_year, audience)
        if opening is None:
            continue
        if opening.stance.is_final:
            return Settled(opening.stance is Stance.IMPOSED, opening, opening.scope)
        is_open = (
            is_default_open if opening.stance is Stance.ALLOWED else (opening.stance is Stance.OPEN)
        )
        by = opening
    return Settled(is_open, by, _where(module, by, scopes))


def _where(module: ModuleDefinition, by: Opening | None, scopes: Iterable[Scope]) -> Scope | None:
    if module.opening_mode is OpeningMode.AUTOMATIC:
        return by.scope if by else Scope.academie()
    if by is not None and by.scope.rank.is_heads:
        return by.scope
    return next((scope for scope in scopes if scope.rank is Rank.ESTABLISHMENT), None)


def opened_without_plugin(
    policy: Policy,
    known: Collection[str],
    scopes: Sequence[Scope],
    school_year: SchoolYear,
    audience: Audience,
) -> tuple[str, ...]:
    """Modules that somebody opened along a chain and that no plugin provides any more."""
    gone = sorted({opening.module_id for opening in policy.openings}.difference(known))
    return tuple(
        module_id
        for module_id in gone
        if settle(
            ModuleDefinition(module_id, module_id, ""), policy, scopes, school_year, audience
        ).is_open
    )
