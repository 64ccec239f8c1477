"""Erase marks of students, or everything of the school years that are over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, select, tuple_

from teleservices_core.contributions import Erasure
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.ports import Transaction
from teleservices_notes.store.reader_tables import readers_table
from teleservices_notes.store.tables import (
    assessments_table,
    faults_table,
    imports_table,
    marks_table,
    services_table,
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


def _wanted(erasure: Erasure) -> list[tuple[Table, list[ColumnElement[bool]]]]:
    marks = marks_table.c
    about: list[ColumnElement[bool]] = []
    if erasure.up_to is not None:
        about.append(marks.assessment_id.in_(_of(assessments_table, erasure.up_to)))
    if erasure.student_ids is not None:
        ids = erasure.student_ids
        readers = [*_year(readers_table, erasure.up_to), readers_table.c.student_id.in_(ids)]
        return [
            (marks_table, [*about, marks.student_id.in_(ids)]),
            (readers_table, readers),
        ]
    imports = _of(imports_table, erasure.up_to)
    return [
        (marks_table, about),
        (uploads_table, [uploads_table.c.import_id.in_(imports)]),
        (faults_table, [faults_table.c.import_id.in_(imports)]),
        # Rows that others refer to go once these are gone, in a later batch if need be.
        (assessments_table, [*_year(assessments_table, erasure.up_to), ~_has_marks()]),
        (imports_table, [*_year(imports_table, erasure.up_to), ~_has(faults_table)]),
        (readers_table, _year(readers_table, erasure.up_to)),
        (services_table, _year(services_table, erasure.up_to)),
    ]


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
