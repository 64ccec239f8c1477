"""Rows worked out beforehand, then written by a few statements.

What is worked out is kept in a file without a name. Before anything is locked,
it is laid out in temporary tables of the connection that writes; the locks are
held for as long as the database takes to copy from one table to another.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import IO, Any, Final

from attrs import Factory, define, frozen
from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import BATCH, bound, copy_in, on_conflict

_PLACES: Final = {table.name: place for place, table in enumerate(t.metadata.sorted_tables)}
"""Tables come after those to which they refer."""


class How(IntEnum):
    """What is done with rows, in this order."""

    DROP = 0
    SET = 1
    PUT = 2


@frozen
class Step:
    """Rows of one table with which the same is done."""

    how: How
    table: Table
    columns: tuple[str, ...]

    @property
    def order(self) -> tuple[int, int]:
        """Rows go before those to which they refer, and come after them."""
        place = _PLACES[self.table.name]
        return self.how, -place if self.how is How.DROP else place

    @property
    def named(self) -> tuple[str, ...]:
        """The columns by which rows are found."""
        if self.how is How.DROP:
            return self.columns
        return tuple(column.name for column in self.table.primary_key)


@define
class Draft:
    """See :class:`teleservices_core.ports.drafts.Draft`."""

    dialect: Dialect
    _rows: IO[bytes]
    _steps: dict[Step, str] = Factory(dict)
    """The table where each is laid out."""

    def drop(self, table: Table, rows: Iterable[Mapping[str, Any]], *, by: Sequence[str]) -> None:
        """See the port."""
        self._add(How.DROP, table, rows, tuple(by))

    def set(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """See the port."""
        self._add(How.SET, table, rows)

    def put(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """See the port."""
        self._add(How.PUT, table, rows)

    def _add(
        self,
        how: How,
        table: Table,
        rows: Iterable[Mapping[str, Any]],
        columns: tuple[str, ...] = (),
    ) -> None:
        listed = list(rows)
        for start in range(0, len(listed), BATCH):
            some = listed[start : start + BATCH]
            step = Step(how, table, columns or tuple(some[0]))
            self._steps.setdefault(step, f"draft_{len(self._steps)}_{table.name}")
            values = list(bound(self.dialect, table, some, step.columns))
            pickle.dump((self._steps[step], step.columns, values), self._rows)

    def _ordered(self) -> list[tuple[Step, str]]:
        return sorted(self._steps.items(), key=lambda each: each[0].order)

    @contextmanager
    def laid_out(self, connection: Connection) -> Iterator[None]:
        """See the port."""
        try:
            for step, name in self._steps.items():
                connection.exec_driver_sql(_made(connection, step, name))
            for name, columns, rows in self._batches():
                _fill(connection, name, columns, rows)
            yield
        except BaseException:
            connection.rollback()
            raise
        finally:
            self._put_away(connection)

    def _batches(self) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
        end = self._rows.seek(0, 2)
        self._rows.seek(0)
        while self._rows.tell() < end:
            yield pickle.load(self._rows)  # noqa: S301 - what was put there above

    def _put_away(self, connection: Connection) -> None:
        """PostgreSQL's are gone with the transaction; a connection that keeps some is closed."""
        if connection.dialect.name != "sqlite":
            return
        try:
            for name in self._steps.values():
                connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{name}")
        except SQLAlchemyError:
            # What was written stands.
            connection.invalidate()

    def hold(self, connection: Connection) -> None:
        """See the port. SQLite has but one writer."""
        if connection.dialect.name == "sqlite":
            return
        for step, name in self._ordered():
            strength = "UPDATE" if step.how is How.DROP else "NO KEY UPDATE"
            order = ", ".join(f"held.{column}" for column in step.named)
            connection.exec_driver_sql(
                f"SELECT 1 FROM {step.table.name} AS held JOIN {name} AS draft "  # noqa: S608
                f"ON {_same('held', 'draft', step.named)} "
                f"ORDER BY {order} FOR {strength} OF held"
            )

    def write(self, connection: Connection) -> None:
        """See the port."""
        try:
            for step, name in self._ordered():
                connection.exec_driver_sql(_written(step, name))
        except IntegrityError as clash:
            raise ConflictError("somebody has written the same meanwhile") from clash


def _made(connection: Connection, step: Step, name: str) -> str:
    commit = "" if connection.dialect.name == "sqlite" else "ON COMMIT DROP"
    names = ", ".join(step.columns)
    return f"CREATE TEMP TABLE {name} {commit} AS SELECT {names} FROM {step.table.name} LIMIT 0"  # noqa: S608


def _fill(
    connection: Connection, name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> None:
    if connection.dialect.name != "sqlite":
        copy_in(connection, name, columns, rows)
        return
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO temp.{name} VALUES ({marks})", rows)  # noqa: S608


def _written(step: Step, name: str) -> str:
    table, columns = step.table.name, ", ".join(step.columns)
    match step.how:
        case How.DROP:
            return f"DELETE FROM {table} WHERE ({columns}) IN (SELECT {columns} FROM {name})"  # noqa: S608
        case How.SET:
            changing = [column for column in step.columns if column not in step.named]
            changes = ", ".join(f"{column} = draft.{column}" for column in changing)
            return (
                f"UPDATE {table} SET {changes} FROM {name} AS draft "  # noqa: S608
                f"WHERE {_same(table, 'draft', step.named)}"
            )
        case How.PUT:
            return (
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {name} WHERE true "  # noqa: S608
                f"{on_conflict(step.table, step.columns)}"
            )


def _same(one: str, other: str, columns: Sequence[str]) -> str:
    return " AND ".join(f"{one}.{column} = {other}.{column}" for column in columns)
