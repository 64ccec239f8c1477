"""Marks as their readers know them, on one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    CompoundSelect,
    and_,
    bindparam,
    case,
    distinct,
    func,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as core
from teleservices_core.storage.bulk import upsert
from teleservices_notes.model import Assessment, Entry, Known, PublicationPlan, Reader
from teleservices_notes.store.classes import ClassMarks
from teleservices_notes.store.gathering import gather, to_instant
from teleservices_notes.store.reader_tables import readers_table, to_known
from teleservices_notes.store.rows import to_assessment, to_mark
from teleservices_notes.store.statements import MARK, STUDENT_MARKS, STUDENT_PLAN, raw
from teleservices_notes.store.tables import assessments_table, marks_table, settings_table
from teleservices_notes.usecases.plans import plan_from_json
from teleservices_notes.usecases.reader_ports import ClassReaders, ReadPupil, Responsible

_a, _m, _r, _set = (
    assessments_table.c,
    marks_table.c,
    readers_table.c,
    settings_table.c,
)
_STUDENTS: Final[Any] = bindparam("student_ids", expanding=True)
_YEARS: Final[Any] = bindparam("years", expanding=True)


_KNOWN: Final = (_r.seen_at, _r.seen)
"""At the end of a student's page, as the driver gives them: only the plan's row fills them."""


def _of_reader() -> CompoundSelect[Any]:
    """The statement of a student's page, with what one account has seen beside the plan."""
    mine = (
        _r.student_id == bindparam("student_id"),
        _r.account_id == bindparam("account_id"),
        _r.school_year == bindparam("year"),
    )

    return union_all(
        STUDENT_MARKS.add_columns(*(null() for _column in _KNOWN)),
        STUDENT_PLAN.add_columns(
            *(raw(select(each).where(*mine).scalar_subquery()) for each in _KNOWN)
        ),
    )


OF_READER: Final = _of_reader()
_ENTRIES = (
    select(_m.assessment_id, _m.student_id, *MARK)
    .join(assessments_table, _a.id == _m.assessment_id)
    .where(_m.student_id.in_(_STUDENTS), _a.school_year.in_(_YEARS))
)
_ASSESSMENTS = select(assessments_table).where(
    _a.id.in_(select(_m.assessment_id).where(_m.student_id.in_(_STUDENTS))),
    _a.school_year.in_(_YEARS),
)
_PLANS = select(_set.uai, _set.school_year, _set.plan).where(
    tuple_(_set.uai, _set.school_year).in_(bindparam("places", expanding=True))
)
_READERS = select(readers_table).where(
    _r.student_id.in_(_STUDENTS), _r.account_id.in_(bindparam("account_ids", expanding=True))
)
_s, _l, _h, _p = (
    core.schoolings.c,
    core.responsibilities.c,
    core.account_holders.c,
    core.adults.c,
)
_DAY: Final[Any] = bindparam("day")
_PRESENT = and_(
    _s.uai == bindparam("uai"),
    _s.school_year == bindparam("year"),
    or_(_s.from_on.is_(None), _s.from_on <= _DAY),
    or_(_s.left_on.is_(None), _s.left_on > _DAY),
)
_RESPONSIBLE = and_(
    _l.student_id == _s.student_id,
    _l.level <= Level.IN_CHARGE,
    _l.is_barred.is_(False),
    or_(_l.from_on.is_(None), _l.from_on <= _DAY),
    or_(_l.until_on.is_(None), _l.until_on > _DAY),
)
_READING = and_(
    _r.student_id == _s.student_id,
    _r.account_id == _h.account_id,
    _r.school_year == _s.school_year,
)
_WITH_READERS = (
    core.schoolings.outerjoin(core.responsibilities, _RESPONSIBLE)
    .outerjoin(core.account_holders, _h.person_id == _l.adult_id)
    .outerjoin(readers_table, _READING)
)
_CLASSES = (
    select(
        _s.class_group,
        func.count(distinct(_s.student_id)),
        func.count(distinct(case((_r.seen_at.is_not(None), _s.student_id)))),
    )
    .select_from(_WITH_READERS)
    .where(_PRESENT, _s.class_group != "")
    .group_by(_s.class_group)
    .order_by(_s.class_group)
)
_CLASS = (
    select(
        core.students.c.id,
        core.students.c.last_name,
        core.students.c.usage_name,
        core.students.c.first_name,
        _l.adult_id,
        _p.last_name.label("adult_last_name"),
        _p.usage_name.label("adult_usage_name"),
        _p.first_name.label("adult_first_name"),
        _h.account_id,
        _r.seen_at,
        _r.seen,
    )
    .select_from(
        _WITH_READERS.join(core.students, core.students.c.id == _s.student_id).outerjoin(
            core.adults, _p.id == _l.adult_id
        )
    )
    .where(_PRESENT, _s.class_group == bindparam("class_group"))
    .order_by(
        core.students.c.last_name, core.students.c.first_name, core.students.c.id, _l.level, _p.id
    )
)


@frozen
class ReaderMarks(ClassMarks):
    """See :class:`teleservices_notes.usecases.reader_ports.ReaderStore`."""

    def of_reader(
        self, student_id: UUID, uai: Uai, school_year: SchoolYear, account_id: UUID
    ) -> tuple[PublicationPlan, list[Entry], Reader]:
        """See the port."""
        asked = {
            "student_id": student_id,
            "uai": uai.code,
            "year": school_year.start,
            "account_id": account_id,
        }
        rows = self.connection.execute(OF_READER, asked).all()
        plan, entries = gather(rows, student_id, uai, school_year)
        seen_at, seen = next(row[-len(_KNOWN) :] for row in rows if row[1] is None)
        reader = Reader(
            student_id,
            account_id,
            school_year,
            to_known(seen),
            to_instant(seen_at) if seen_at else None,
        )
        return plan, entries, reader

    def entries(
        self, student_ids: Collection[UUID], years: Collection[SchoolYear]
    ) -> Mapping[UUID, list[Entry]]:
        """See the port."""
        asked = {"student_ids": list(student_ids), "years": [each.start for each in years]}
        assessments: dict[UUID, Assessment] = {
            row.id: to_assessment(row) for row in self.connection.execute(_ASSESSMENTS, asked)
        }
        found: dict[UUID, list[Entry]] = {each: [] for each in student_ids}
        for id_, student_id, *mark in self.connection.execute(_ENTRIES, asked):
            # One that a running entry has just added has no description here yet.
            if id_ in assessments:
                entry = Entry(assessments[id_], to_mark(id_, student_id, *mark))
                found[student_id].append(entry)
        return found

    def plans(
        self, places: Collection[tuple[Uai, SchoolYear]]
    ) -> Mapping[tuple[Uai, SchoolYear], PublicationPlan]:
        """See the port."""
        asked = {"places": [(uai.code, year.start) for uai, year in places]}
        rows = self.connection.execute(_PLANS, asked)
        told = {(uai, year): plan_from_json(plan) for uai, year, plan in rows}
        return {
            (uai, year): told.get((uai.code, year.start), PublicationPlan()) for uai, year in places
        }

    def readers(self, student_ids: Collection[UUID], account_ids: Collection[UUID]) -> list[Reader]:
        """See the port."""
        asked = {"student_ids": list(student_ids), "account_ids": list(account_ids)}
        return [
            Reader(
                row.student_id,
                row.account_id,
                SchoolYear(row.school_year),
                row.seen,
                row.seen_at,
                row.told,
            )
            for row in self.connection.execute(_READERS, asked)
        ]

    def note_seen(self, readers: Iterable[Reader]) -> None:
        """See the port."""
        rows = [{**_key(each), "seen": each.seen, "seen_at": each.seen_at} for each in readers]
        self._upsert(rows)

    def note_told(self, readers: Iterable[Reader], at: datetime) -> None:
        """See the port."""
        self._upsert([{**_key(each), "told": each.told, "told_at": at} for each in readers])

    def _upsert(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            upsert(self.connection, readers_table, rows, columns=tuple(rows[0]))

    def classes_read(self, uai: Uai, school_year: SchoolYear, day: date) -> list[ClassReaders]:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start, "day": day}
        return [ClassReaders(*row) for row in self.connection.execute(_CLASSES, asked)]

    def class_readers(
        self, uai: Uai, school_year: SchoolYear, class_group: str, day: date
    ) -> list[ReadPupil]:
        """See the port."""
        asked = {
            "uai": uai.code,
            "year": school_year.start,
            "class_group": class_group,
            "day": day,
        }
        names: dict[UUID, str] = {}
        found: dict[UUID, list[Responsible]] = {}
        for row in self.connection.execute(_CLASS, asked):
            names[row.id] = f"{row.usage_name or row.last_name} {row.first_name}"
            responsibles = found.setdefault(row.id, [])
            if row.adult_id is not None:
                responsibles.append(_to_responsible(row, school_year))
        return [ReadPupil(each, names[each], tuple(found[each])) for each in found]


def _to_responsible(row: Any, school_year: SchoolYear) -> Responsible:
    name = f"{row.adult_first_name} {row.adult_usage_name or row.adult_last_name}".strip()
    if row.account_id is None:
        return Responsible(name)
    reader = Reader(row.id, row.account_id, school_year, row.seen or Known(), row.seen_at)
    return Responsible(name, row.account_id, reader)


def _key(reader: Reader) -> dict[str, Any]:
    return {
        "student_id": reader.student_id,
        "account_id": reader.account_id,
        "school_year": reader.school_year.start,
    }
