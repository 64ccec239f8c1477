"""Rows that follow a student when two are found to be one, and go back when they are not.

What changed hands is written down row by row, so that it can be sorted out again
exactly; what came since goes to whom its establishment knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from teleservices_core.contributions import StudentRows
from teleservices_core.ports import Transaction
from teleservices_core.storage import tables as t
from teleservices_core.storage.plain_rows import Row, is_row, plain, typed

_MANY: Final = 5_000
"""Values in one question."""


def rows_of(
    table: Table,
    *columns: str,
    place: ColumnElement[str] | None = None,
    sets_aside: bool = False,
    only: ColumnElement[bool] | None = None,
) -> StudentRows:
    """The rows of a table that belong to the students whom ``columns`` name.

    ``place`` gives the code (UAI) of the establishment that a row is about, if
    any, so that rows written since go to the right student. A row that
    the other student has already, by a key, stays where it is; with
    ``sets_aside`` it leaves the table meanwhile. ``only`` says which rows are
    about a student at all. A column needs an index that begins with it.
    """
    named = [table.c[name] for name in columns or ("student_id",)]

    def bring(tx: Transaction, before: UUID, after: UUID) -> list[Any]:
        return [_bring(tx.connection, each, before, after, sets_aside, only) for each in named]

    def give_back(
        tx: Transaction, moved: Sequence[Any], before: UUID, after: UUID, places: Collection[str]
    ) -> None:
        # The last first: a key that two columns are part of was written down as it then was.
        for column, record in reversed(list(zip(named, moved, strict=True))):
            for key in record["keys"]:
                where = and_(is_row(table, key), column == after)
                _try(tx.connection, update(table).where(where).values({column.name: before}))
            if place is not None and places:
                since = select(*table.primary_key).where(column == after, place.in_(places))
                for row in tx.connection.execute(since).mappings().all():
                    change = update(table).where(is_row(table, plain(row)))
                    _try(tx.connection, change.values({column.name: before}))
            for row in record["aside"]:
                _try(tx.connection, insert(table).values(typed(table, row)))

    def naming(tx: Transaction, person_ids: Collection[UUID], uai: str) -> set[UUID]:
        where = [] if only is None else [only]
        if uai and place is not None:
            where.append(place == uai)
        return _named(tx.connection, named, person_ids, where)

    return StudentRows(table.name, bring, naming, give_back)


def _named(
    connection: Connection,
    columns: Sequence[Column[Any]],
    person_ids: Collection[UUID],
    where: Sequence[ColumnElement[bool]],
) -> set[UUID]:
    asked = list(person_ids)
    return {
        found
        for column in columns
        for start in range(0, len(asked), _MANY)
        for found in connection.scalars(
            select(column).where(column.in_(asked[start : start + _MANY]), *where).distinct()
        )
    }


def _bring(
    connection: Connection,
    column: Column[Any],
    before: UUID,
    after: UUID,
    sets_aside: bool,
    only: ColumnElement[bool] | None,
) -> Mapping[str, list[Row]]:
    table: Any = column.table
    theirs = column == before if only is None else and_(column == before, only)
    keys, aside = [], []
    wanted = select(*(table.c if sets_aside else table.primary_key)).where(theirs)
    for row in connection.execute(wanted).mappings().all():
        key = {each.name: row[each.name] for each in table.primary_key}
        where = is_row(table, plain(key))
        if _try(connection, update(table).where(where).values({column.name: after})):
            keys.append(plain({**key, **({column.name: after} if column.name in key else {})}))
        elif sets_aside:
            aside.append(plain(row))
            connection.execute(delete(table).where(where))
    return {"keys": keys, "aside": aside}


def _try(connection: Connection, statement: Any) -> bool:
    """Whether a change of one row was made: what a key forbids stays as it was."""
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError:
        return False
    return True


_IS_STUDENT: Final = t.siecle_keys.c.kind == literal("student")

LINKS: Final = rows_of(t.responsibilities, place=t.responsibilities.c.uai, sets_aside=True)
SCHOOLINGS: Final = rows_of(t.schoolings, place=t.schoolings.c.uai, sets_aside=True)
KEYS: Final = rows_of(t.siecle_keys, "entity_id", place=t.siecle_keys.c.uai, only=_IS_STUDENT)
REPORTS: Final = rows_of(t.link_reports, place=t.link_reports.c.uai)
CORE_ROWS: Final = (LINKS, SCHOOLINGS, KEYS, REPORTS)
"""A link or a schooling that both have would give rights twice: one is set aside."""
