"""What a téléservice says of itself."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.roster import Level
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
    levels: frozenset[ClassLevel] | None = None
    """Classes that it concerns by nature; None for all (LSL: the cycle terminal)."""
    least_level: Level = Level.IN_CHARGE
    """The weakest link to the student that gives access."""
    student_alone_when_adult: bool = False
    """From the eighteenth birthday, local midnight, guardians have no access (F61)."""
    requires: tuple[str, ...] = ()
    """Modules that must be open for this one to be."""
    has_campaign: bool = False
    """Open during the académie's campaigns only: no window, not open."""
    position: int = 100
    """Order on the family's page, smallest first."""
    plugin: str = field(default="", eq=False)
    """Filled when the plugin is loaded."""

    @id.validator
    def _validate(self, _attribute: object, module_id: str) -> None:
        if not _MODULE_ID.fullmatch(module_id):
            raise InvalidValueError("module id", module_id, "expected a lower-case word")
