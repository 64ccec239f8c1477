"""Copies of what plugins give, in Python's own types and the core's.

A text may be of a class whose way of being shown raises, a truth or a list may be worked out only
when it is looked at. Copied while the plugin is watched, nothing of it runs any later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import define, fields, has

from teleservices_core.errors import WrongValueError

T = TypeVar("T")

_DEPTH: Final = 30
_LONGEST: Final = 2_000_000
"""Values in one answer: more than anything about a person, fewer than the memory holds."""
_DONE: Final = frozenset(
    {str, int, float, bool, bytes, NoneType, date, time, timedelta, timezone, Decimal, UUID}
)
"""Nothing of a plugin is in a value of these types."""
_ZONES: Final = frozenset({NoneType, timezone, ZoneInfo})


def text(value: object) -> str:
    """A text, whatever class it is of. Raises :exc:`WrongValueError` for anything else."""
    if type(value) is str:
        return value
    if issubclass(type(value), str):
        return str.__str__(value)
    raise _wrong(value, str)


def number(value: Any) -> int:
    """A whole number. Raises :exc:`WrongValueError` for anything else, such as a truth."""
    if type(value) is not int and (type(value) is bool or not issubclass(type(value), int)):
        raise _wrong(value, int)
    return int.__int__(value)


def plain(value: Any) -> Any:
    """Texts, numbers, truths, dates, UUIDs, and lists, mappings and values of the core of them.

    The value itself where it is that already. Raises :exc:`WrongValueError` for what is none of
    these, nested without end, or endless; and whatever the plugin's own classes raise.
    """
    return value if type(value) in _DONE else _Copy().of(value, _DEPTH)


def made_of(kind: type[T]) -> Callable[[Any], T]:
    """:func:`plain`, for what must be of one type of the core's or of Python's own."""

    def copy(value: Any) -> T:
        if not issubclass(type(value), kind):
            raise _wrong(value, kind)
        return plain(value)  # type: ignore[no-any-return]

    return copy


def declared(value: T) -> T:
    """:func:`plain` for a declaration: what is called or shown by nobody is left in it as it is."""
    copied: T = _Copy(leave=True).of(value, _DEPTH)
    return copied


def _wrong(value: object, kind: type) -> WrongValueError:
    return WrongValueError(f"{type(value).__name__} in the place of {kind.__name__}")


@define
class _Copy:
    leave: bool = False
    """Whether what cannot be copied stays: whoever checks the declaration refuses it."""
    left: int = _LONGEST

    def of(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self.left -= 1
        if kind in _DONE or (kind is datetime and type(value.tzinfo) in _ZONES):
            return value
        if depth == 0 or self.left <= 0:
            raise WrongValueError("a value without end")
        if issubclass(kind, Enum):
            return value if _is_ours(kind) else self.of(value.value, depth - 1)
        for base, copy in _SINGLE:
            if issubclass(kind, base):
                return copy(value)
        return self._parts(kind, value, depth - 1)

    def _parts(self, kind: type, value: Any, depth: int) -> Any:
        if issubclass(kind, Mapping):
            return self._mapping(value, depth)
        for many, make in _MANY:
            if issubclass(kind, many):
                return self._items(value, make, depth)
        if ours := next((base for base in kind.__mro__ if _is_ours(base) and has(base)), None):
            return self._instance(ours, value, depth)
        if self.leave:
            return value
        if issubclass(kind, Iterable):
            return self._items(value, list, depth)
        raise WrongValueError(f"{kind.__name__} is no plain value")

    def _mapping(self, value: Any, depth: int) -> Any:
        given = list(value.items())
        found = [(self.of(key, depth), self.of(each, depth)) for key, each in given]
        is_same = all(a is b and x is y for (a, x), (b, y) in zip(given, found, strict=True))
        return value if type(value) is dict and is_same else dict(found)

    def _items(self, value: Any, make: Callable[[Any], Any], depth: int) -> Any:
        found = [self.of(each, depth) for each in value]
        if type(value) is make and all(a is b for a, b in zip(found, value, strict=True)):
            return value
        return make(found)

    def _instance(self, kind: Any, value: Any, depth: int) -> Any:
        given = {each.name: getattr(value, each.name) for each in fields(kind)}
        found = {name: self.of(each, depth) for name, each in given.items()}
        if type(value) is kind and all(found[name] is given[name] for name in given):
            return value
        return kind(**{each.alias: found[each.name] for each in fields(kind) if each.init})


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("teleservices_core.")


def _instant(value: datetime) -> datetime:
    # What a zone of the plugin's own says is asked once.
    aware = value if type(value.tzinfo) in _ZONES else datetime.astimezone(value, UTC)
    return datetime.combine(datetime.date(aware), datetime.time(aware), aware.tzinfo)


_SINGLE: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, lambda value: bytes(memoryview(value))),
    (datetime, _instant),
    (date, lambda value: date(value.year, value.month, value.day)),
    (UUID, lambda value: UUID(int=int.__int__(value.int))),
)
_MANY: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (tuple, tuple),
    (frozenset, frozenset),
    (Set, frozenset),
    (Sequence, list),
)
