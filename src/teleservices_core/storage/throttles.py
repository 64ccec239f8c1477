"""Counters of failed attempts, and the devices that an account knows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, and_, case, delete, or_, select, update

from teleservices_core.domain.accounts import Account, Device
from teleservices_core.ports import Throttle
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_or_update, upserting


@frozen
class Throttles:
    """See :class:`teleservices_core.ports.ThrottleStore`."""

    connection: Connection

    def get(self, key: str) -> Throttle:
        """See the port."""
        row = self.connection.execute(select(t.throttles).where(t.throttles.c.key == key)).first()
        return Throttle(row.failures, row.blocked_until) if row else Throttle()

    def count(
        self, key: str, at: datetime, forget_before: datetime, account: Account | None = None
    ) -> int | None:
        """See the port."""
        table = t.throttles
        # The same statement for an account that does not exist.
        whose = {
            "account_id": account.id if account else None,
            "epoch": account.epoch if account else 0,
        }
        # Checked and raised in one statement: it locks the row, and so the next
        # attempt waits for this transaction, which may yet block the key.
        counted = upserting(
            self.connection,
            table,
            {"key": key, "failures": 1, "last_at": at, **whose},
            {
                "failures": case((table.c.last_at <= forget_before, 1), else_=table.c.failures + 1),
                "last_at": at,
                "blocked_until": None,
            },
            where=or_(table.c.blocked_until.is_(None), table.c.blocked_until <= at),
        )
        failures: int | None = self.connection.scalar(counted.returning(table.c.failures))
        return failures

    def block(self, key: str, until: datetime) -> None:
        """See the port."""
        table = t.throttles
        self.connection.execute(update(table).where(table.c.key == key).values(blocked_until=until))

    def take_back(self, key: str) -> None:
        """See the port."""
        table = t.throttles
        self.connection.execute(
            update(table)
            .where(table.c.key == key, table.c.failures > 0)
            .values(failures=table.c.failures - 1, blocked_until=None)
        )

    def clear(self, key: str) -> None:
        """See the port."""
        self.connection.execute(delete(t.throttles).where(t.throttles.c.key == key))

    def longest_wait(self, account: Account, at: datetime) -> datetime | None:
        """See the port."""
        table = t.throttles
        found: datetime | None = self.connection.scalar(
            select(table.c.blocked_until)
            .where(
                table.c.account_id == account.id,
                table.c.epoch == account.epoch,
                table.c.blocked_until > at,
            )
            .order_by(table.c.blocked_until.desc())
            .limit(1)
        )
        return found


@frozen
class Devices:
    """See :class:`teleservices_core.ports.DeviceStore`."""

    connection: Connection

    def of_account(self, account_id: UUID) -> list[Device]:
        """See the port."""
        table = t.devices
        mine = select(table).where(table.c.account_id == account_id)
        rows = self.connection.execute(mine.order_by(table.c.last_at.desc()))
        return [Device(**row._asdict()) for row in rows]

    def remember(self, device: Device) -> None:
        """See the port."""
        insert_or_update(
            self.connection,
            t.devices,
            {
                "account_id": device.account_id,
                "digest": device.digest,
                "label": device.label,
                "first_at": device.first_at,
                "last_at": device.last_at,
            },
            {"label": device.label, "last_at": device.last_at},
        )

    def forget(self, account_id: UUID, *, but: str | None = None) -> None:
        """See the port."""
        table = t.devices
        mine = table.c.account_id == account_id
        if but is not None:
            mine = and_(mine, table.c.digest != but)
        self.connection.execute(delete(table).where(mine))

    def forget_old(self, account_id: UUID, before: datetime, keep: int) -> None:
        """See the port."""
        table = t.devices
        mine = table.c.account_id == account_id
        latest = select(table.c.digest).where(mine).order_by(table.c.last_at.desc()).limit(keep)
        old = or_(table.c.last_at < before, table.c.digest.not_in(latest))
        self.connection.execute(delete(table).where(mine, old))
