"""Links as establishments correct them, and reports of wrong ones."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from teleservices_core.domain.attachments import Attachment, LinkReport, Pupil, ReportState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Responsibility
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as t
from teleservices_core.storage.importing_rows import to_link
from teleservices_core.storage.tables import AnyRow

_r, _s = t.responsibilities.c, t.schoolings.c
_PRESENT = and_(
    _s.uai == bindparam("uai"),
    _s.school_year == bindparam("year"),
    or_(_s.left_on.is_(None), _s.left_on > bindparam("day")),
)
_PUPIL = (
    t.students.c.id.label("pupil_id"),
    t.students.c.first_name.label("pupil_first"),
    t.students.c.last_name.label("pupil_last"),
    t.students.c.usage_name.label("pupil_usage"),
    _s.class_group,
)
_HERE = t.schoolings.join(t.students, t.students.c.id == _s.student_id)
_PUPILS = select(*_PUPIL).select_from(_HERE).where(_PRESENT)
_OPEN = and_(
    t.link_reports.c.student_id == _r.student_id,
    t.link_reports.c.adult_id == _r.adult_id,
    t.link_reports.c.state == ReportState.OPEN,
)
_LINKS = (
    select(
        *_PUPIL,
        t.responsibilities,
        t.adults.c.first_name,
        t.adults.c.last_name,
        t.adults.c.usage_name,
        t.link_reports.c.at.label("reported_at"),
    )
    .select_from(
        _HERE.join(t.responsibilities, _r.student_id == t.students.c.id)
        .join(t.adults, t.adults.c.id == _r.adult_id)
        .outerjoin(t.link_reports, _OPEN)
    )
    .where(_PRESENT)
)
_REPORTED = _LINKS.where(t.link_reports.c.id.is_not(None)).order_by(t.link_reports.c.at)
_ONE = t.students.c.id == bindparam("student_id")
_OF_PUPIL = _LINKS.where(_ONE).order_by(_r.level, t.adults.c.last_name, t.adults.c.first_name)


def _to_pupil(row: AnyRow) -> Pupil:
    name = f"{row.pupil_first} {row.pupil_usage or row.pupil_last}"
    return Pupil(row.pupil_id, name, row.class_group)


def _to_attachment(row: AnyRow) -> Attachment:
    adult_name = f"{row.first_name} {row.usage_name or row.last_name}".strip()
    return Attachment(_to_pupil(row), adult_name, to_link(row), row.reported_at)


def _waiting(student_id: UUID, adult_id: UUID) -> ColumnElement[bool]:
    return and_(
        t.link_reports.c.student_id == student_id,
        t.link_reports.c.adult_id == adult_id,
        t.link_reports.c.state == ReportState.OPEN,
    )


def _to_report(row: AnyRow) -> LinkReport:
    changes = {"uai": Uai(row.uai), "state": ReportState(row.state)}
    return LinkReport(**{**row._asdict(), **changes})


@frozen
class Attachments:
    """See :class:`teleservices_core.ports.groupings.AttachmentStore`."""

    connection: Connection

    def _rows(
        self, statement: Select[Any], uai: Uai, year: SchoolYear, day: date, **asked: Any
    ) -> list[AnyRow]:
        values = {"uai": uai.code, "year": year.start, "day": day, **asked}
        return list(self.connection.execute(statement, values))

    def pupils(self, uai: Uai, school_year: SchoolYear, day: date) -> list[Pupil]:
        """See the port."""
        found = map(_to_pupil, self._rows(_PUPILS, uai, school_year, day))
        return sorted(found, key=lambda pupil: (pupil.class_group, pupil.name))

    def pupil(self, uai: Uai, school_year: SchoolYear, day: date, student_id: UUID) -> Pupil | None:
        """See the port."""
        asked = {"student_id": student_id}
        rows = self._rows(_PUPILS.where(_ONE), uai, school_year, day, **asked)
        return _to_pupil(rows[0]) if rows else None

    def reported(self, uai: Uai, school_year: SchoolYear, day: date) -> list[Attachment]:
        """See the port."""
        return [_to_attachment(row) for row in self._rows(_REPORTED, uai, school_year, day)]

    def of_pupil(
        self, uai: Uai, school_year: SchoolYear, day: date, student_id: UUID
    ) -> list[Attachment]:
        """See the port."""
        rows = self._rows(_OF_PUPIL, uai, school_year, day, student_id=student_id)
        return [_to_attachment(row) for row in rows]

    def links(self, student_id: UUID, adult_ids: Collection[UUID]) -> list[Responsibility]:
        """See the port."""
        found = select(t.responsibilities).where(
            _r.student_id == student_id, _r.adult_id.in_(adult_ids)
        )
        return [to_link(row) for row in self.connection.execute(found)]

    def replace(self, before: Responsibility, after: Responsibility) -> None:
        """See the port."""
        done = self.connection.execute(
            update(t.responsibilities)
            .where(
                _r.student_id == before.student_id,
                _r.adult_id == before.adult_id,
                _r.is_barred == before.is_barred,
                _r.until_on.is_not_distinct_from(before.until_on),
            )
            .values(is_barred=after.is_barred, until_on=after.until_on)
        )
        if done.rowcount != 1:
            raise ConflictError("the link has changed meanwhile")

    def is_denied(self, student_id: UUID, adult_id: UUID) -> bool:
        """See the port."""
        waiting = select(t.link_reports.c.id).where(_waiting(student_id, adult_id))
        return self.connection.execute(waiting).first() is not None

    def report(self, report: LinkReport) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.link_reports).values(
                id=report.id,
                account_id=report.account_id,
                adult_id=report.adult_id,
                student_id=report.student_id,
                uai=report.uai.code,
                state=report.state,
                at=report.at,
            )
        )

    def reports(self, account_id: UUID) -> list[LinkReport]:
        """See the port."""
        mine = select(t.link_reports).where(t.link_reports.c.account_id == account_id)
        rows = self.connection.execute(mine.order_by(t.link_reports.c.at, t.link_reports.c.id))
        return [_to_report(row) for row in rows]

    def answer(
        self, student_id: UUID, adult_id: UUID, state: ReportState, at: datetime, by: str
    ) -> bool:
        """See the port."""
        done = self.connection.execute(
            update(t.link_reports)
            .where(_waiting(student_id, adult_id))
            .values(state=state, handled_at=at, handled_by=by)
        )
        return done.rowcount > 0
