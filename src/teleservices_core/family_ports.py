"""What the outside implements for families' accounts; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from teleservices_core.domain.grouping import Grouping


class GroupingStore(Protocol):
    """Accounts that gave their persons to another."""

    def add(self, grouping: Grouping) -> None:
        """Store a new grouping."""
        ...

    def get(self, grouping_id: UUID) -> Grouping | None:
        """The grouping, undone or not, or None."""
        ...

    def into(self, account_id: UUID) -> list[Grouping]:
        """Groupings in force that brought persons to an account, oldest first."""
        ...

    def out_of(self, account_id: UUID) -> Grouping | None:
        """The grouping in force by which an account gave its persons, if it did."""
        ...

    def undo(self, grouping_id: UUID, at: datetime) -> bool:
        """Compare-and-set: True for the one caller that undoes it in time."""
        ...

    def keep(self, grouping_id: UUID, person_ids: Collection[UUID]) -> None:
        """Note that a grouping gives back these persons only."""
        ...
