"""Host identities and the accounts they sign in to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, and_, bindparam, select, update

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.identities import ExternalIdentity, LinkedIdentity
from teleservices_core.storage import tables as t
from teleservices_core.storage.accounts import ACCOUNT_COLUMNS, WITH_HOLDERS, to_account
from teleservices_core.storage.bulk import insert_if_new
from teleservices_core.storage.tables import AnyRow

_I = t.identities.c
_FIND = (
    select(
        *t.identities.c,
        *(column for column in ACCOUNT_COLUMNS if column.name != "account_id"),
        t.account_holders.c.person_id,
    )
    .select_from(t.identities.join(WITH_HOLDERS, t.accounts.c.id == _I.account_id))
    .where(_I.issuer == bindparam("issuer"), _I.subject == bindparam("subject"))
)


def _to_identity(row: AnyRow) -> LinkedIdentity:
    return LinkedIdentity(
        row.issuer, row.subject, row.account_id, row.linked_at, row.seen_at, row.unlinked_at
    )


@frozen
class Identities:
    """See :class:`teleservices_core.ports.IdentityStore`."""

    connection: Connection

    def find(self, identity: ExternalIdentity) -> tuple[LinkedIdentity, Account] | None:
        """See the port."""
        asked = {"issuer": identity.issuer, "subject": identity.subject}
        rows = self.connection.execute(_FIND, asked).all()
        if not rows:
            return None
        holders = tuple(row.person_id for row in rows if row.person_id is not None)
        return _to_identity(rows[0]), to_account(rows[0], holders)

    def of_accounts(self, account_ids: Sequence[UUID]) -> list[LinkedIdentity]:
        """See the port."""
        mine = select(t.identities).where(_I.account_id.in_(account_ids), _I.unlinked_at.is_(None))
        return [_to_identity(row) for row in self.connection.execute(mine.order_by(_I.linked_at))]

    def link(
        self,
        identity: ExternalIdentity,
        account_id: UUID,
        at: datetime,
        *,
        before: LinkedIdentity | None,
    ) -> bool:
        """See the port."""
        values = {"account_id": account_id, "linked_at": at, "seen_at": at, "unlinked_at": None}
        if before is None:
            key = {"issuer": identity.issuer, "subject": identity.subject}
            return insert_if_new(self.connection, t.identities, key | values) == 1
        done = self.connection.execute(
            update(t.identities)
            .where(
                _this(identity.issuer, identity.subject),
                _I.account_id == before.account_id,
                _I.linked_at == before.linked_at,
            )
            .values(**values)
        )
        return done.rowcount == 1

    def seen(self, identity: ExternalIdentity, at: datetime) -> None:
        """See the port."""
        this = _this(identity.issuer, identity.subject)
        self.connection.execute(update(t.identities).where(this).values(seen_at=at))

    def unlink(self, identity: LinkedIdentity, at: datetime) -> bool:
        """See the port."""
        this = and_(
            _this(identity.issuer, identity.subject),
            _I.account_id == identity.account_id,
            _I.unlinked_at.is_(None),
        )
        done = self.connection.execute(update(t.identities).where(this).values(unlinked_at=at))
        return done.rowcount == 1


def _this(issuer: str, subject: str) -> ColumnElement[bool]:
    return and_(_I.issuer == issuer, _I.subject == subject)
