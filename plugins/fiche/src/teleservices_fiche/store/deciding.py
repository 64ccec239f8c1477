"""Proposals and reports as an establishment decides on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.storage import tables as core
from teleservices_fiche.model import Proposal, ProposalState, Report
from teleservices_fiche.rules.reconciling import Key
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.papers import to_report
from teleservices_fiche.store.proposals import Proposals, to_proposal
from teleservices_fiche.usecases.ports import Addressee
from teleservices_fiche.usecases.school_ports import Filed, FiledReport, Pile, Slip

_p: Final = t.proposals.c
_s: Final = core.schoolings.c
_WAITING: Final = _p.state == ProposalState.WAITING.value
_ACCEPTED: Final = _p.state == ProposalState.ACCEPTED.value
_OPEN: Final = or_(_WAITING, _ACCEPTED)
_IN_PILE: Final[Mapping[Pile, ColumnElement[bool]]] = {
    Pile.WAITING: _WAITING,
    Pile.STRAIGHT: and_(_ACCEPTED, _p.batch.is_(None), _p.passed_straight),
    Pile.ACCEPTED: and_(_ACCEPTED, _p.batch.is_(None)),
    Pile.CARRIED: and_(_ACCEPTED, _p.batch.is_not(None)),
    Pile.OVER: ~_OPEN,
}


def _name(people: Any, label: str) -> ColumnElement[str]:
    last = func.coalesce(func.nullif(people.c.usage_name, ""), people.c.last_name)
    return func.trim(people.c.first_name + " " + last).label(label)


STUDENT_NAME: Final = _name(core.students, "student_name")
_PERSON_NAME: Final = func.coalesce(_name(core.adults, "adult"), _name(core.students, "child"))
_PLACED: Final = (
    t.proposals.outerjoin(core.students, core.students.c.id == _p.student_id)
    .outerjoin(
        core.schoolings,
        (_s.student_id == _p.student_id) & (_s.uai == _p.uai) & (_s.school_year == _p.school_year),
    )
    .outerjoin(core.adults, core.adults.c.id == _p.person_id)
)
_NAMES: Final = (
    func.coalesce(STUDENT_NAME, "").label("student_name"),
    func.coalesce(_s.class_group, "").label("class_group"),
    func.coalesce(_PERSON_NAME, "").label("person_name"),
)
BY_CLASS: Final = (
    *(_s.class_group, STUDENT_NAME, _p.student_id),
    *(_p.person_kind, _p.person_id, _p.field, _p.made_at, _p.number),
)
_k: Final = core.siecle_keys.c
_FILED: Final = select(t.proposals, *_NAMES, core.students.c.ine, _k.siecle_id).select_from(
    _PLACED.outerjoin(
        core.siecle_keys,
        (_k.entity_id == _p.student_id) & (_k.uai == _p.uai) & (_k.kind == "student"),
    )
)


def filed_where(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Proposals with the names of whom they are about, by class."""
    return _FILED.where(*conditions).order_by(*BY_CLASS)


def to_filed(row: Row[Any]) -> Filed:
    """A proposal with names, from its row."""
    return Filed(
        to_proposal(row),
        row.student_name,
        row.class_group,
        row.person_name,
        row.ine or "",
        row.siecle_id or "",
    )


@frozen
class Deciding:
    """See :class:`teleservices_fiche.usecases.school_ports.DecidingStore`."""

    connection: Connection

    def piles(self, uai: Uai, year: SchoolYear) -> Mapping[Pile, int]:
        """See the port."""
        numbers = [
            func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(pile)
            for pile, condition in _IN_PILE.items()
        ]
        found = select(*numbers).where(_p.uai == uai.code, _p.school_year == year.start)
        row = self.connection.execute(found).one()
        return {pile: int(number) for pile, number in zip(_IN_PILE, row, strict=True)}

    def slips(self, uai: Uai, year: SchoolYear, pile: Pile) -> list[Slip]:
        """See the port."""
        rows = self.connection.execute(
            select(_p.id, _p.field, _p.made_at, *_NAMES)
            .select_from(_PLACED)
            .where(_p.uai == uai.code, _p.school_year == year.start, _IN_PILE[pile])
            .order_by(*BY_CLASS)
        )
        return [
            Slip(row.id, row.student_name, row.class_group, row.person_name, row.field, row.made_at)
            for row in rows
        ]

    def filed(self, ids: Collection[UUID], uai: Uai) -> list[Filed]:
        """See the port."""
        rows = self.connection.execute(filed_where(_p.id.in_(ids), _p.uai == uai.code))
        return [to_filed(row) for row in rows]

    def open_about(self, persons: Collection[UUID], uai: Uai) -> list[Proposal]:
        """See the port."""
        return Proposals(self.connection).open_about(persons, uai)

    def hold(self, ids: Collection[UUID], uai: Uai) -> list[Proposal]:
        """See the port."""
        keys = select(_p.person_id, _p.field).where(_p.id.in_(ids), _p.uai == uai.code)
        # In one order, so that two acts never wait for each other in a circle.
        rows = self.connection.execute(
            select(t.proposals)
            .where(_p.uai == uai.code, _OPEN, tuple_(_p.person_id, _p.field).in_(keys))
            .order_by(_p.id)
            .with_for_update()
        )
        return [to_proposal(row) for row in rows]

    def settle(
        self, ids: Collection[UUID], state: ProposalState, at: datetime, by: str, reason: str
    ) -> None:
        """See the port."""
        later = {"decided_at": at, "version": _p.version + 1}
        if state is ProposalState.ACCEPTED:
            keys = select(_p.uai, _p.person_id, _p.field).where(_p.id.in_(ids))
            self.connection.execute(
                update(t.proposals)
                .where(_ACCEPTED, tuple_(_p.uai, _p.person_id, _p.field).in_(keys))
                .values(state=ProposalState.SUPERSEDED.value, **later)
            )
        try:
            self.connection.execute(
                update(t.proposals)
                .where(_p.id.in_(ids))
                .values(state=state.value, decided_by=by, reason=reason, **later)
            )
        except IntegrityError as error:
            raise ConflictError("another change of the same field was accepted") from error

    def addressees(self, account_ids: Collection[UUID]) -> list[Addressee]:
        """See the port."""
        a = core.accounts.c
        rows = self.connection.execute(
            select(a.id, a.display_name, a.email).where(
                a.id.in_(account_ids),
                a.state == AccountState.ACTIVE.value,
                a.email != "",
            )
        )
        return [Addressee(row.id, row.display_name, row.email) for row in rows]

    def open_page(self, uai: Uai, after: UUID | None, size: int) -> list[Proposal]:
        """See the port."""
        persons = select(_p.person_id).where(_p.uai == uai.code, _OPEN)
        if after is not None:
            persons = persons.where(_p.person_id > after)
        some = persons.distinct().order_by(_p.person_id).limit(size)
        rows = self.connection.execute(
            select(t.proposals)
            .where(_p.uai == uai.code, _OPEN, _p.person_id.in_(some))
            .order_by(_p.person_id, _p.id)
        )
        return [to_proposal(row) for row in rows]

    def carried_keys(self, uai: Uai) -> set[Key]:
        """See the port."""
        rows = self.connection.execute(
            select(_p.person_id, _p.field).where(
                _p.uai == uai.code,
                _p.state == ProposalState.SUPERSEDED.value,
                _p.batch.is_not(None),
            )
        )
        return {(row.person_id, row.field) for row in rows}

    def reconcile(self, proposals: Sequence[Proposal], at: datetime) -> int:
        """See the port."""
        if not proposals:
            return 0
        seen = [(each.id, each.version) for each in proposals]
        return self.connection.execute(
            update(t.proposals)
            .where(_OPEN, tuple_(_p.id, _p.version).in_(seen))
            .values(state=ProposalState.RECONCILED.value, decided_at=at, version=_p.version + 1)
        ).rowcount

    def reports(self, uai: Uai, year: SchoolYear) -> list[FiledReport]:
        """See the port."""
        r = t.reports.c
        here = (
            (_s.student_id == r.student_id) & (_s.uai == r.uai) & (_s.school_year == r.school_year)
        )
        rows = self.connection.execute(
            select(
                t.reports,
                func.coalesce(STUDENT_NAME, "").label("student_name"),
                func.coalesce(_s.class_group, "").label("class_group"),
            )
            .select_from(
                t.reports.outerjoin(core.students, core.students.c.id == r.student_id).outerjoin(
                    core.schoolings, here
                )
            )
            .where(r.uai == uai.code, r.school_year == year.start, r.closed_at.is_(None))
            .order_by(r.made_at, r.id)
        )
        return [FiledReport(to_report(row), row.student_name, row.class_group) for row in rows]

    def answer(self, uai: Uai, report_id: UUID, by: str, at: datetime, answer: str) -> Report:
        """See the port."""
        r = t.reports.c
        row = self.connection.execute(
            select(t.reports).where(r.id == report_id, r.uai == uai.code)
        ).first()
        if row is None:
            raise NotFoundError("no such report")
        said: dict[str, Any] = {"closed_by": by, "closed_at": at, "answer": answer}
        done = self.connection.execute(
            update(t.reports)
            .where(r.id == report_id, r.closed_at.is_(None))
            .values(version=r.version + 1, **said)
        ).rowcount
        if done != 1:
            raise ConflictError("the report is answered already")
        return evolve(to_report(row), version=row.version + 1, **said)
