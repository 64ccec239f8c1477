"""Audit trail and outbox: what is written beside every change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    Connection,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    union_all,
    update,
)

from teleservices_core.domain.values import Uai
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.storage import tables as t
from teleservices_core.storage.journal_ids import new_journal_id
from teleservices_core.storage.tables import AnyRow
from teleservices_core.storage.tables.journal import DECIDES

_NEWEST = (t.audit.c.at.desc(), t.audit.c.id.desc())


def _to_entry(row: AnyRow) -> AuditEntry:
    return AuditEntry(
        action=row.action,
        at=row.at,
        actor_id=row.actor_id,
        actor=row.actor,
        role=row.role,
        uai=Uai(row.uai) if row.uai else None,
        subject_id=row.subject_id,
        detail=row.detail,
        id=row.id,
    )


def _to_parcel(row: AnyRow) -> Parcel:
    return Parcel(
        id=row.id,
        kind=row.kind,
        to_address=row.to_address,
        context=row.context,
        created_at=row.created_at,
        due_at=row.due_at,
        token_id=row.token_id,
        attempts=row.attempts,
        account_id=row.account_id,
        sent_at=row.sent_at,
        failed_at=row.failed_at,
        dropped_at=row.dropped_at,
    )


WAITING = and_(
    t.outbox.c.sent_at.is_(None), t.outbox.c.failed_at.is_(None), t.outbox.c.dropped_at.is_(None)
)
"""Word for word the condition of the index ``ix_core_outbox_waiting``."""


@frozen
class Audit:
    """See :class:`teleservices_core.ports.AuditStore`."""

    connection: Connection

    def add(self, entry: AuditEntry) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.audit).values(
                id=new_journal_id(),
                at=entry.at,
                actor_id=entry.actor_id,
                actor=entry.actor,
                role=entry.role,
                action=entry.action,
                uai=entry.uai.code if entry.uai else "",
                subject_id=entry.subject_id,
                detail=dict(entry.detail),
            )
        )

    def latest(self, limit: int, *, uai: Uai | None = None) -> list[AuditEntry]:
        """See the port."""
        newest = select(t.audit).order_by(*_NEWEST).limit(limit)
        if uai is not None:
            newest = newest.where(t.audit.c.uai == uai.code)
        return [_to_entry(row) for row in self.connection.execute(newest)]

    def about(
        self, subject_id: UUID, *, limit: int | None = None, but: Collection[str] = ()
    ) -> list[AuditEntry]:
        """See the port."""
        newest = (
            select(t.audit)
            .where(t.audit.c.subject_id == subject_id, t.audit.c.action.not_in(but))
            .order_by(*_NEWEST)
            .limit(limit)
        )
        return [_to_entry(row) for row in self.connection.execute(newest)]

    def by_staff(
        self, account_id: UUID, student_ids: Sequence[UUID], *, limit: int, offset: int
    ) -> tuple[list[AuditEntry], int]:
        """See the port."""
        a, same = t.audit.c, t.audit.alias("same").c
        told = select(same.id).where(
            same.subject_id == account_id,
            same.at == a.at,
            same.actor_id == a.actor_id,
            same.action == a.action,
        )
        found = (
            select(t.audit, func.count().over().label("total"))
            .where(
                a.role != "",
                or_(
                    a.subject_id == account_id,
                    and_(a.subject_id.in_(student_ids), ~told.exists()),
                ),
            )
            .order_by(*_NEWEST)
            .limit(limit)
            .offset(offset)
        )
        rows = self.connection.execute(found).all()
        return [_to_entry(row) for row in rows], rows[0].total if rows else 0

    def search(self, wanted: AuditSearch, limit: int) -> list[AuditEntry]:
        """See the port."""
        a, found = t.audit.c, select(t.audit)
        if wanted.uai is not None:
            found = found.where(a.uai == wanted.uai.code)
        if wanted.persons:
            found = found.where(
                or_(a.actor_id.in_(wanted.persons), a.subject_id.in_(wanted.persons))
            )
        if wanted.actions:
            found = found.where(a.action.in_(wanted.actions))
        if wanted.module_id:
            found = found.where(a.detail["module"].as_string() == wanted.module_id)
        if wanted.from_at is not None:
            found = found.where(a.at >= wanted.from_at)
        if wanted.until_at is not None:
            found = found.where(a.at < wanted.until_at)
        if wanted.before is not None:
            at, last = wanted.before
            # The first comparison bounds the index, the second tells equal instants apart.
            found = found.where(a.at <= at, or_(a.at < at, a.id < last))
        newest = found.order_by(*_NEWEST).limit(limit)
        return [_to_entry(row) for row in self.connection.execute(newest)]

    def decisions(self, uais: Collection[Uai], since: datetime) -> list[AuditEntry]:
        """See the port."""
        found = (
            select(t.audit)
            .where(
                text(DECIDES),
                t.audit.c.uai.in_(["", *(uai.code for uai in uais)]),
                t.audit.c.at >= since,
            )
            .order_by(*_NEWEST)
        )
        return [_to_entry(row) for row in self.connection.execute(found)]

    def consulted(
        self, actor_id: UUID, actions: Collection[str], since: datetime
    ) -> Mapping[tuple[str, Uai | None, UUID | None], datetime]:
        """See the port."""
        a = t.audit.c
        latest = (
            select(a.action, a.uai, a.subject_id, func.max(a.at).label("at"))
            .where(a.actor_id == actor_id, a.action.in_(actions), a.at >= since)
            .group_by(a.action, a.uai, a.subject_id)
        )
        return {
            (row.action, Uai(row.uai) if row.uai else None, row.subject_id): row.at
            for row in self.connection.execute(latest)
        }

    def names(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """See the port."""
        a = t.accounts.c
        accounts = select(a.id, a.display_name, literal("")).where(a.id.in_(ids))
        persons = (
            select(
                table.c.id,
                table.c.first_name,
                func.coalesce(func.nullif(table.c.usage_name, ""), table.c.last_name),
            ).where(table.c.id.in_(ids))
            for table in (t.students, t.adults)
        )
        staff = select(t.staff.c.id, t.staff.c.first_name, t.staff.c.last_name).where(
            t.staff.c.id.in_(ids)
        )
        found = self.connection.execute(union_all(accounts, *persons, staff))
        return {row[0]: " ".join(filter(None, row[1:])) for row in found}


@frozen
class Outbox:
    """See :class:`teleservices_core.ports.upkeep.OutboxStore`."""

    connection: Connection

    def add(self, parcel: Parcel) -> None:
        """See the port."""
        self.add_all([parcel])

    def add_all(self, parcels: Iterable[Parcel]) -> None:
        """See the port."""
        rows = [
            {
                "id": parcel.id,
                "kind": parcel.kind,
                "to_address": parcel.to_address,
                "token_id": parcel.token_id,
                "account_id": parcel.account_id,
                "context": dict(parcel.context),
                "created_at": parcel.created_at,
                "due_at": parcel.due_at,
            }
            for parcel in parcels
        ]
        if rows:
            self.connection.execute(insert(t.outbox), rows)

    def claim(self, at: datetime, until: datetime, limit: int) -> list[Parcel]:
        """See the port."""
        table = t.outbox
        # A common table expression runs once; a subquery may be run again for
        # each row, and would then reserve more than the limit.
        due = (
            select(table.c.id)
            .where(
                WAITING,
                table.c.due_at <= at,
                or_(table.c.claimed_until.is_(None), table.c.claimed_until <= at),
            )
            .order_by(table.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        rows = self.connection.execute(
            update(table)
            .where(table.c.id.in_(select(due.c.id)))
            .values(claimed_until=until)
            .returning(table)
        ).all()
        return [_to_parcel(row) for row in sorted(rows, key=lambda row: row.due_at)]

    def of_account(self, account_id: UUID, limit: int | None = None) -> list[Parcel]:
        """See the port."""
        latest = (
            select(t.outbox)
            .where(t.outbox.c.account_id == account_id)
            .order_by(t.outbox.c.created_at.desc(), t.outbox.c.id.desc())
            .limit(limit)
        )
        return [_to_parcel(row) for row in self.connection.execute(latest)]

    def release(self, parcel_ids: Sequence[UUID]) -> None:
        """See the port."""
        self.connection.execute(
            update(t.outbox).where(t.outbox.c.id.in_(parcel_ids)).values(claimed_until=None)
        )

    def sent(self, parcel_id: UUID, at: datetime) -> bool:
        """See the port."""
        done = self.connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id == parcel_id, t.outbox.c.sent_at.is_(None))
            .values(sent_at=at, last_error=None)
        )
        return done.rowcount == 1

    def retry(self, parcel_id: UUID, error: str, due_at: datetime) -> None:
        """See the port."""
        self.connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id == parcel_id, WAITING)
            .values(
                last_error=error,
                due_at=due_at,
                claimed_until=None,
                attempts=t.outbox.c.attempts + 1,
            )
        )

    def failed(self, parcel_id: UUID, at: datetime, error: str) -> bool:
        """See the port."""
        done = self.connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id == parcel_id, t.outbox.c.failed_at.is_(None))
            .values(last_error=error, failed_at=at)
        )
        return done.rowcount == 1

    def dropped(self, parcel_id: UUID, at: datetime, reason: str) -> None:
        """See the port."""
        self.connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id == parcel_id, WAITING)
            .values(last_error=reason, dropped_at=at)
        )
