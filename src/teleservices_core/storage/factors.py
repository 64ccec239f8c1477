"""Second factors: authenticators, security keys and recovery codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from attrs import fields, frozen
from sqlalchemy import Connection, delete, exists, func, insert, or_, select, update

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.second_factor import Authenticator, Lacking
from teleservices_core.domain.security_keys import SecurityKey
from teleservices_core.domain.staff import Role
from teleservices_core.storage import tables as t

_OF_KEY: Final = tuple(each.name for each in fields(SecurityKey))


def _digest(credential: bytes) -> str:
    return sha256(credential).hexdigest()


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
        self.remove_telephone(account_id)
        self.drop_codes(account_id)
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

    def remove_telephone(self, account_id: UUID) -> bool:
        """See the port."""
        table = t.authenticators
        done = self.connection.execute(delete(table).where(table.c.account_id == account_id))
        return done.rowcount == 1

    def remove(self, account_id: UUID) -> None:
        """See the port."""
        self.remove_telephone(account_id)
        table = t.security_keys
        self.connection.execute(delete(table).where(table.c.account_id == account_id))
        self.drop_codes(account_id)

    def keys(self, account_id: UUID) -> list[SecurityKey]:
        """See the port."""
        table = t.security_keys
        found = select(*(table.c[each] for each in _OF_KEY)).where(table.c.account_id == account_id)
        rows = self.connection.execute(found.order_by(table.c.added_at, table.c.id))
        return [SecurityKey(**row) for row in rows.mappings()]

    def has_key(self, credential: bytes) -> bool:
        """See the port."""
        table = t.security_keys
        known = select(table.c.id).where(table.c.digest == _digest(credential))
        return self.connection.execute(known).first() is not None

    def add_key(self, key: SecurityKey) -> None:
        """See the port."""
        values = {each: getattr(key, each) for each in _OF_KEY}
        self.connection.execute(
            insert(t.security_keys).values(digest=_digest(key.credential), **values)
        )

    def use_key(self, key: SecurityKey, signatures: int, at: datetime) -> bool:
        """See the port."""
        table = t.security_keys
        done = self.connection.execute(
            update(table)
            .where(
                table.c.id == key.id,
                table.c.account_id == key.account_id,
                table.c.signatures == key.signatures,
            )
            .values(signatures=signatures, used_at=at)
        )
        return done.rowcount == 1

    def remove_key(self, account_id: UUID, key_id: UUID) -> bool:
        """See the port."""
        table = t.security_keys
        done = self.connection.execute(
            delete(table).where(table.c.account_id == account_id, table.c.id == key_id)
        )
        return done.rowcount == 1

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

    def without(self, role: Role, day: date, *, but_linked: bool = False) -> list[Lacking]:
        """See the port."""
        a, held = t.accounts.c, t.assignments.c
        began_at = func.coalesce(a.claimed_at, a.created_at)
        lacking = (
            select(a.login_name, began_at)
            .distinct()
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
            .order_by(began_at, a.login_name)
        )
        if but_linked:
            i = t.identities.c
            is_linked = exists().where(i.account_id == a.id, i.unlinked_at.is_(None))
            lacking = lacking.where(~is_linked)
        return [Lacking(*row) for row in self.connection.execute(lacking)]

    def stranded(self, site_id: str) -> list[str]:
        """See the port."""
        a, keys, telephones = t.accounts.c, t.security_keys.c, t.authenticators.c
        mine = exists().where(keys.account_id == a.id, keys.site_id == site_id)
        alone = select(a.login_name).where(
            a.state == AccountState.ACTIVE,
            exists().where(keys.account_id == a.id),
            ~exists().where(telephones.account_id == a.id),
            ~mine,
        )
        return list(self.connection.scalars(alone.order_by(a.login_name)))

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
