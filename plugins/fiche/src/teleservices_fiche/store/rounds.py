"""The yearly confirmation: dates, figures, and whom to remind."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date
from itertools import groupby
from typing import Any, Final

from attrs import evolve, frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    distinct,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as core
from teleservices_core.storage.bulk import insert_if_new
from teleservices_fiche.model import ConfirmationRound
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.base import answers_on
from teleservices_fiche.usecases.ports import Addressee
from teleservices_fiche.usecases.school_ports import ClassProgress, Unconfirmed

_r: Final = t.rounds.c
_c: Final = t.confirmations.c
_s: Final = core.schoolings.c
_a: Final = core.accounts.c
_h: Final = core.account_holders.c
_l: Final = core.responsibilities.c


def _to_round(row: Row[Any]) -> ConfirmationRound:
    return ConfirmationRound(
        Uai(row.uai),
        SchoolYear(row.school_year),
        row.opens_on,
        row.closes_on,
        tuple(row.reminders),
        row.version,
    )


def _present(uai: Uai, year: SchoolYear, day: date) -> ColumnElement[bool]:
    return (
        (_s.uai == uai.code)
        & (_s.school_year == year.start)
        & or_(_s.left_on.is_(None), _s.left_on > day)
    )


@frozen
class Rounds:
    """See :class:`teleservices_fiche.usecases.school_ports.RoundStore`."""

    connection: Connection

    def get(self, uai: Uai, year: SchoolYear) -> ConfirmationRound | None:
        """See the port."""
        row = self.connection.execute(
            select(t.rounds).where(_r.uai == uai.code, _r.school_year == year.start)
        ).first()
        return _to_round(row) if row else None

    def save(self, asked: ConfirmationRound, seen_version: int) -> ConfirmationRound:
        """See the port."""
        saved = evolve(asked, version=seen_version + 1)
        said = {
            "opens_on": saved.opens_on,
            "closes_on": saved.closes_on,
            "reminders": list(saved.reminders),
            "version": saved.version,
        }
        if seen_version == 0:
            key = {"uai": saved.uai.code, "school_year": saved.school_year.start}
            try:
                self.connection.execute(insert(t.rounds).values(**key, **said))
            except IntegrityError as error:
                raise ConflictError("somebody else has set the dates") from error
            return saved
        done = self.connection.execute(
            update(t.rounds)
            .where(
                _r.uai == saved.uai.code,
                _r.school_year == saved.school_year.start,
                _r.version == seen_version,
            )
            .values(said)
        ).rowcount
        if done != 1:
            raise ConflictError("somebody else has changed the dates")
        return saved

    def open_on(self, day: date) -> list[ConfirmationRound]:
        """See the port."""
        rows = self.connection.execute(
            select(t.rounds)
            .where(_r.opens_on <= day, _r.closes_on >= day)
            .order_by(_r.uai, _r.school_year)
        )
        return [_to_round(row) for row in rows]

    def reminders_left(self, since: date) -> Set[tuple[Uai, SchoolYear, date]]:
        """See the port."""
        rows = self.connection.execute(select(t.reminders).where(t.reminders.c.day >= since))
        return {(Uai(row.uai), SchoolYear(row.school_year), row.day) for row in rows}

    def take_reminder(self, asked: ConfirmationRound, day: date) -> bool:
        """See the port."""
        row = {"uai": asked.uai.code, "school_year": asked.school_year.start, "day": day}
        return insert_if_new(self.connection, t.reminders, row) == 1

    def progress(self, uai: Uai, year: SchoolYear, day: date) -> list[ClassProgress]:
        """See the port."""
        said = (
            (_c.student_id == _s.student_id)
            & (_c.uai == _s.uai)
            & (_c.school_year == _s.school_year)
        )
        rows = self.connection.execute(
            select(
                _s.class_group,
                func.count(distinct(_s.student_id)).label("students"),
                func.count(distinct(_c.student_id)).label("confirmed"),
            )
            .select_from(core.schoolings.outerjoin(t.confirmations, said))
            .where(_present(uai, year, day))
            .group_by(_s.class_group)
            .order_by(_s.class_group)
        )
        return [ClassProgress(row.class_group, row.students, row.confirmed) for row in rows]

    def unconfirmed(
        self, uai: Uai, year: SchoolYear, day: date, adult_from: date
    ) -> Mapping[Audience, list[Unconfirmed]]:
        """See the port."""
        return {
            Audience.GUARDIAN: self._named(_guardians(uai, year, day, adult_from)),
            Audience.STUDENT: self._named(_adult_students(uai, year, day, adult_from)),
        }

    def _named(self, found: Select[Any]) -> list[Unconfirmed]:
        rows = self.connection.execute(found)
        return [
            Unconfirmed(Addressee(*who), tuple(dict.fromkeys(row.first_name for row in mine)))
            for who, mine in groupby(rows, key=lambda row: (row.id, row.display_name, row.email))
        ]


def _unsaid(holder: ColumnElement[Any]) -> ColumnElement[bool]:
    return ~(
        select(_c.holder_id)
        .where(
            _c.student_id == _s.student_id,
            _c.uai == _s.uai,
            _c.school_year == _s.school_year,
            _c.holder_id == holder,
        )
        .exists()
    )


def _addressed(audience: Audience) -> Select[Any]:
    return (
        select(_a.id, _a.display_name, _a.email, core.students.c.first_name)
        .where(_a.audience == audience.value, _a.state == AccountState.ACTIVE.value, _a.email != "")
        .order_by(_a.id, core.students.c.born_on, core.students.c.first_name)
    )


def _guardians(uai: Uai, year: SchoolYear, day: date, adult_from: date) -> Select[Any]:
    return (
        _addressed(Audience.GUARDIAN)
        .select_from(
            core.schoolings.join(core.students, core.students.c.id == _s.student_id)
            .join(core.responsibilities, _l.student_id == _s.student_id)
            .join(core.account_holders, _h.person_id == _l.adult_id)
            .join(core.accounts, _a.id == _h.account_id)
        )
        .where(
            _present(uai, year, day),
            core.students.c.born_on > adult_from,
            answers_on(day),
            _unsaid(_l.adult_id),
        )
    )


def _adult_students(uai: Uai, year: SchoolYear, day: date, adult_from: date) -> Select[Any]:
    return (
        _addressed(Audience.STUDENT)
        .select_from(
            core.schoolings.join(core.students, core.students.c.id == _s.student_id)
            .join(core.account_holders, _h.person_id == _s.student_id)
            .join(core.accounts, _a.id == _h.account_id)
        )
        .where(
            _present(uai, year, day),
            core.students.c.born_on <= adult_from,
            _unsaid(_s.student_id),
        )
    )
