"""What the outside implements to take an import back; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.undoing import Held, Touched, UndoPlan
from teleservices_core.domain.values import Uai
from teleservices_core.ports.drafts import Draft


@frozen
class ImportRun:
    """An import that was made."""

    id: UUID
    uai: Uai
    school_year: SchoolYear
    at: datetime
    actor: str
    """Empty for the command line."""
    files: tuple[str, ...]
    counts: Mapping[str, int]
    is_kept: bool
    """Whether what it changed is still written down."""
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def may_be_undone(self) -> bool:
        """Whether it can be asked to be taken back."""
        return self.is_kept and self.undone_at is None


class UndoStore(Protocol):
    """Imports that were made, what each did to rows, and the way back."""

    def runs(self, uai: Uai | None, limit: int) -> list[ImportRun]:
        """The latest imports of an establishment, or of all; the newest first."""
        ...

    def run(self, import_id: UUID) -> ImportRun | None:
        """One import."""
        ...

    def touched(self, import_id: UUID) -> list[Touched]:
        """The rows that an import added, changed or removed, beside what they say now."""
        ...

    def built(self, touched: Sequence[Touched]) -> Mapping[UUID, Held]:
        """What the core keeps about the persons whom an import added, beside its own rows."""
        ...

    def numbers(self, touched: Sequence[Touched]) -> Mapping[str, UUID]:
        """Who has the national identifiers that would be given back."""
        ...

    def newcomers(self, touched: Sequence[Touched], uai: Uai) -> set[UUID]:
        """Students known before whom the import brought to an establishment for the first time."""
        ...

    def reverse(self, import_id: UUID, plan: UndoPlan, at: datetime, by: str, rows: Draft) -> None:
        """Add to ``rows`` what the plan says, and that what was written down is forgotten."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Forget what imports made before an instant have changed; returns how many rows."""
        ...
