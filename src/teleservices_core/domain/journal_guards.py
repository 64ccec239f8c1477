"""What a check finds of the triggers that keep the journal between two seals."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


class Breach(StrEnum):
    """What became of a guard."""

    MISSING = "missing"
    DISABLED = "disabled"
    CHANGED = "changed"
    ADDED = "added"
    """Somebody else's, which may undo what is written before it is sealed."""


class GuardKind(StrEnum):
    """What guards, or undoes it."""

    TABLE = "table"
    TRIGGER = "trigger"
    FUNCTION = "function"
    RULE = "rule"
    """Of PostgreSQL, which does something else than what is asked for."""
    POLICY = "policy"
    """Row security of PostgreSQL, which hides rows."""
    SETTING = "setting"
    """Of the session."""


@frozen
class Gap:
    """A guard that does not stand as the product makes it."""

    breach: Breach
    kind: GuardKind
    name: str
    table: str = ""
    """Where it should stand."""

    @property
    def is_ours_to_mend(self) -> bool:
        """Whether a migration puts it right: what somebody else added is theirs to take away."""
        ours = self.kind in {GuardKind.TRIGGER, GuardKind.FUNCTION}
        return ours and self.breach is not Breach.ADDED
