"""The plugin's tables, and rows to values. The only file that knows SQLAlchemy."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    CompoundSelect,
    Connection,
    Date,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    null,
    select,
    union_all,
)

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.storage import tables as core
from teleservices_core.storage.bulk import insert_or_update, upsert
from teleservices_core.storage.tables import NAMING, UtcDateTime
from teleservices_notes.model import (
    Assessment,
    Entry,
    Mark,
    MarkStatus,
    PublicationMode,
    Subject,
)
from teleservices_notes.usecases import Recorded


@lru_cache(maxsize=10_000)
def _from_hundredths(number: int | None) -> Decimal | None:
    if number is None:
        return None
    # The shortest form: 1450 is 14.5, and 2000 is 20.
    units, rest = divmod(number, 100)
    return Decimal(f"{units}.{rest:02d}".rstrip("0").rstrip("."))


class Hundredths(TypeDecorator[Decimal]):
    """A number with two decimals, stored as a whole: exact on every database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """The model has refused what is finer."""
        return None if value is None else int(value * 100)

    def result_processor(
        self, _dialect: Dialect, _coltype: object
    ) -> Callable[[int | None], Decimal | None]:
        """Give back the number, without the layers that a page of 500 figures would pay for."""
        return _from_hundredths


metadata = MetaData(naming_convention=NAMING)

assessments_table = Table(
    "notes_assessments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("uai", String(8), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    Column("class_group", String(20), nullable=False),
    Column("subject_code", String(20), nullable=False),
    Column("subject_label", String(100), nullable=False),
    Column("teacher", String(100), nullable=False),
    Column("title", String(200), nullable=False),
    Column("given_on", Date, nullable=False),
    Column("out_of", Hundredths, nullable=False),
    Column("weight", Hundredths, nullable=False),
    Column("is_optional", Boolean, nullable=False),
    Column("publish_on", Date),
)

marks_table = Table(
    "notes_marks",
    metadata,
    Column("student_id", Uuid, primary_key=True),
    Column("assessment_id", Uuid, ForeignKey("notes_assessments.id"), primary_key=True),
    Column("status", String(13), nullable=False),
    Column("value", Hundredths),
    Column("entered_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
"""The key begins with the student, and on SQLite the table is the key's own tree:
a student's page is one range."""

settings_table = Table(
    "notes_settings",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("mode", String(10), nullable=False),
)

_STATUSES: Final[Mapping[str, MarkStatus]] = {each.value: each for each in MarkStatus}
_a, _m = assessments_table.c, marks_table.c
_MODE = select(settings_table.c.mode).where(
    settings_table.c.uai == bindparam("uai"), settings_table.c.school_year == bindparam("year")
)
_SEEN = (
    _a.id,
    _a.class_group,
    _a.subject_code,
    _a.subject_label,
    _a.title,
    _a.given_on,
    _a.teacher,
    _a.out_of,
    _a.weight,
    _a.is_optional,
    _a.publish_on,
    _m.status,
    _m.value,
    _m.entered_at,
)
# The mode is needed even where there is no mark, the very page on which families
# ask for it: a row of its own, with nothing but the mode.
_OF_STUDENT: Final[CompoundSelect[Any]] = union_all(
    select(cast(null(), String).label("mode"), *_SEEN)
    .select_from(marks_table.join(assessments_table))
    .where(
        _m.student_id == bindparam("student_id"),
        _a.uai == bindparam("uai"),
        _a.school_year == bindparam("year"),
    ),
    select(
        func.coalesce(_MODE.scalar_subquery(), PublicationMode.ROLLING.value),
        *(null() for _column in _SEEN),
    ),
)
_STUDENTS = (
    select(core.students.c.ine, core.students.c.id)
    .join(core.schoolings, core.schoolings.c.student_id == core.students.c.id)
    .where(
        core.students.c.ine.in_(bindparam("ines", expanding=True)),
        core.schoolings.c.uai == bindparam("uai"),
        core.schoolings.c.school_year == bindparam("year"),
    )
)
_ASSESSMENTS = select(assessments_table).where(_a.id.in_(bindparam("ids", expanding=True)))
# Pairs looked up one by one: « student in … and assessment in … » would try every
# student at every assessment, minutes for a file that is not sorted by class.
_SQLITE_KEYS = func.json_each(bindparam("keys")).table_valued("value")
_POSTGRESQL_KEYS = (
    func.unnest(
        bindparam("students", type_=ARRAY(Uuid)), bindparam("assessments", type_=ARRAY(Uuid))
    )
    .table_valued("student_id", "assessment_id")
    .render_derived()
)
_SQLITE_MARKS = select(marks_table).join_from(
    _SQLITE_KEYS,
    marks_table,
    and_(
        _m.student_id == func.json_extract(_SQLITE_KEYS.c.value, "$[0]"),
        _m.assessment_id == func.json_extract(_SQLITE_KEYS.c.value, "$[1]"),
    ),
)
_POSTGRESQL_MARKS = select(marks_table).join_from(
    _POSTGRESQL_KEYS,
    marks_table,
    and_(
        _m.student_id == _POSTGRESQL_KEYS.c.student_id,
        _m.assessment_id == _POSTGRESQL_KEYS.c.assessment_id,
    ),
)


def _to_assessment(row: Row[Any]) -> Assessment:
    return Assessment(
        id=row.id,
        uai=Uai(row.uai),
        school_year=SchoolYear(row.school_year),
        class_group=row.class_group,
        subject=Subject(row.subject_code, row.subject_label),
        title=row.title,
        given_on=row.given_on,
        teacher=row.teacher,
        out_of=row.out_of,
        weight=row.weight,
        is_optional=row.is_optional,
        publish_on=row.publish_on,
    )


def _assessment_row(each: Assessment) -> dict[str, Any]:
    return {
        "id": each.id,
        "uai": each.uai.code,
        "school_year": each.school_year.start,
        "class_group": each.class_group,
        "subject_code": each.subject.code,
        "subject_label": each.subject.label,
        "teacher": each.teacher,
        "title": each.title,
        "given_on": each.given_on,
        "out_of": each.out_of,
        "weight": each.weight,
        "is_optional": each.is_optional,
        "publish_on": each.publish_on,
    }


def _mark_row(each: Mark) -> dict[str, Any]:
    return {
        "student_id": each.student_id,
        "assessment_id": each.assessment_id,
        "status": each.status.value,
        "value": each.value,
        "entered_at": each.entered_at,
    }


@frozen
class MarkStore:
    """See :class:`teleservices_notes.usecases.Store`."""

    connection: Connection

    def of_student(
        self, student_id: UUID, uai: Uai, school_year: SchoolYear
    ) -> tuple[PublicationMode, list[Entry]]:
        """See the port."""
        asked = {"student_id": student_id, "uai": uai.code, "year": school_year.start}
        publication = PublicationMode.ROLLING
        entries: list[Entry] = []
        subjects: dict[tuple[str, str], Subject] = {}
        # By position, in the order of _SEEN: a page has 180 of these.
        for (
            mode,
            id_,
            group,
            code,
            label,
            title,
            given_on,
            teacher,
            *others,
        ) in self.connection.execute(_OF_STUDENT, asked):
            if id_ is None:
                publication = PublicationMode(mode)
                continue
            out_of, weight, is_optional, publish_on, status, value, entered_at = others
            if (code, label) not in subjects:
                subjects[code, label] = Subject(code, label)
            assessment = Assessment(
                id_,
                uai,
                school_year,
                group,
                subjects[code, label],
                title,
                given_on,
                teacher,
                out_of,
                weight,
                is_optional,
                publish_on,
            )
            mark = Mark(id_, student_id, _STATUSES[status], value, entered_at)
            entries.append(Entry(assessment, mark))
        return publication, entries

    def mode(self, uai: Uai, school_year: SchoolYear) -> PublicationMode:
        """See the port."""
        found = self.connection.execute(_MODE, {"uai": uai.code, "year": school_year.start})
        return PublicationMode(found.scalar() or PublicationMode.ROLLING)

    def set_mode(self, uai: Uai, school_year: SchoolYear, mode: PublicationMode) -> None:
        """See the port."""
        said = {"mode": mode.value}
        key = {"uai": uai.code, "school_year": school_year.start}
        insert_or_update(self.connection, settings_table, {**key, **said}, said)

    def students(
        self, uai: Uai, school_year: SchoolYear, ines: Iterable[Ine]
    ) -> Mapping[Ine, UUID]:
        """See the port."""
        asked = {
            "ines": [ine.code for ine in ines],
            "uai": uai.code,
            "year": school_year.start,
        }
        return {Ine(ine): id_ for ine, id_ in self.connection.execute(_STUDENTS, asked)}

    def assessments(self, ids: Iterable[UUID]) -> Mapping[UUID, Assessment]:
        """See the port."""
        rows = self.connection.execute(_ASSESSMENTS, {"ids": list(ids)})
        return {row.id: _to_assessment(row) for row in rows}

    def marks(self, keys: Collection[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], Recorded]:
        """See the port."""
        return {
            (student_id, assessment_id): Recorded(_STATUSES[status], value, entered_at)
            for student_id, assessment_id, status, value, entered_at in self._marks(keys)
        }

    def _marks(self, keys: Collection[tuple[UUID, UUID]]) -> Iterable[Any]:
        if self.connection.dialect.name == "sqlite":
            pairs = json.dumps([(student.hex, assessment.hex) for student, assessment in keys])
            return self.connection.execute(_SQLITE_MARKS, {"keys": pairs})
        asked = {
            "students": [student for student, _assessment in keys],
            "assessments": [assessment for _student, assessment in keys],
        }
        return self.connection.execute(_POSTGRESQL_MARKS, asked)

    def save(self, assessments: Iterable[Assessment], marks: Iterable[Mark]) -> None:
        """See the port."""
        upsert(
            self.connection,
            assessments_table,
            map(_assessment_row, assessments),
            columns=tuple(column.name for column in assessments_table.c),
        )
        upsert(
            self.connection,
            marks_table,
            map(_mark_row, marks),
            columns=tuple(column.name for column in marks_table.c),
        )
