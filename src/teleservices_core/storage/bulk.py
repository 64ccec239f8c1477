"""Many rows at once: COPY on PostgreSQL, executemany on SQLite, behind one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

BATCH = 5_000
"""Rows handed to the driver at once; bounds memory."""


def _insert(connection: Connection, table: Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def upserting(
    connection: Connection,
    table: Table,
    values: Mapping[str, Any],
    update: Mapping[str, Any],
    *,
    where: ColumnElement[bool] | None = None,
) -> Any:
    """The statement that inserts one row, or updates the row that has its primary key.

    With ``where``, a row that exists and does not satisfy it stays as it is.
    """
    return (
        _insert(connection, table)
        .values(**values)
        .on_conflict_do_update(
            index_elements=[column.name for column in table.primary_key],
            set_=dict(update),
            where=where,
        )
    )


def insert_or_update(
    connection: Connection, table: Table, values: Mapping[str, Any], update: Mapping[str, Any]
) -> None:
    """Insert one row, or update the row that has its primary key."""
    connection.execute(upserting(connection, table, values, update))


def insert_if_new(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert one row unless its primary key exists; returns how many were inserted."""
    statement = _insert(connection, table).values(**values).on_conflict_do_nothing()
    return len(connection.execute(statement.returning(*table.primary_key)).all())


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    *,
    columns: Sequence[str],
    update: Sequence[str] | None = None,
    unless: str = "",
) -> int:
    """Insert rows, updating those whose primary key exists; returns how many rows were given.

    ``columns`` are the keys that every row has. ``update`` names the columns to
    overwrite on conflict: all but the key by default, none when empty.
    ``unless`` names a column; rows where it is true stay as they are, whatever
    was read before.
    """
    key = [column.name for column in table.primary_key]
    changing = [c for c in columns if c not in key] if update is None else list(update)
    conflict = _conflict(key, changing)
    if unless:
        conflict += f" WHERE NOT {table.name}.{unless}"
    write = _copy if connection.dialect.name == "postgresql" else _executemany
    total = 0
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        write(connection, table, batch, columns, conflict)
        total += len(batch)
    return total


def _executemany(
    connection: Connection,
    table: Table,
    rows: list[Mapping[str, Any]],
    columns: Sequence[str],
    conflict: str,
) -> None:
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {conflict}"  # noqa: S608
    connection.exec_driver_sql(sql, list(_bound(connection, table, rows, columns)))


def _copy(
    connection: Connection,
    table: Table,
    rows: list[Mapping[str, Any]],
    columns: Sequence[str],
    conflict: str,
) -> None:
    names = ", ".join(columns)
    staged = f"stage_{table.name}"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE {staged} ON COMMIT DROP AS SELECT {names} FROM {table.name} LIMIT 0"  # noqa: S608
    )
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {staged} ({names}) FROM STDIN") as copy:
        for row in _bound(connection, table, rows, columns):
            copy.write_row(row)
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {staged} {conflict}"  # noqa: S608
    )
    connection.exec_driver_sql(f"DROP TABLE {staged}")


def _conflict(key: list[str], changing: list[str]) -> str:
    if not changing:
        return f"ON CONFLICT ({', '.join(key)}) DO NOTHING"
    changes = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


def _bound(
    connection: Connection, table: Table, rows: list[Mapping[str, Any]], columns: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    # The driver is called directly, so each column's type converts its own values.
    dialect = connection.dialect
    processors = [
        table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in columns
    ]
    # Column by column: half the time of row by row.
    values: list[list[Any]] = []
    for name, convert in zip(columns, processors, strict=True):
        column = [row[name] for row in rows]
        values.append(column if convert is None else _converted(column, convert))
    return zip(*values, strict=True)


def _converted(column: list[Any], convert: Callable[[Any], Any]) -> list[Any]:
    # Most columns repeat a few values: dates, figures, nothing at all.
    try:
        known = {each: convert(each) for each in set(column)}
    except TypeError:
        return list(map(convert, column))
    return [known[each] for each in column]
