"""Audit trail and outbox: what is written beside every change."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, insert, or_, select, update
from uuid6 import uuid7

from teleservices_core.domain.values import Uai
from teleservices_core.ports import AuditEntry, Parcel
from teleservices_core.storage import tables as t


@frozen
class Audit:
    """See :class:`teleservices_core.ports.AuditStore`."""

    connection: Connection

    def add(self, entry: AuditEntry) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.audit).values(
                id=uuid7(),
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
        newest = select(t.audit).order_by(t.audit.c.at.desc(), t.audit.c.id.desc()).limit(limit)
        if uai is not None:
            newest = newest.where(t.audit.c.uai == uai.code)
        return [
            AuditEntry(
                action=row.action,
                at=row.at,
                actor_id=row.actor_id,
                actor=row.actor,
                role=row.role,
                uai=Uai(row.uai) if row.uai else None,
                subject_id=row.subject_id,
                detail=row.detail,
            )
            for row in self.connection.execute(newest)
        ]


@frozen
class Outbox:
    """See :class:`teleservices_core.ports.OutboxStore`."""

    connection: Connection

    def add(self, parcel: Parcel) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.outbox).values(
                id=parcel.id,
                kind=parcel.kind,
                to_address=parcel.to_address,
                token_id=parcel.token_id,
                account_id=parcel.account_id,
                context=dict(parcel.context),
                created_at=parcel.created_at,
                due_at=parcel.due_at,
            )
        )

    def claim(self, at: datetime, until: datetime, limit: int) -> list[Parcel]:
        """See the port."""
        table = t.outbox
        due = (
            select(table.c.id)
            .where(
                table.c.sent_at.is_(None),
                table.c.failed_at.is_(None),
                table.c.due_at <= at,
                or_(table.c.claimed_until.is_(None), table.c.claimed_until <= at),
            )
            .order_by(table.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self.connection.execute(
            update(table)
            .where(table.c.id.in_(due.scalar_subquery()))
            .values(claimed_until=until, attempts=table.c.attempts + 1)
            .returning(table)
        ).all()
        return [
            Parcel(
                id=row.id,
                kind=row.kind,
                to_address=row.to_address,
                context=row.context,
                created_at=row.created_at,
                due_at=row.due_at,
                token_id=row.token_id,
                attempts=row.attempts,
                account_id=row.account_id,
            )
            for row in sorted(rows, key=lambda row: row.due_at)
        ]

    def sent(self, parcel_id: UUID, at: datetime) -> None:
        """See the port."""
        self.connection.execute(
            update(t.outbox).where(t.outbox.c.id == parcel_id).values(sent_at=at, last_error=None)
        )

    def failed(self, parcel_id: UUID, error: str, retry_at: datetime | None) -> None:
        """See the port."""
        outcome = {"failed_at": t.outbox.c.due_at} if retry_at is None else {"due_at": retry_at}
        self.connection.execute(
            update(t.outbox)
            .where(t.outbox.c.id == parcel_id)
            .values(last_error=error, claimed_until=None, **outcome)
        )
