"""Accounts, their sessions, links, waits and devices."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from attrs import field, frozen

from teleservices_core.domain.accounts import (
    Account,
    Device,
    Session,
    SessionPurpose,
    Token,
)
from teleservices_core.ports.drafts import Draft


@frozen
class Throttle:
    """Recent failures against one key, such as an account from one source."""

    failures: int = 0
    blocked_until: datetime | None = field(default=None)


class AccountStore(Protocol):
    """Accounts and the persons they hold."""

    def get(self, account_id: UUID) -> Account | None:
        """The account, or None."""
        ...

    def hold(self, account_id: UUID) -> Account | None:
        """The account as it is now; nobody else writes it before this transaction ends."""
        ...

    def several(self, account_ids: Collection[UUID]) -> list[Account]:
        """The accounts of some ids, in no order, in one statement."""
        ...

    def by_login(self, login_name: str) -> Account | None:
        """The account of a login name, compared without case."""
        ...

    def by_email(self, address: str) -> list[Account]:
        """Accounts with this confirmed address: parents may share one."""
        ...

    def add(self, account: Account) -> None:
        """Create an account and attach its holders."""
        ...

    def replace(self, before: Account, after: Account) -> Account:
        """Compare-and-set. Raises ConflictError if ``before`` is not the stored version."""
        ...

    def move_holders(self, person_ids: Collection[UUID], before: UUID, after: UUID) -> None:
        """Compare-and-set. Raises ConflictError unless account ``before`` holds all of them."""
        ...

    def draft(self, accounts: Sequence[Account], rows: Draft) -> None:
        """Add to ``rows`` new accounts and their holders."""
        ...

    def in_use(self, login_names: Collection[str]) -> set[str]:
        """Those of the login names that are in use."""
        ...

    def login_names(self, account_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """The identifiers of accounts."""
        ...

    def holders_of(self, person_ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Account of each person that has one."""
        ...


class SessionStore(Protocol):
    """Signed-in browsers."""

    def find(self, id_hash: str, at: datetime) -> tuple[Session, Account] | None:
        """The session not yet expired, with its account, in one statement."""
        ...

    def of_account(self, account_id: UUID, at: datetime) -> list[Session]:
        """The sessions of an account not yet expired, the latest used first."""
        ...

    def add(self, session: Session) -> None:
        """Store a new session."""
        ...

    def touch(self, id_hash: str, seen_at: datetime, expires_at: datetime) -> None:
        """Note that the session is in use."""
        ...

    def ask(self, id_hash: str, question: bytes, at: datetime) -> None:
        """Note what a security key is asked to sign in a session: the last one counts."""
        ...

    def take_question(self, id_hash: str, since: datetime) -> bytes | None:
        """Compare-and-set: to one caller, what was asked ``since``; then it is forgotten."""
        ...

    def remove(self, id_hash: str) -> bool:
        """Close one session; False when it was closed already."""
        ...

    def remove_opened_by(self, identity_hash: str, *, account_id: UUID) -> int:
        """Close the sessions that an identity opened; returns how many."""
        ...

    def remove_all(
        self, account_id: UUID, *, but: str | None = None, purpose: SessionPurpose | None = None
    ) -> int:
        """Close an account's sessions, or those of a purpose; returns how many."""
        ...


class TokenStore(Protocol):
    """Mailed links."""

    def add(self, token: Token) -> None:
        """Store a token; earlier ones for the same account and purpose die."""
        ...

    def find(self, digest: str) -> Token | None:
        """The token of a digest."""
        ...

    def get(self, token_id: UUID) -> tuple[Token, int] | None:
        """A token, with the present epoch of its account."""
        ...

    def use(self, token_id: UUID, at: datetime) -> bool:
        """Compare-and-set: True for the one caller that uses it."""
        ...

    def latest(self, account_id: UUID, purpose: str) -> Token | None:
        """The newest token of a purpose, used or not."""
        ...


class ThrottleStore(Protocol):
    """Counters of failed attempts, shared by all processes."""

    def get(self, key: str) -> Throttle:
        """The counter of a key, zero when unknown."""
        ...

    def count(
        self, key: str, at: datetime, forget_before: datetime, account: Account | None = None
    ) -> int | None:
        """Count one attempt as a failure and return the new number, or None while the key waits.

        Atomic, and held until the end of the transaction: nobody slips between
        the count and the :meth:`block` that it leads to. What was last counted
        up to ``forget_before`` is forgotten.

        ``account`` lets the help line find the waits of an account, whose keys
        name no one.
        """
        ...

    def block(self, key: str, until: datetime) -> None:
        """Refuse the key until an instant."""
        ...

    def take_back(self, key: str) -> None:
        """Count one attempt less, which was no failure, and lift the wait it caused."""
        ...

    def clear(self, key: str) -> None:
        """Forget a key."""
        ...

    def longest_wait(self, account: Account, at: datetime) -> datetime | None:
        """Until when some source must wait before it tries an account again.

        Waits that a raised epoch has lifted do not count.
        """
        ...


class DeviceStore(Protocol):
    """Browsers that have signed in to an account."""

    def of_account(self, account_id: UUID) -> list[Device]:
        """Those that an account knows, the latest used first."""
        ...

    def remember(self, device: Device) -> None:
        """Note the use of a device, new or known."""
        ...

    def forget(self, account_id: UUID, *, but: str | None = None) -> None:
        """Forget the devices of an account, except the one of a digest."""
        ...

    def forget_old(self, account_id: UUID, before: datetime, keep: int) -> None:
        """Forget those last used before an instant, and all but the latest ``keep``."""
        ...
