"""Erase marks of students, or everything of the school years that are over."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, false, select, tuple_

from teleservices_core.contributions import Erasure
from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.ports import Transaction
from teleservices_core.storage import tables as core
from teleservices_notes.store.reader_tables import digests_table, readers_table
from teleservices_notes.store.tables import (
    assessments_table,
    faults_table,
    imports_table,
    marks_table,
    services_table,
    typed_table,
    uploads_table,
)


def erase(tx: Transaction, erasure: Erasure) -> int:
    """Erase at most ``erasure.limit`` rows; returns how many.

    Of students, their marks and who read them. Of everybody, also what goes with them: lines of
    imports that were put aside, and which teacher taught which class.
    """
    left = erasure.limit
    for table, wanted in _wanted(erasure):
        if left > 0:
            left -= _erase(tx.connection, table, wanted, left)
    return erasure.limit - left


def erase_readers(tx: Transaction, erasure: Erasure) -> int:
    """The same of what readers know of marks, and of how they want to be written to.

    A choice goes with the account: that of the student, or one that is closed.
    """
    left = erasure.limit
    for table, wanted in (
        (readers_table, _readers(erasure)),
        (digests_table, _choices(erasure)),
    ):
        if left > 0:
            left -= _erase(tx.connection, table, wanted, left)
    return erasure.limit - left


def _readers(erasure: Erasure) -> list[ColumnElement[bool]]:
    wanted = _year(readers_table, erasure.up_to)
    if erasure.student_ids is not None:
        wanted.append(readers_table.c.student_id.in_(erasure.student_ids))
    return wanted


def _choices(erasure: Erasure) -> list[ColumnElement[bool]]:
    if erasure.student_ids is not None:
        if erasure.up_to is not None:
            return [false()]
        held = core.account_holders.c
        whose = select(held.account_id).where(held.person_id.in_(erasure.student_ids))
    elif erasure.up_to is not None:
        living = select(core.accounts.c.id).where(core.accounts.c.state != AccountState.CLOSED)
        return [digests_table.c.account_id.not_in(living)]
    else:
        return []
    return [digests_table.c.account_id.in_(whose)]


def _wanted(erasure: Erasure) -> list[tuple[Table, list[ColumnElement[bool]]]]:
    marks = marks_table.c
    about: list[ColumnElement[bool]] = []
    if erasure.up_to is not None:
        about.append(marks.assessment_id.in_(_of(assessments_table, erasure.up_to)))
    if erasure.student_ids is not None:
        return [
            (marks_table, [*about, marks.student_id.in_(erasure.student_ids)]),
            (readers_table, _readers(erasure)),
            # Not of a year: they last a day.
            (typed_table, [typed_table.c.student_id.in_(erasure.student_ids)]),
            (faults_table, [_names_one_of(erasure.student_ids)]),
        ]
    imports = _of(imports_table, erasure.up_to)
    return [
        (marks_table, about),
        (uploads_table, [uploads_table.c.import_id.in_(imports)]),
        (faults_table, [faults_table.c.import_id.in_(imports)]),
        # Rows that others refer to go once these are gone, in a later batch if need be.
        (assessments_table, [*_year(assessments_table, erasure.up_to), ~_has_marks()]),
        (imports_table, [*_year(imports_table, erasure.up_to), ~_has(faults_table)]),
        (readers_table, _readers(erasure)),
        (services_table, _year(services_table, erasure.up_to)),
    ]


def _names_one_of(student_ids: Collection[UUID]) -> ColumnElement[bool]:
    """Whether a line of a file that was put aside was about one of these students."""
    ine = core.students.c.ine
    theirs = core.students.c.id.in_(student_ids), faults_table.c.reason.contains(ine)
    return select(ine).where(*theirs).exists()


def _year(table: Table, up_to: SchoolYear | None) -> list[ColumnElement[bool]]:
    return [table.c.school_year <= up_to.start] if up_to else []


def _of(table: Table, up_to: SchoolYear | None) -> Select[Any]:
    return select(table.c.id).where(*_year(table, up_to))


def _has_marks() -> ColumnElement[bool]:
    of = marks_table.c.assessment_id == assessments_table.c.id
    return select(marks_table.c.assessment_id).where(of).exists()


def _has(table: Table) -> ColumnElement[bool]:
    uploads = select(uploads_table.c.import_id)
    return imports_table.c.id.in_(select(table.c.import_id).union(uploads))


def _erase(
    connection: Connection, table: Table, wanted: list[ColumnElement[bool]], limit: int
) -> int:
    key: Any = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(*wanted).limit(limit)
    return connection.execute(delete(table).where(key.in_(some))).rowcount
