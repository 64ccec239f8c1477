"""Deltas: which changes went to the school base together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, Row, Select, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Responsibility
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as core
from teleservices_core.storage.importing_rows import (
    to_details,
    to_link,
    to_schooling,
    to_student,
)
from teleservices_fiche.model import Proposal, ProposalState
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.deciding import STUDENT_NAME, filed_where, to_filed
from teleservices_fiche.store.proposals import to_proposal
from teleservices_fiche.usecases.school_ports import Batch, Filed, Pupil

_p: Final = t.proposals.c
_b: Final = t.batches.c
_NEVER_CARRIED: Final = (_p.state == ProposalState.ACCEPTED.value) & _p.batch.is_(None)


def _to_batch(row: Row[Any]) -> Batch:
    return Batch(
        Uai(row.uai), row.number, SchoolYear(row.school_year), row.at, row.made_by, row.changes
    )


@frozen
class Batches:
    """See :class:`teleservices_fiche.usecases.school_ports.BatchStore`."""

    connection: Connection

    def open(self, uai: Uai, year: SchoolYear, at: datetime, by: str) -> Batch | None:
        """See the port."""
        last = select(func.max(_b.number)).where(_b.uai == uai.code)
        number = (self.connection.scalar(last) or 0) + 1
        row = {
            "uai": uai.code,
            "number": number,
            "school_year": year.start,
            "at": at,
            "made_by": by,
            "changes": 0,
        }
        try:
            # First, so that of two at once the second one waits here, and finds it is late.
            self.connection.execute(insert(t.batches).values(row))
        except IntegrityError as error:
            raise ConflictError("another delta is made at once") from error
        changes = self.connection.execute(
            update(t.proposals)
            .where(_p.uai == uai.code, _NEVER_CARRIED)
            .values(batch=number, exported_at=at, version=_p.version + 1)
        ).rowcount
        here = (_b.uai == uai.code) & (_b.number == number)
        if not changes:
            self.connection.execute(t.batches.delete().where(here))
            return None
        self.connection.execute(update(t.batches).where(here).values(changes=changes))
        return Batch(uai, number, year, at, by, changes)

    def pending(self, uai: Uai) -> int:
        """See the port."""
        found = select(func.count()).where(_p.uai == uai.code, _NEVER_CARRIED)
        return self.connection.scalar(found) or 0

    def batches(self, uai: Uai, limit: int) -> list[Batch]:
        """See the port."""
        rows = self.connection.execute(
            select(t.batches).where(_b.uai == uai.code).order_by(_b.number.desc()).limit(limit)
        )
        return [_to_batch(row) for row in rows]

    def get(self, uai: Uai, number: int) -> Batch | None:
        """See the port."""
        row = self.connection.execute(
            select(t.batches).where(_b.uai == uai.code, _b.number == number)
        ).first()
        return _to_batch(row) if row else None

    def carried(self, uai: Uai, number: int) -> list[Filed]:
        """See the port."""
        rows = self.connection.execute(filed_where(_p.uai == uai.code, _p.batch == number))
        return [to_filed(row) for row in rows]

    def in_force_at(self, uai: Uai, number: int, persons: Collection[UUID]) -> list[Proposal]:
        """See the port."""
        rows = self.connection.execute(
            select(t.proposals)
            .where(
                _p.uai == uai.code,
                _p.person_id.in_(persons),
                _p.batch <= number,
                # What was replaced or refused after it was carried did not stop being carried.
                or_(_p.state == ProposalState.ACCEPTED.value, _p.batch == number),
            )
            .order_by(_p.batch, _p.made_at)
        )
        return [to_proposal(row) for row in rows]

    def pupils(self, ids: Collection[UUID], uai: Uai, year: SchoolYear) -> list[Pupil]:
        """See the port."""
        s, k = core.schoolings.c, core.siecle_keys.c
        here = (s.student_id == core.students.c.id) & (s.uai == uai.code)
        known = (k.entity_id == s.student_id) & (k.uai == s.uai) & (k.kind == "student")
        wanted: Select[Any] = (
            select(*core.schoolings.c, *core.students.c, k.siecle_id)
            .select_from(
                core.students.join(core.schoolings, here).outerjoin(core.siecle_keys, known)
            )
            .where(core.students.c.id.in_(ids), s.school_year == year.start)
            .order_by(s.class_group, STUDENT_NAME, s.student_id)
        )
        return [
            Pupil(to_student(row), to_details(row), to_schooling(row), row.siecle_id or "")
            for row in self.connection.execute(wanted)
        ]

    def links(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[Responsibility]]:
        """See the port."""
        r = core.responsibilities.c
        found: dict[UUID, list[Responsibility]] = defaultdict(list)
        for row in self.connection.execute(
            select(core.responsibilities)
            .where(r.student_id.in_(student_ids))
            .order_by(r.student_id, r.level, r.adult_id)
        ):
            found[row.student_id].append(to_link(row))
        return found
