"""Second factors: authenticators and recovery codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.second_factor import Authenticator
from teleservices_core.domain.staff import Role
from teleservices_core.storage import tables as t


@frozen
class Factors:
    """See :class:`teleservices_core.ports.factors.FactorStore`."""

    connection: Connection

    def get(self, account_id: UUID) -> Authenticator | None:
        """See the port."""
        table = t.authenticators
        found = select(table.c.secret, table.c.since_at, table.c.last_period)
        row = self.connection.execute(found.where(table.c.account_id == account_id)).first()
        return Authenticator(*row) if row else None

    def put(self, account_id: UUID, authenticator: Authenticator) -> None:
        """See the port."""
        self.remove(account_id)
        self.connection.execute(
            insert(t.authenticators).values(
                account_id=account_id,
                secret=authenticator.secret,
                since_at=authenticator.since_at,
                last_period=authenticator.last_period,
            )
        )

    def reseal(self, account_id: UUID, secret: str) -> None:
        """See the port."""
        table = t.authenticators
        self.connection.execute(
            update(table).where(table.c.account_id == account_id).values(secret=secret)
        )

    def take(self, account_id: UUID, period: int) -> bool:
        """See the port."""
        table = t.authenticators
        done = self.connection.execute(
            update(table)
            .where(table.c.account_id == account_id, table.c.last_period < period)
            .values(last_period=period)
        )
        return done.rowcount == 1

    def remove(self, account_id: UUID) -> None:
        """See the port."""
        table = t.authenticators
        self.connection.execute(delete(table).where(table.c.account_id == account_id))
        self.drop_codes(account_id)

    def put_codes(self, account_id: UUID, digests: Collection[str], at: datetime) -> None:
        """See the port."""
        self.drop_codes(account_id)
        self.connection.execute(
            insert(t.recovery_codes),
            [{"account_id": account_id, "digest": each, "made_at": at} for each in digests],
        )

    def use_code(self, account_id: UUID, digests: Collection[str], at: datetime) -> bool:
        """See the port."""
        table = t.recovery_codes
        done = self.connection.execute(
            update(table)
            .where(
                table.c.account_id == account_id,
                table.c.digest.in_(digests),
                table.c.used_at.is_(None),
            )
            .values(used_at=at)
        )
        return done.rowcount == 1

    def without(self, role: Role, day: date) -> list[str]:
        """See the port."""
        a, held = t.accounts.c, t.assignments.c
        lacking = (
            select(a.login_name)
            .select_from(
                t.accounts.join(t.account_holders, t.account_holders.c.account_id == a.id).join(
                    t.assignments, held.staff_id == t.account_holders.c.person_id
                )
            )
            .where(
                held.role == role,
                or_(held.from_on.is_(None), held.from_on <= day),
                or_(held.until_on.is_(None), held.until_on > day),
                a.state == AccountState.ACTIVE,
                a.factor_since.is_(None),
            )
            .order_by(a.login_name)
        )
        return list(self.connection.scalars(lacking))

    def drop_codes(self, account_id: UUID) -> None:
        """See the port."""
        table = t.recovery_codes
        self.connection.execute(delete(table).where(table.c.account_id == account_id))

    def codes_left(self, account_id: UUID) -> int:
        """See the port."""
        table = t.recovery_codes
        left = select(func.count()).where(
            table.c.account_id == account_id, table.c.used_at.is_(None)
        )
        return self.connection.scalar(left) or 0
