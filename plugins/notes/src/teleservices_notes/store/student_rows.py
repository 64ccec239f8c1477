"""The rows that follow a student when two are found to be one."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Table, select

from teleservices_core.storage.student_rows import rows_of
from teleservices_notes.store.reader_tables import readers_table
from teleservices_notes.store.tables import assessments_table, marks_table, typed_table


def _school(table: Table) -> Any:
    """Of the assessment that a row is about."""
    assessed = select(assessments_table.c.uai)
    return assessed.where(assessments_table.c.id == table.c.assessment_id).scalar_subquery()


MARK_ROWS: Final = (
    rows_of(marks_table, place=_school(marks_table)),
    rows_of(typed_table, place=_school(typed_table)),
)
READER_ROWS: Final = (rows_of(readers_table),)
