"""Teaching services, and a class's assessments one at a time, on one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import bindparam, delete, exists, func, insert, select

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as core
from teleservices_core.storage.bulk import insert_if_new, upsert
from teleservices_notes.model import (
    Assessment,
    Course,
    Mark,
    Pupil,
    Subject,
    TeachingService,
    TypedRow,
)
from teleservices_notes.store.imports import ImportRecords
from teleservices_notes.store.rows import assessment_row, to_assessment, to_mark
from teleservices_notes.store.statements import MARK
from teleservices_notes.store.tables import (
    assessments_table,
    marks_table,
    services_table,
    typed_table,
)
from teleservices_notes.usecases.class_ports import ClassPupil

_a, _m, _s, _t = assessments_table.c, marks_table.c, services_table.c, typed_table.c
_SERVICES = (
    select(services_table)
    .where(_s.uai == bindparam("uai"), _s.school_year == bindparam("year"))
    .order_by(_s.class_group, _s.subject_label, _s.teacher)
)
_SERVICES_OF = _SERVICES.where(_s.staff_id.in_(bindparam("staff_ids", expanding=True)))
_TEACHERS = _SERVICES.where(
    _s.class_group == bindparam("class_group"), _s.subject_code == bindparam("subject_code")
)
_ASSESSED = (
    select(_a.class_group, _a.subject_code, func.max(_a.subject_label))
    .where(_a.uai == bindparam("uai"), _a.school_year == bindparam("year"))
    .group_by(_a.class_group, _a.subject_code)
    .order_by(_a.class_group, func.max(_a.subject_label))
)
_PUPILS = (
    select(
        core.students.c.id,
        core.students.c.last_name,
        core.students.c.usage_name,
        core.students.c.first_name,
        core.schoolings.c.from_on,
        core.schoolings.c.left_on,
    )
    .join(core.schoolings, core.schoolings.c.student_id == core.students.c.id)
    .where(
        core.schoolings.c.uai == bindparam("uai"),
        core.schoolings.c.school_year == bindparam("year"),
        core.schoolings.c.class_group == bindparam("class_group"),
    )
    .order_by(core.students.c.last_name, core.students.c.first_name, core.students.c.id)
)
_ASSESSMENT = select(assessments_table).where(_a.id == bindparam("id"))
# Not FOR UPDATE: marks being imported hold their assessment's key meanwhile.
_LOCKED = _ASSESSMENT.with_for_update(key_share=True)
_MARKS_AT = select(_m.student_id, *MARK, _m.entered_by).where(_m.assessment_id == bindparam("id"))
_COUNTS = (
    select(_m.assessment_id, func.count())
    .where(_m.assessment_id.in_(bindparam("ids", expanding=True)))
    .group_by(_m.assessment_id)
)
_TYPED = select(_t.student_id, _t.cells).where(
    _t.account_id == bindparam("account_id"),
    _t.assessment_id == bindparam("assessment_id"),
    _t.typed_at >= bindparam("since"),
)
_TYPED_AT = (
    select(assessments_table)
    .where(
        _a.uai == bindparam("uai"),
        _a.id.in_(
            select(_t.assessment_id).where(
                _t.account_id == bindparam("account_id"), _t.typed_at >= bindparam("since")
            )
        ),
    )
    .order_by(_a.given_on, _a.title)
)


@frozen
class ClassMarks(ImportRecords):
    """See :class:`teleservices_notes.usecases.class_ports.ClassStore`."""

    def services(
        self, uai: Uai, school_year: SchoolYear, staff_ids: Sequence[UUID] | None = None
    ) -> list[TeachingService]:
        """See the port."""
        asked: dict[str, Any] = {"uai": uai.code, "year": school_year.start}
        statement = _SERVICES
        if staff_ids is not None:
            statement, asked["staff_ids"] = _SERVICES_OF, list(staff_ids)
        return [_to_service(row) for row in self.connection.execute(statement, asked)]

    def teachers(
        self, uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
    ) -> list[TeachingService]:
        """See the port."""
        asked = {
            "uai": uai.code,
            "year": school_year.start,
            "class_group": class_group,
            "subject_code": subject_code,
        }
        return [_to_service(row) for row in self.connection.execute(_TEACHERS, asked)]

    def hold_services(self, uai: Uai) -> None:
        """See the port. SQLite has taken its only write lock already."""
        if self.connection.dialect.name == "postgresql":
            key = func.hashtext(f"notes_services {uai.code}")
            self.connection.execute(select(func.pg_advisory_xact_lock(key)))

    def replace_services(
        self, gone: Collection[TeachingService], new: Iterable[TeachingService]
    ) -> None:
        """See the port."""
        if gone:
            keys = [column.name for column in services_table.primary_key]
            one = delete(services_table).where(
                *(_s[name] == bindparam(f"b_{name}") for name in keys)
            )
            rows = map(_service_row, gone)
            self.connection.execute(one, [{f"b_{k}": row[k] for k in keys} for row in rows])
        upsert(
            self.connection,
            services_table,
            map(_service_row, new),
            columns=tuple(column.name for column in services_table.c),
        )

    def assessed(self, uai: Uai, school_year: SchoolYear) -> list[Course]:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start}
        return [
            Course(uai, school_year, group, Subject(code, label))
            for group, code, label in self.connection.execute(_ASSESSED, asked)
        ]

    def pupils(self, course: Course, day: date) -> list[ClassPupil]:
        """See the port."""
        asked = {
            "uai": course.uai.code,
            "year": course.school_year.start,
            "class_group": course.class_group,
        }
        return [
            ClassPupil(
                Pupil(row.id, row.usage_name or row.last_name, row.first_name),
                (row.from_on is None or row.from_on <= day)
                and (row.left_on is None or day < row.left_on),
            )
            for row in self.connection.execute(_PUPILS, asked)
        ]

    def assessment(self, id_: UUID, *, locking: bool = False) -> Assessment | None:
        """See the port."""
        found = self.connection.execute(_LOCKED if locking else _ASSESSMENT, {"id": id_}).first()
        return None if found is None else to_assessment(found)

    def add_assessment(self, assessment: Assessment) -> bool:
        """See the port."""
        return bool(insert_if_new(self.connection, assessments_table, assessment_row(assessment)))

    def remove_assessment(self, id_: UUID) -> bool:
        """See the port."""
        self.connection.execute(_ASSESSMENT.with_for_update(), {"id": id_})
        unmarked = ~exists().where(_m.assessment_id == id_)
        gone = delete(assessments_table).where(_a.id == id_, unmarked)
        return bool(self.connection.execute(gone).rowcount)

    def marks_at(self, id_: UUID) -> Mapping[UUID, Mark]:
        """See the port."""
        rows = self.connection.execute(_MARKS_AT, {"id": id_})
        return {student_id: to_mark(id_, student_id, *mark) for student_id, *mark in rows}

    def counts(self, ids: Collection[UUID]) -> Mapping[UUID, int]:
        """See the port."""
        rows = self.connection.execute(_COUNTS, {"ids": list(ids)})
        return {row[0]: row[1] for row in rows}

    def keep_typed(
        self, account_id: UUID, assessment_id: UUID, rows: Mapping[UUID, TypedRow], at: datetime
    ) -> None:
        """See the port."""
        self.forget_typed(account_id, assessment_id)
        if rows:
            kept = {"account_id": account_id, "assessment_id": assessment_id, "typed_at": at}
            self.connection.execute(
                insert(typed_table),
                [
                    {
                        **kept,
                        "student_id": id_,
                        "cells": [row.seen, row.mark, row.remark, *row.levels],
                    }
                    for id_, row in rows.items()
                ],
            )

    def typed(
        self, account_id: UUID, assessment_id: UUID, since: datetime
    ) -> Mapping[UUID, TypedRow]:
        """See the port."""
        asked = {"account_id": account_id, "assessment_id": assessment_id, "since": since}
        rows = self.connection.execute(_TYPED, asked)
        return {
            student_id: TypedRow(seen, mark, remark, tuple(levels))
            for student_id, (seen, mark, remark, *levels) in rows
        }

    def typed_at(self, account_id: UUID, uai: Uai, since: datetime) -> list[Assessment]:
        """See the port."""
        asked = {"account_id": account_id, "uai": uai.code, "since": since}
        return [to_assessment(row) for row in self.connection.execute(_TYPED_AT, asked)]

    def forget_typed(self, account_id: UUID, assessment_id: UUID) -> None:
        """See the port."""
        mine = _t.account_id == account_id, _t.assessment_id == assessment_id
        self.connection.execute(delete(typed_table).where(*mine))

    def forget_typed_before(self, before: datetime) -> int:
        """See the port."""
        return self.connection.execute(delete(typed_table).where(_t.typed_at < before)).rowcount


def _to_service(row: Any) -> TeachingService:
    course = Course(
        Uai(row.uai),
        SchoolYear(row.school_year),
        row.class_group,
        Subject(row.subject_code, row.subject_label),
    )
    return TeachingService(course, row.teacher, row.staff_id)


def _service_row(service: TeachingService) -> dict[str, Any]:
    course = service.course
    return {
        "uai": course.uai.code,
        "school_year": course.school_year.start,
        "class_group": course.class_group,
        "subject_code": course.subject.code,
        "teacher": service.teacher,
        "subject_label": course.subject.label,
        "staff_id": service.staff_id,
    }
