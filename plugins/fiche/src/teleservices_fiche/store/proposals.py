"""Proposals: rows to values, and the writes that no race can double."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import Connection, Row, and_, bindparam, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_fiche.model import (
    Maker,
    Person,
    PersonKind,
    Proposal,
    ProposalState,
    from_plain,
    plain,
)
from teleservices_fiche.store import tables as t

_p: Final = t.proposals.c
_OPEN: Final = (ProposalState.WAITING.value, ProposalState.ACCEPTED.value)
_OPEN_ABOUT: Final = (
    select(t.proposals)
    .where(
        _p.person_id.in_(bindparam("persons", expanding=True)),
        _p.state.in_(_OPEN),
        _p.uai == bindparam("uai"),
    )
    .order_by(_p.made_at, _p.number)
)
_OF_SHEET: Final = (
    select(t.proposals)
    .where(
        or_(
            and_(
                _p.person_id.in_(bindparam("persons", expanding=True)),
                _p.state.in_(_OPEN),
                _p.uai == bindparam("uai"),
            ),
            and_(_p.holder_id == bindparam("holder"), _p.student_id == bindparam("student")),
        )
    )
    .order_by(_p.made_at, _p.number)
)
_MADE_BY: Final = (
    select(t.proposals)
    .where(_p.holder_id == bindparam("holder"), _p.student_id == bindparam("student"))
    .order_by(_p.made_at.desc(), _p.number)
)
_OF_RECEIPT: Final = (
    select(t.proposals).where(_p.receipt == bindparam("number")).order_by(_p.number)
)


def to_proposal(row: Row[Any]) -> Proposal:
    """A proposal from its row."""
    return Proposal(
        id=row.id,
        number=row.number,
        uai=Uai(row.uai),
        school_year=SchoolYear(row.school_year),
        student_id=row.student_id,
        person=Person(PersonKind(row.person_kind), row.person_id),
        field=row.field,
        seen=from_plain(row.seen),
        proposed=from_plain(row.proposed),
        catalogue_version=row.catalogue_version,
        maker=to_maker(row),
        made_at=row.made_at,
        state=ProposalState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        shown=from_plain(row.shown),
        passed_straight=row.passed_straight,
        exported_at=row.exported_at,
        batch=row.batch,
        version=row.version,
    )


def to_maker(row: Row[Any]) -> Maker:
    """Who made what a row holds."""
    return Maker(
        row.account_id, Person(PersonKind(row.holder_kind), row.holder_id), row.holder_name
    )


def maker_row(maker: Maker) -> dict[str, Any]:
    """The columns of who made it."""
    return {
        "account_id": maker.account_id,
        "holder_kind": maker.person.kind.value,
        "holder_id": maker.person.id,
        "holder_name": maker.name,
    }


def _row(receipt: str, each: Proposal) -> dict[str, Any]:
    return maker_row(each.maker) | {
        "id": each.id,
        "number": each.number,
        "receipt": receipt,
        "uai": each.uai.code,
        "school_year": each.school_year.start,
        "student_id": each.student_id,
        "person_kind": each.person.kind.value,
        "person_id": each.person.id,
        "field": each.field,
        "seen": plain(each.seen),
        "proposed": plain(each.proposed),
        "catalogue_version": each.catalogue_version,
        "made_at": each.made_at,
        "state": each.state.value,
        "decided_by": each.decided_by,
        "decided_at": each.decided_at,
        "reason": each.reason,
        "shown": plain(each.shown),
        "passed_straight": each.passed_straight,
        "exported_at": each.exported_at,
        "batch": each.batch,
        "version": each.version,
    }


@frozen
class Proposals:
    """See :class:`teleservices_fiche.usecases.ports.ProposalStore`."""

    connection: Connection

    def _found(self, statement: Any, asked: Mapping[str, Any]) -> list[Proposal]:
        return [to_proposal(row) for row in self.connection.execute(statement, asked)]

    def get(self, proposal_id: UUID) -> Proposal | None:
        """See the port."""
        row = self.connection.execute(select(t.proposals).where(_p.id == proposal_id)).first()
        return to_proposal(row) if row else None

    def open_about(self, persons: Collection[UUID], uai: Uai) -> list[Proposal]:
        """See the port."""
        return self._found(_OPEN_ABOUT, {"persons": list(persons), "uai": uai.code})

    def of_sheet(
        self, persons: Collection[UUID], uai: Uai, holder_id: UUID, student_id: UUID
    ) -> list[Proposal]:
        """See the port."""
        asked = {
            "persons": list(persons),
            "uai": uai.code,
            "holder": holder_id,
            "student": student_id,
        }
        return self._found(_OF_SHEET, asked)

    def made_by(self, holder_id: UUID, student_id: UUID) -> list[Proposal]:
        """See the port."""
        return self._found(_MADE_BY, {"holder": holder_id, "student": student_id})

    def of_receipt(self, number: str) -> list[Proposal]:
        """See the port."""
        return self._found(_OF_RECEIPT, {"number": number})

    def add(self, receipt: str, proposals: Sequence[Proposal]) -> None:
        """See the port."""
        if not proposals:
            return
        at = proposals[0].made_at
        self._supersede(
            ProposalState.WAITING,
            [(e.uai.code, e.person.id, e.field, e.maker.person.id) for e in proposals],
            at,
        )
        straight = [each for each in proposals if each.state is ProposalState.ACCEPTED]
        self._supersede(
            ProposalState.ACCEPTED, [(e.uai.code, e.person.id, e.field) for e in straight], at
        )
        try:
            self.connection.execute(t.proposals.insert(), [_row(receipt, e) for e in proposals])
        except IntegrityError as error:
            raise ConflictError("somebody else writes the same field at once") from error

    def _supersede(self, state: ProposalState, keys: list[tuple[Any, ...]], at: datetime) -> None:
        if not keys:
            return
        columns = (_p.uai, _p.person_id, _p.field, _p.holder_id)[: len(keys[0])]
        self.connection.execute(
            update(t.proposals)
            .where(_p.state == state.value, tuple_(*columns).in_(keys))
            .values(state=ProposalState.SUPERSEDED.value, decided_at=at, version=_p.version + 1)
        )

    def decide(
        self,
        before: Proposal,
        state: ProposalState,
        at: datetime,
        *,
        by: str = "",
        reason: str = "",
    ) -> Proposal:
        """See the port."""
        if state is ProposalState.ACCEPTED:
            key = (before.uai.code, before.person.id, before.field)
            self._supersede(ProposalState.ACCEPTED, [key], at)
        after = evolve(
            before,
            state=state,
            decided_by=by,
            decided_at=at,
            reason=reason,
            version=before.version + 1,
        )
        try:
            done = self.connection.execute(
                update(t.proposals)
                .where(
                    _p.id == before.id,
                    _p.state == before.state.value,
                    _p.version == before.version,
                )
                .values(
                    state=state.value,
                    decided_by=by,
                    decided_at=at,
                    reason=reason,
                    version=after.version,
                )
            ).rowcount
        except IntegrityError as error:
            raise ConflictError("another change of the same field was accepted") from error
        if done != 1:
            raise ConflictError("the proposal has changed meanwhile")
        return after
