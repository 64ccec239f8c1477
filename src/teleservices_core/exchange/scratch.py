"""A scratch database: SQLite on disk without a name, so that nothing of it survives.

SQLite unlinks the file as soon as it is open: after a crash or a kill, no
personal data is left behind. Memory holds the page cache only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, Final, Generic, TypeVar, get_args
from uuid import UUID

import attrs

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.values import Ine, Mef

T = TypeVar("T")
Convert = Callable[[Any], Any]

_CACHE_KIB: Final = 8 * 1024


def open_scratch(schema: str) -> sqlite3.Connection:
    """Create the database with its tables."""
    connection = sqlite3.connect("", isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    connection.executescript(schema)
    return connection


def dump_address(address: PostalAddress) -> str:
    """An address as one text, for one column."""
    return "\x1f".join(
        (
            address.postal_code,
            address.town,
            address.country,
            address.country_code,
            *address.lines,
        )
    )


def load_address(text: str) -> PostalAddress:
    """The address of :func:`dump_address`."""
    postal_code, town, country, country_code, *lines = text.split("\x1f")
    return PostalAddress(tuple(lines), postal_code, town, country, country_code)


_CONVERTERS: Final[dict[Any, tuple[Convert, Convert]]] = {
    date: (date.isoformat, date.fromisoformat),
    Ine: (str, Ine),
    Mef: (str, Mef),
    Sex: (str, Sex),
    Level: (int, Level),
    Kinship: (str, Kinship),
    PostalAddress: (dump_address, load_address),
    UUID: (lambda value: value.bytes, lambda data: UUID(bytes=data)),
    bool: (int, bool),
}


class Codec(Generic[T]):
    """A frozen attrs class as rows of a table."""

    def __init__(self, kind: type[T], table: str) -> None:
        resolved: Any = attrs.resolve_types(kind)  # type: ignore[type-var]
        fields = attrs.fields(resolved)
        self.kind = kind
        self.table = table
        self.names = tuple(field.name for field in fields)
        self.columns = ", ".join(self.names)
        pairs = [_CONVERTERS.get(_plain(field.type)) for field in fields]
        self._dump = [(at, pair[0]) for at, pair in enumerate(pairs) if pair]
        self._load = [(at, pair[1]) for at, pair in enumerate(pairs) if pair]
        self._values = attrgetter(*self.names)
        self._marks = ", ".join("?" * len(self.names))

    def dump(self, value: T) -> list[Any]:
        """A row from a value."""
        return _convert(self._values(value), self._dump)

    def load(self, row: Sequence[Any]) -> T:
        """A value from a row that begins with :attr:`columns`."""
        return self.kind(*_convert(row[: len(self.names)], self._load))

    def add(self, connection: sqlite3.Connection, values: Iterable[T]) -> None:
        """Insert values."""
        connection.executemany(
            f"INSERT INTO {self.table} ({self.columns}) VALUES ({self._marks})",  # noqa: S608
            map(self.dump, values),
        )


def pages(
    connection: sqlite3.Connection, sql: str, size: int, *, start: Any = ""
) -> Iterator[list[tuple[Any, ...]]]:
    """Run a query page by page, so that the tables may change meanwhile.

    ``sql`` takes ``:after`` and ``:size``, and is ordered by its first column,
    which is unique and comes after ``start``.
    """
    after = start
    while rows := connection.execute(sql, {"after": after, "size": size}).fetchall():
        yield rows
        after = rows[-1][0]


def _convert(row: Iterable[Any], conversions: Iterable[tuple[int, Convert]]) -> list[Any]:
    items = list(row)
    for at, convert in conversions:
        if items[at] is not None:
            items[at] = convert(items[at])
    return items


def _plain(annotation: Any) -> Any:
    members = [member for member in get_args(annotation) if member is not type(None)]
    return members[0] if members else annotation
