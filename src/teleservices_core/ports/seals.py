"""What the outside implements for the seals of the journal. See :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from teleservices_core.domain.journal_guards import Gap
from teleservices_core.domain.seals import JournalRow, Seal
from teleservices_core.domain.traces import Traces


class SealStore(Protocol):
    """The chain of seals, and the journal's rows as they are sealed."""

    def all(self) -> list[Seal]:
        """Every seal, by number."""
        ...

    def last(self) -> Seal | None:
        """The newest one."""
        ...

    def get(self, number: int) -> Seal | None:
        """The seal of a number, or None."""
        ...

    def add(self, seal: Seal, *, erased_id: str | None = None) -> bool:
        """Add a seal; False if another with its number came first.

        ``erased_id`` is the highest id of what may be erased from now on.
        """
        ...

    def rows(self, after: str, limit: int | None = None) -> Iterator[JournalRow]:
        """Rows by id, from the first above one."""
        ...

    def settled(self) -> str:
        """The id below which no row can come any more.

        Now, where nobody else is writing; otherwise a minute before those who are
        began, as clocks differ.
        """
        ...

    def gaps(self) -> list[Gap]:
        """The triggers of the journal that do not stand as they should."""
        ...

    def traces(self, last: Seal | None) -> Traces:
        """Dates of the journal, and of what is beside it; ``last`` is the newest seal."""
        ...

    def erase(self, ids: Collection[str]) -> None:
        """Erase rows that a seal says are erased."""
        ...
