"""Assessments, marks and plans on one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, update

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import ConflictError
from teleservices_core.storage.bulk import insert_if_new, upsert
from teleservices_notes.model import (
    Assessment,
    Entry,
    Mark,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.rules import Tally
from teleservices_notes.store import statements
from teleservices_notes.store.gathering import NO_PLAN, gather
from teleservices_notes.store.rows import (
    assessment_row,
    mark_row,
    to_assessment,
    to_mark,
)
from teleservices_notes.store.tables import assessments_table, marks_table, settings_table
from teleservices_notes.usecases.plans import (
    plan_from_json,
    plan_to_json,
    rules_to_json,
)
from teleservices_notes.usecases.ports import Marked, RecordedPlan

_DESCRIBED = tuple(c.name for c in assessments_table.c if c.name != "own_rules")


@frozen
class MarkStore:
    """See :class:`teleservices_notes.usecases.Store`."""

    connection: Connection

    def of_student(
        self, student_id: UUID, uai: Uai, school_year: SchoolYear
    ) -> tuple[PublicationPlan, list[Entry]]:
        """See the port."""
        asked = {"student_id": student_id, "uai": uai.code, "year": school_year.start}
        rows = self.connection.execute(statements.OF_STUDENT, asked)
        return gather(rows, student_id, uai, school_year)

    def of_class(
        self, uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
    ) -> list[Marked]:
        """See the port."""
        asked = _asked(uai, school_year, class_group, subject_code)
        return _marked(self.connection.execute(statements.OF_CLASS, asked))

    def comparison(
        self, uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
    ) -> tuple[int, list[Marked]]:
        """See the port."""
        asked = _asked(uai, school_year, class_group, subject_code)
        rows = self.connection.execute(statements.COMPARISON, asked).all()
        return (rows[0].class_floor if rows else 0), _marked(rows)

    def plan(self, uai: Uai, school_year: SchoolYear) -> RecordedPlan:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start}
        row = self.connection.execute(statements.PLAN, asked).first()
        return (
            RecordedPlan(NO_PLAN, 0)
            if row is None
            else RecordedPlan(plan_from_json(row[0]), row[1])
        )

    def set_plan(
        self, uai: Uai, school_year: SchoolYear, plan: PublicationPlan, version: int
    ) -> None:
        """See the port."""
        key = {"uai": uai.code, "school_year": school_year.start}
        told = {"plan": plan_to_json(plan), "version": version + 1}
        if version:
            table = settings_table.c
            changed = self.connection.execute(
                update(settings_table)
                .where(table.uai == key["uai"], table.school_year == key["school_year"])
                .where(table.version == version)
                .values(told)
            ).rowcount
        else:
            changed = insert_if_new(self.connection, settings_table, {**key, **told})
        if not changed:
            raise ConflictError(f"the publication plan of {uai} has changed")

    def set_own_rules(
        self,
        assessment: Assessment,
        rules: tuple[PublicationRule, ...],
    ) -> None:
        """See the port."""
        recorded = self.assessments([assessment.id], locking=True).get(assessment.id)
        if recorded is None or recorded.own_rules != assessment.own_rules:
            raise ConflictError(f"the rules of assessment {assessment.id} have changed")
        self.connection.execute(
            update(assessments_table)
            .where(assessments_table.c.id == assessment.id)
            .values(own_rules=rules_to_json(rules))
        )

    def tallies(
        self,
        uai: Uai,
        school_year: SchoolYear,
        at: datetime,
        midnight_at: datetime,
        *,
        class_group: str | None = None,
        assessment_id: UUID | None = None,
    ) -> list[Tally]:
        """See the port."""
        asked: dict[str, Any] = {
            "uai": uai.code,
            "year": school_year.start,
            "at": at,
            "midnight_at": midnight_at,
        }
        statement = statements.TALLIES
        if class_group is not None:
            statement = statement.where(statements.OF_ONE_CLASS)
            asked["class_group"] = class_group
        if assessment_id is not None:
            statement = statement.where(statements.OF_ONE_ASSESSMENT)
            asked["assessment_id"] = assessment_id
        rows = self.connection.execute(statement, asked)
        return [Tally(to_assessment(row), *row[-2:]) for row in rows]

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> list[str]:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start}
        return list(self.connection.execute(statements.CLASS_GROUPS, asked).scalars())

    def students(
        self, uai: Uai, school_year: SchoolYear, ines: Iterable[Ine]
    ) -> Mapping[Ine, UUID]:
        """See the port."""
        asked = {
            "ines": [ine.code for ine in ines],
            "uai": uai.code,
            "year": school_year.start,
        }
        return {Ine(ine): id_ for ine, id_ in self.connection.execute(statements.STUDENTS, asked)}

    def assessments(
        self, ids: Iterable[UUID], *, locking: bool = False
    ) -> Mapping[UUID, Assessment]:
        """See the port."""
        # In one order, and leaving their keys to marks being written.
        asked = statements.ASSESSMENTS.order_by(assessments_table.c.id)
        asked = asked.with_for_update(key_share=True) if locking else statements.ASSESSMENTS
        rows = self.connection.execute(asked, {"ids": list(ids)})
        return {row.id: to_assessment(row) for row in rows}

    def marks(self, keys: Collection[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], Mark]:
        """See the port."""
        found = (to_mark(*row) for row in self._marks(keys))
        return {(mark.student_id, mark.assessment_id): mark for mark in found}

    def _marks(self, keys: Collection[tuple[UUID, UUID]]) -> Iterable[Any]:
        if self.connection.dialect.name == "sqlite":
            pairs = json.dumps([(student.hex, assessment.hex) for student, assessment in keys])
            return self.connection.execute(statements.SQLITE_MARKS, {"keys": pairs})
        asked = {
            "students": [student for student, _assessment in keys],
            "assessments": [assessment for _student, assessment in keys],
        }
        return self.connection.execute(statements.POSTGRESQL_MARKS, asked)

    def save(self, assessments: Iterable[Assessment], marks: Iterable[Mark]) -> None:
        """See the port."""
        upsert(
            self.connection,
            assessments_table,
            map(assessment_row, assessments),
            columns=_DESCRIBED,
        )
        upsert(
            self.connection,
            marks_table,
            map(mark_row, marks),
            columns=tuple(column.name for column in marks_table.c),
        )


def _asked(
    uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
) -> dict[str, Any]:
    return {
        "uai": uai.code,
        "year": school_year.start,
        "class_group": class_group,
        "subject_code": subject_code,
    }


_MARK: Final = slice(len(assessments_table.c), len(statements.OF_CLASS.selected_columns))


def _marked(rows: Iterable[Any]) -> list[Marked]:
    """The rows of ``OF_CLASS``, by assessment."""
    found: dict[UUID, tuple[Assessment, list[Mark]]] = {}
    for row in rows:
        if row.id not in found:
            found[row.id] = to_assessment(row), []
        student_id, *mark = row[_MARK]
        if student_id is not None:
            found[row.id][1].append(to_mark(row.id, student_id, *mark))
    return [Marked(assessment, tuple(marks)) for assessment, marks in found.values()]
