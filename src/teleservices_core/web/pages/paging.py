"""Long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from attrs import frozen

from teleservices_core.web.reading import whole_number

T = TypeVar("T")


@frozen
class Paging(Generic[T]):
    """One page of a list."""

    shown: Sequence[T]
    number: int
    """From 1."""
    pages: int
    total: int
    """How long the list is."""

    @classmethod
    def of(cls, items: Sequence[T], asked: str, per_page: int) -> Paging[T]:
        """The page that an address asks for, or the nearest there is."""
        pages = max(1, -(-len(items) // per_page))
        wanted = whole_number(asked) or 1
        number = min(max(1, wanted), pages)
        start = (number - 1) * per_page
        return cls(items[start : start + per_page], number, pages, len(items))

    @property
    def previous(self) -> int | None:
        """The page before, if there is one."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The page after, if there is one."""
        return self.number + 1 if self.number < self.pages else None
