"""Many rows at once: COPY on PostgreSQL, executemany on SQLite, behind one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Table
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
) -> int:
    """Insert rows, updating those whose primary key exists; returns how many rows were given.

    ``columns`` are the keys that every row has. ``update`` names the columns to
    overwrite on conflict: all but the key by default, none when empty.
    """
    conflict = on_conflict(table, columns, update)
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
    connection.exec_driver_sql(sql, list(bound(connection.dialect, table, rows, columns)))


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
    copy_in(connection, staged, columns, bound(connection.dialect, table, rows, columns))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {staged} {conflict}"  # noqa: S608
    )
    connection.exec_driver_sql(f"DROP TABLE {staged}")


def copy_in(
    connection: Connection, name: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Rows of :func:`bound` into a table of PostgreSQL."""
    with connection.connection.cursor().copy(
        f"COPY {name} ({', '.join(columns)}) FROM STDIN"
    ) as to:
        for row in rows:
            to.write_row(row)


def on_conflict(table: Table, columns: Sequence[str], update: Sequence[str] | None = None) -> str:
    """What becomes of rows whose primary key exists; see :func:`upsert`."""
    key = [column.name for column in table.primary_key]
    changing = [c for c in columns if c not in key] if update is None else update
    if not changing:
        return f"ON CONFLICT ({', '.join(key)}) DO NOTHING"
    changes = ", ".join(f"{name} = excluded.{name}" for name in changing)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"


def bound(
    dialect: Dialect, table: Table, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Rows as the driver takes them: it is called directly, so that columns convert values."""
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
