"""Tables that a removed plugin left: read row by row, counted, dropped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import Connection, MetaData, Select, Table, func, inspect, literal_column, select
from sqlalchemy import table as named
from sqlalchemy.schema import DropTable

from teleservices_core.storage.owned import forget

_PAGE = 1_000


def count_rows(connection: Connection, name: str) -> int:
    """How many rows a table has."""
    return int(connection.scalar(select(func.count()).select_from(named(name))) or 0)


def read_rows(connection: Connection, name: str) -> Iterator[Sequence[Any]]:
    """The names of the columns, then every row, as the driver gives them; memory stays flat."""
    statement: Select[Any] = select(literal_column("*")).select_from(named(name))
    found = connection.execution_options(stream_results=True, yield_per=_PAGE).execute(statement)
    yield tuple(found.keys())
    for row in found:
        yield tuple(row)


def drop_tables(connection: Connection, names: Sequence[str]) -> None:
    """Drop tables, those that refer to others first; all or none, as the transaction."""
    inspector = inspect(connection)
    refers = {
        name: {each["referred_table"] for each in inspector.get_foreign_keys(name)}
        for name in names
    }
    order = [name for name in TopologicalSorter(refers).static_order() if name in refers]
    for name in reversed(order):
        connection.execute(DropTable(Table(name, MetaData())))
    forget(connection, names)
