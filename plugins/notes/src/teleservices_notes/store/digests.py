"""How often accounts want to be written to of new marks, on one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import and_, bindparam, func, or_, select, update

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as core
from teleservices_core.storage.bulk import insert_if_new, upsert
from teleservices_notes.model import DigestChoice, Frequency
from teleservices_notes.store.reader_tables import digests_table
from teleservices_notes.store.readers import ReaderMarks

_d, _acc, _h, _s, _l = (
    digests_table.c,
    core.accounts.c,
    core.account_holders.c,
    core.schoolings.c,
    core.responsibilities.c,
)
_ACCOUNTS: Final[Any] = bindparam("account_ids", expanding=True)
_WRITABLE = and_(
    _acc.state.in_([AccountState.ACTIVE, AccountState.LOCKED]),
    _acc.audience.in_([Audience.GUARDIAN, Audience.STUDENT]),
    _acc.email.is_not(None),
)
"""A confirmed address, and a person who has finished activating the account."""
_CHOICES = select(_d.account_id, _d.frequency, _d.weekday).where(_d.account_id.in_(_ACCOUNTS))
_UNENROLLED = (
    select(_acc.id, func.coalesce(_acc.claimed_at, _acc.created_at, bindparam("at")))
    .select_from(core.accounts.outerjoin(digests_table, _d.account_id == _acc.id))
    .where(_d.account_id.is_(None), _WRITABLE)
    .order_by(_acc.id)
    .limit(bindparam("limit"))
)
# Those of one school and class follow each other, so that a batch reads few assessments.
_PLACE = func.min(_s.uai + _s.class_group)
_DUE = (
    select(_d.account_id)
    .select_from(
        digests_table.join(core.accounts, _acc.id == _d.account_id)
        .outerjoin(core.account_holders, _h.account_id == _d.account_id)
        .outerjoin(core.responsibilities, _l.adult_id == _h.person_id)
        .outerjoin(
            core.schoolings,
            and_(
                or_(_s.student_id == _l.student_id, _s.student_id == _h.person_id),
                _s.school_year == bindparam("year"),
            ),
        )
    )
    .where(_d.due_at <= bindparam("at"), _WRITABLE)
    .group_by(_d.account_id)
    .order_by(_PLACE, _d.account_id)
)
_CLAIM = (
    select(_d.account_id, _d.frequency, _d.weekday)
    .join(core.accounts, _acc.id == _d.account_id)
    .where(_d.account_id.in_(_ACCOUNTS), _d.due_at <= bindparam("at"), _WRITABLE)
    .with_for_update(of=digests_table, skip_locked=True)
)


@frozen
class DigestMarks(ReaderMarks):
    """See :class:`teleservices_notes.usecases.reader_ports.DigestStore`."""

    def choice(self, account_id: UUID) -> DigestChoice:
        """See the port."""
        return self.choices([account_id]).get(account_id, DigestChoice())

    def choices(self, account_ids: Collection[UUID]) -> Mapping[UUID, DigestChoice]:
        """See the port."""
        rows = self.connection.execute(_CHOICES, {"account_ids": list(account_ids)})
        return {row.account_id: _to_choice(row) for row in rows}

    def replace_choice(
        self, account_id: UUID, before: DigestChoice, after: DigestChoice, due_at: datetime | None
    ) -> None:
        """See the port."""
        row = _row(account_id, after, due_at)
        if before == DigestChoice() and insert_if_new(self.connection, digests_table, row):
            return
        changed = self.connection.execute(
            update(digests_table)
            .where(_d.account_id == account_id)
            .where(_d.frequency == before.frequency, _d.weekday == before.weekday)
            .values(row)
        )
        if changed.rowcount != 1:
            raise ConflictError("the choice has changed meanwhile")

    def unenrolled(self, at: datetime, limit: int) -> list[tuple[UUID, datetime]]:
        """See the port."""
        rows = self.connection.execute(_UNENROLLED, {"at": at, "limit": limit})
        return [(row[0], row[1]) for row in rows]

    def enroll(self, rows: Iterable[tuple[UUID, DigestChoice, datetime | None]]) -> None:
        """See the port."""
        columns = tuple(column.name for column in digests_table.c)
        values = (_row(*row) for row in rows)
        upsert(self.connection, digests_table, values, columns=columns, update=())

    def due(self, at: datetime, school_year: SchoolYear) -> list[UUID]:
        """See the port."""
        return list(self.connection.execute(_DUE, {"at": at, "year": school_year.start}).scalars())

    def claim(self, account_ids: Collection[UUID], at: datetime) -> Mapping[UUID, DigestChoice]:
        """See the port."""
        rows = self.connection.execute(_CLAIM, {"account_ids": list(account_ids), "at": at})
        return {row.account_id: _to_choice(row) for row in rows}

    def postpone(self, due: Iterable[tuple[UUID, datetime | None]]) -> None:
        """See the port."""
        rows = [{"id": account_id, "at": due_at} for account_id, due_at in due]
        if rows:
            one = update(digests_table).where(_d.account_id == bindparam("id"))
            self.connection.execute(one.values(due_at=bindparam("at")), rows)


def _to_choice(row: Any) -> DigestChoice:
    return DigestChoice(Frequency(row.frequency), row.weekday)


def _row(account_id: UUID, choice: DigestChoice, due_at: datetime | None) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "frequency": choice.frequency.value,
        "weekday": choice.weekday,
        "due_at": due_at,
    }
