"""Accounts, sessions and tokens: rows to values and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    Session,
    SessionPurpose,
    Token,
    TokenPurpose,
)
from teleservices_core.errors import ConflictError
from teleservices_core.ports.drafts import Draft
from teleservices_core.storage import tables as t
from teleservices_core.storage.tables import AnyRow

ACCOUNT_COLUMNS = (
    t.accounts.c.id.label("account_id"),
    t.accounts.c.audience,
    t.accounts.c.login_name,
    t.accounts.c.state,
    t.accounts.c.display_name,
    t.accounts.c.password_hash,
    t.accounts.c.email,
    t.accounts.c.pending_email,
    t.accounts.c.created_at.label("account_created_at"),
    t.accounts.c.last_used_at,
    t.accounts.c.issued_at.label("account_issued_at"),
    t.accounts.c.claimed_at,
    t.accounts.c.password_at,
    t.accounts.c.warned_at,
    t.accounts.c.must_renew,
    t.accounts.c.factor_since,
    t.accounts.c.epoch,
    t.accounts.c.version,
)
_PARAMETERS = 10_000
"""Values in one question; SQLite takes 32,766 and PostgreSQL 65,535."""
WITH_HOLDERS = t.accounts.outerjoin(
    t.account_holders, t.account_holders.c.account_id == t.accounts.c.id
)
"""Accounts, with one row for each person."""
_SELECT = select(*ACCOUNT_COLUMNS, t.account_holders.c.person_id).select_from(WITH_HOLDERS)
_GET = _SELECT.where(t.accounts.c.id == bindparam("key"))
_SEVERAL = _SELECT.where(t.accounts.c.id.in_(bindparam("keys", expanding=True)))
_BY_LOGIN = _SELECT.where(t.accounts.c.login_name == bindparam("key"))
_BY_EMAIL = _SELECT.where(t.accounts.c.email == bindparam("key")).order_by(t.accounts.c.login_name)
_SESSION = (
    select(
        t.sessions.c.id_hash,
        t.sessions.c.purpose,
        t.sessions.c.created_at,
        t.sessions.c.seen_at,
        t.sessions.c.expires_at,
        t.sessions.c.device,
        t.sessions.c.identity_hash,
        t.sessions.c.device_hash,
        t.sessions.c.factor_at,
        *ACCOUNT_COLUMNS,
        t.account_holders.c.person_id,
    )
    .select_from(t.sessions.join(WITH_HOLDERS, t.sessions.c.account_id == t.accounts.c.id))
    .where(t.sessions.c.id_hash == bindparam("id_hash"), t.sessions.c.expires_at > bindparam("at"))
)


def to_account(row: AnyRow, holder_ids: tuple[UUID, ...]) -> Account:
    """An account from a row that has :data:`ACCOUNT_COLUMNS`."""
    return Account(
        id=row.account_id,
        audience=Audience(row.audience),
        login_name=row.login_name,
        state=AccountState(row.state),
        holder_ids=holder_ids,
        display_name=row.display_name,
        password_hash=row.password_hash,
        email=row.email,
        pending_email=row.pending_email,
        created_at=row.account_created_at,
        last_used_at=row.last_used_at,
        issued_at=row.account_issued_at,
        claimed_at=row.claimed_at,
        password_at=row.password_at,
        warned_at=row.warned_at,
        must_renew=row.must_renew,
        factor_since=row.factor_since,
        epoch=row.epoch,
        version=row.version,
    )


def _holders(rows: Sequence[AnyRow]) -> tuple[UUID, ...]:
    return tuple(row.person_id for row in rows if row.person_id is not None)


def _new(account: Account) -> dict[str, Any]:
    created = {"id": account.id, "created_at": account.created_at, "version": 0}
    return created | _values(account)


def _held(account: Account) -> list[dict[str, Any]]:
    return [{"person_id": person, "account_id": account.id} for person in account.holder_ids]


def _values(account: Account) -> dict[str, Any]:
    return {
        "audience": account.audience,
        "login_name": account.login_name,
        "state": account.state,
        "display_name": account.display_name,
        "password_hash": account.password_hash,
        "email": account.email,
        "pending_email": account.pending_email,
        "last_used_at": account.last_used_at,
        "issued_at": account.issued_at,
        "claimed_at": account.claimed_at,
        "password_at": account.password_at,
        "warned_at": account.warned_at,
        "must_renew": account.must_renew,
        "factor_since": account.factor_since,
        "epoch": account.epoch,
    }


@frozen
class Accounts:
    """See :class:`teleservices_core.ports.AccountStore`."""

    connection: Connection

    def _one(self, statement: Any, key: object) -> Account | None:
        rows = self.connection.execute(statement, {"key": key}).all()
        return to_account(rows[0], _holders(rows)) if rows else None

    def get(self, account_id: UUID) -> Account | None:
        """See the port."""
        return self._one(_GET, account_id)

    def hold(self, account_id: UUID) -> Account | None:
        """See the port."""
        held = select(t.accounts.c.id).where(t.accounts.c.id == account_id)
        self.connection.execute(held.with_for_update(key_share=True))
        return self.get(account_id)

    def several(self, account_ids: Collection[UUID]) -> list[Account]:
        """See the port."""
        found: dict[UUID, list[AnyRow]] = {}
        for row in self.connection.execute(_SEVERAL, {"keys": list(account_ids)}):
            found.setdefault(row.account_id, []).append(row)
        return [to_account(rows[0], _holders(rows)) for rows in found.values()]

    def by_login(self, login_name: str) -> Account | None:
        """See the port."""
        return self._one(_BY_LOGIN, login_name.strip().casefold())

    def by_email(self, address: str) -> list[Account]:
        """See the port."""
        rows = self.connection.execute(_BY_EMAIL, {"key": address}).all()
        grouped: dict[UUID, list[AnyRow]] = {}
        for row in rows:
            grouped.setdefault(row.account_id, []).append(row)
        return [to_account(each[0], _holders(each)) for each in grouped.values()]

    def add(self, account: Account) -> None:
        """See the port."""
        self.connection.execute(insert(t.accounts).values(_new(account)))
        self.connection.execute(insert(t.account_holders), _held(account))

    def draft(self, accounts: Sequence[Account], rows: Draft) -> None:
        """See the port."""
        rows.put(t.accounts, map(_new, accounts))
        rows.put(t.account_holders, (held for account in accounts for held in _held(account)))

    def replace(self, before: Account, after: Account) -> Account:
        """See the port."""
        after = evolve(after, version=before.version + 1)
        done = self.connection.execute(
            update(t.accounts)
            .where(t.accounts.c.id == before.id, t.accounts.c.version == before.version)
            .values(version=after.version, **_values(after))
        )
        if done.rowcount != 1:
            raise ConflictError(f"account {before.login_name} has changed meanwhile")
        return after

    def move_holders(self, person_ids: Collection[UUID], before: UUID, after: UUID) -> None:
        """See the port."""
        moved = self.connection.execute(
            update(t.account_holders)
            .where(
                t.account_holders.c.person_id.in_(person_ids),
                t.account_holders.c.account_id == before,
            )
            .values(account_id=after)
        )
        if moved.rowcount != len(person_ids):
            raise ConflictError("persons have changed accounts meanwhile")

    def in_use(self, login_names: Collection[str]) -> set[str]:
        """See the port."""
        name = t.accounts.c.login_name
        asked = list(login_names)
        return {
            found
            for start in range(0, len(asked), _PARAMETERS)
            for found in self.connection.scalars(
                select(name).where(name.in_(asked[start : start + _PARAMETERS]))
            )
        }

    def login_names(self, account_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """See the port."""
        named = select(t.accounts.c.id, t.accounts.c.login_name)
        rows = self.connection.execute(named.where(t.accounts.c.id.in_(account_ids)))
        return {row.id: row.login_name for row in rows}

    def holders_of(self, person_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """See the port."""
        held = select(t.account_holders).where(t.account_holders.c.person_id.in_(person_ids))
        return {row.person_id: row.account_id for row in self.connection.execute(held)}


def _to_session(row: AnyRow) -> Session:
    return Session(
        id_hash=row.id_hash,
        account_id=row.account_id,
        purpose=SessionPurpose(row.purpose),
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        device=row.device,
        identity_hash=row.identity_hash,
        device_hash=row.device_hash,
        factor_at=row.factor_at,
    )


@frozen
class Sessions:
    """See :class:`teleservices_core.ports.SessionStore`."""

    connection: Connection

    def find(self, id_hash: str, at: datetime) -> tuple[Session, Account] | None:
        """See the port."""
        rows = self.connection.execute(_SESSION, {"id_hash": id_hash, "at": at}).all()
        if not rows:
            return None
        return _to_session(rows[0]), to_account(rows[0], _holders(rows))

    def of_account(self, account_id: UUID, at: datetime) -> list[Session]:
        """See the port."""
        mine = select(t.sessions).where(
            t.sessions.c.account_id == account_id, t.sessions.c.expires_at > at
        )
        latest = self.connection.execute(
            mine.order_by(t.sessions.c.seen_at.desc(), t.sessions.c.id_hash)
        )
        return [_to_session(row) for row in latest]

    def add(self, session: Session) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.sessions).values(
                id_hash=session.id_hash,
                account_id=session.account_id,
                purpose=session.purpose,
                created_at=session.created_at,
                seen_at=session.seen_at,
                expires_at=session.expires_at,
                device=session.device,
                identity_hash=session.identity_hash,
                device_hash=session.device_hash,
                factor_at=session.factor_at,
            )
        )

    def touch(self, id_hash: str, seen_at: datetime, expires_at: datetime) -> None:
        """See the port."""
        self.connection.execute(
            update(t.sessions)
            .where(t.sessions.c.id_hash == id_hash)
            .values(seen_at=seen_at, expires_at=expires_at)
        )

    def ask(self, id_hash: str, question: bytes, at: datetime) -> None:
        """See the port."""
        self.connection.execute(
            update(t.sessions)
            .where(t.sessions.c.id_hash == id_hash)
            .values(question=question, question_at=at)
        )

    def take_question(self, id_hash: str, since: datetime) -> bytes | None:
        """See the port."""
        s = t.sessions.c
        mine = s.id_hash == id_hash
        asked = self.connection.execute(select(s.question, s.question_at).where(mine)).first()
        if asked is None or asked.question is None:
            return None
        taken = self.connection.execute(
            update(t.sessions)
            .where(mine, s.question == asked.question)
            .values(question=None, question_at=None)
        )
        is_fresh = taken.rowcount == 1 and asked.question_at > since
        return asked.question if is_fresh else None

    def remove(self, id_hash: str) -> bool:
        """See the port."""
        done = self.connection.execute(delete(t.sessions).where(t.sessions.c.id_hash == id_hash))
        return done.rowcount == 1

    def remove_opened_by(self, identity_hash: str, *, account_id: UUID) -> int:
        """See the port."""
        opened = delete(t.sessions).where(
            t.sessions.c.account_id == account_id, t.sessions.c.identity_hash == identity_hash
        )
        return self.connection.execute(opened).rowcount

    def remove_all(
        self, account_id: UUID, *, but: str | None = None, purpose: SessionPurpose | None = None
    ) -> int:
        """See the port."""
        mine = delete(t.sessions).where(t.sessions.c.account_id == account_id)
        if purpose is not None:
            mine = mine.where(t.sessions.c.purpose == purpose)
        if but is not None:
            mine = mine.where(t.sessions.c.id_hash != but)
        return self.connection.execute(mine).rowcount


def _to_token(columns: Mapping[str, Any]) -> Token:
    return Token(**{**columns, "purpose": TokenPurpose(columns["purpose"])})


@frozen
class Tokens:
    """See :class:`teleservices_core.ports.TokenStore`."""

    connection: Connection

    def add(self, token: Token) -> None:
        """See the port."""
        self.connection.execute(
            update(t.tokens)
            .where(
                t.tokens.c.account_id == token.account_id,
                t.tokens.c.purpose == token.purpose,
                t.tokens.c.used_at.is_(None),
            )
            .values(expires_at=token.created_at)
        )
        self.connection.execute(
            insert(t.tokens).values(
                id=token.id,
                digest=token.digest,
                account_id=token.account_id,
                purpose=token.purpose,
                address=token.address,
                epoch=token.epoch,
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        )

    def _one(self, statement: Any) -> Token | None:
        row = self.connection.execute(statement).first()
        return _to_token(row._asdict()) if row else None

    def find(self, digest: str) -> Token | None:
        """See the port."""
        return self._one(select(t.tokens).where(t.tokens.c.digest == digest))

    def get(self, token_id: UUID) -> tuple[Token, int] | None:
        """See the port."""
        row = self.connection.execute(
            select(t.tokens, t.accounts.c.epoch.label("account_epoch"))
            .join(t.accounts, t.accounts.c.id == t.tokens.c.account_id)
            .where(t.tokens.c.id == token_id)
        ).first()
        if row is None:
            return None
        *columns, account_epoch = row
        return _to_token(dict(zip(t.tokens.c.keys(), columns, strict=True))), account_epoch

    def latest(self, account_id: UUID, purpose: str) -> Token | None:
        """See the port."""
        return self._one(
            select(t.tokens)
            .where(t.tokens.c.account_id == account_id, t.tokens.c.purpose == purpose)
            .order_by(t.tokens.c.created_at.desc())
            .limit(1)
        )

    def use(self, token_id: UUID, at: datetime) -> bool:
        """See the port."""
        done = self.connection.execute(
            update(t.tokens)
            .where(
                t.tokens.c.id == token_id,
                t.tokens.c.used_at.is_(None),
                t.tokens.c.expires_at > at,
            )
            .values(used_at=at)
        )
        return done.rowcount == 1
