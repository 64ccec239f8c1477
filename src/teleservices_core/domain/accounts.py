"""The life of an account, as one table.

An account is *claimed* with its credential letter; modules are *opened*.
The diagram of the documentation is made from :data:`TRANSITIONS`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from attrs import evolve, field, frozen

from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.errors import TransitionError


class Audience(StrEnum):
    """Who an account is for."""

    GUARDIAN = "guardian"
    STUDENT = "student"
    STAFF = "staff"


class AccountState(StrEnum):
    """Where an account is in its life."""

    NEW = "new"
    """Known, no letter issued yet."""
    ISSUED = "issued"
    """A letter is out; its provisional password opens the first login."""
    CLAIMED = "claimed"
    """A password is chosen; a guardian's address is still to be confirmed."""
    ACTIVE = "active"
    LOCKED = "locked"
    GROUPED = "grouped"
    """Its persons are held by another account; it waits only for an undoing (F18)."""
    CLOSED = "closed"
    """Credentials erased; a new letter starts again."""


class AccountEvent(StrEnum):
    """What happens to an account."""

    ISSUE_LETTER = "issue_letter"
    CLAIM = "claim"
    COMPLETE = "complete"
    """The address is confirmed, or a student goes on without one."""
    LINK = "link"
    """A host's identity is proved to be this person's; no letter is needed."""
    GROUP = "group"
    UNGROUP = "ungroup"
    LOCK = "lock"
    UNLOCK = "unlock"
    CLOSE = "close"


_S, _E = AccountState, AccountEvent

TRANSITIONS: Final[dict[tuple[AccountState, AccountEvent], AccountState]] = {
    (_S.NEW, _E.ISSUE_LETTER): _S.ISSUED,
    (_S.ISSUED, _E.ISSUE_LETTER): _S.ISSUED,
    (_S.CLAIMED, _E.ISSUE_LETTER): _S.ISSUED,
    (_S.ACTIVE, _E.ISSUE_LETTER): _S.ISSUED,
    (_S.LOCKED, _E.ISSUE_LETTER): _S.ISSUED,
    (_S.CLOSED, _E.ISSUE_LETTER): _S.ISSUED,
    (_S.ISSUED, _E.CLAIM): _S.CLAIMED,
    (_S.CLAIMED, _E.COMPLETE): _S.ACTIVE,
    (_S.NEW, _E.LINK): _S.ACTIVE,
    (_S.ISSUED, _E.LINK): _S.ACTIVE,
    (_S.CLAIMED, _E.LINK): _S.ACTIVE,
    (_S.ACTIVE, _E.LINK): _S.ACTIVE,
    (_S.CLOSED, _E.LINK): _S.ACTIVE,
    (_S.NEW, _E.GROUP): _S.GROUPED,
    (_S.ISSUED, _E.GROUP): _S.GROUPED,
    (_S.CLAIMED, _E.GROUP): _S.GROUPED,
    (_S.ACTIVE, _E.GROUP): _S.GROUPED,
    (_S.CLOSED, _E.GROUP): _S.GROUPED,
    (_S.GROUPED, _E.UNGROUP): _S.ACTIVE,
    (_S.ACTIVE, _E.LOCK): _S.LOCKED,
    (_S.LOCKED, _E.UNLOCK): _S.ACTIVE,
    (_S.NEW, _E.CLOSE): _S.CLOSED,
    (_S.ISSUED, _E.CLOSE): _S.CLOSED,
    (_S.CLAIMED, _E.CLOSE): _S.CLOSED,
    (_S.ACTIVE, _E.CLOSE): _S.CLOSED,
    (_S.LOCKED, _E.CLOSE): _S.CLOSED,
    (_S.GROUPED, _E.CLOSE): _S.CLOSED,
}


def next_state(state: AccountState, event: AccountEvent) -> AccountState:
    """The state after an event. Raises :exc:`TransitionError` off the table."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(state, event) from None


@frozen
class Account:
    """The credentials of one or more persons of one audience.

    ``holder_ids`` are adults for a guardian (several once accounts are
    grouped), the one student, or the one staff member.
    """

    id: UUID
    audience: Audience
    login_name: str
    state: AccountState
    holder_ids: tuple[UUID, ...]
    display_name: str = ""
    password_hash: str | None = field(default=None, repr=False)
    email: str | None = None
    """The confirmed address."""
    pending_email: str | None = None
    """Given, and waiting for its link to be followed."""
    created_at: datetime | None = field(default=None, converter=optional_instant)
    last_used_at: datetime | None = field(default=None, converter=optional_instant)
    issued_at: datetime | None = field(default=None, converter=optional_instant)
    """Edition of the first letter since the account was new, active or closed (F31)."""
    claimed_at: datetime | None = field(default=None, converter=optional_instant)
    """When a password was chosen with that letter (F31)."""
    password_at: datetime | None = field(default=None, converter=optional_instant)
    """When the present password was chosen."""
    warned_at: datetime | None = field(default=None, converter=optional_instant)
    """Last warning that the account will be closed; none since the last use."""
    must_renew: bool = False
    """A password must be chosen before anything else, by order of the académie."""
    factor_since: datetime | None = field(default=None, converter=optional_instant)
    """Since when a code is asked for beside the password; None: it is not."""
    epoch: int = 0
    """Raised by every event that must kill the tokens sent before."""
    version: int = 0
    """Counts the writes; compare-and-set compares it."""

    @property
    def is_usable(self) -> bool:
        """Whether its owner has finished activating it."""
        return self.state in {AccountState.ACTIVE, AccountState.LOCKED}

    @property
    def takes_letter(self) -> bool:
        """Whether a letter gives it a password: one not claimed yet, or that has none.

        An account that a host's identity opens may be active without one.
        """
        return self.state is AccountState.ISSUED or (
            self.state is AccountState.ACTIVE and self.password_hash is None
        )

    def after(self, event: AccountEvent) -> Account:
        """The account after an event. Raises :exc:`TransitionError` off the table."""
        return evolve(self, state=next_state(self.state, event))

    def used(self, at: datetime) -> Account:
        """The account after a sign of life: no warning holds any more.

        One still to be claimed or confirmed stays warned, since signing in is
        not what it waits for.
        """
        waits = self.state in {AccountState.ISSUED, AccountState.CLAIMED}
        return evolve(self, last_used_at=at, warned_at=self.warned_at if waits else None)


class SessionPurpose(StrEnum):
    """What a session may do."""

    FULL = "full"
    FIRST_LOGIN = "first_login"
    """Only the steps of the first login (F11, F12)."""
    RENEWAL = "renewal"
    """Only choosing a password: after a reset link (F34), or when one must be renewed."""


@frozen
class Session:
    """A signed-in browser. Its secret is in the cookie, only the digest is kept."""

    id_hash: str = field(repr=False)
    account_id: UUID
    purpose: SessionPurpose
    created_at: datetime = field(converter=instant)
    seen_at: datetime = field(converter=instant)
    expires_at: datetime = field(converter=instant)
    device: str = ""
    identity_hash: str | None = field(default=None, repr=False)
    """Of the host's identity that opened the session, which ends with it."""
    device_hash: str | None = field(default=None, repr=False)
    """Of the device it is open on, when the account knows it: see :class:`Device`."""
    factor_at: datetime | None = field(default=None, converter=optional_instant)
    """When a second factor was given in it."""

    @property
    def handle(self) -> str:
        """Names the session in its owner's forms; opens nothing."""
        return self.id_hash[:16]


@frozen
class Device:
    """A browser that has signed in to an account, known again by a cookie of its own."""

    account_id: UUID
    digest: str = field(repr=False)
    label: str
    """Short, such as "Firefox, Android"."""
    first_at: datetime = field(converter=instant)
    last_at: datetime = field(converter=instant)


class TokenPurpose(StrEnum):
    """What a mailed link is for."""

    CONFIRM_EMAIL = "confirm_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
    UNDO_EMAIL = "undo_email"
    """Sent to the address that a change replaced."""
    UNDO_GROUPING = "undo_grouping"
    """Sent to the address of an account that was grouped into another."""


_UNDOING: Final = frozenset({TokenPurpose.UNDO_EMAIL, TokenPurpose.UNDO_GROUPING})


@frozen
class Token:
    """A mailed link, seen from the database: single use, bound to purpose, address and epoch."""

    id: UUID
    digest: str = field(repr=False)
    account_id: UUID
    purpose: TokenPurpose
    address: str
    epoch: int
    created_at: datetime = field(converter=instant)
    expires_at: datetime = field(converter=instant)
    used_at: datetime | None = field(default=None, converter=optional_instant)

    def refusal(self, at: datetime, epoch: int) -> str | None:
        """Why the link opens nothing at an instant, or None if it does.

        ``epoch`` is its account's at that instant: whatever raised it killed the
        link, unless the link is there to undo just that.
        """
        if self.used_at is not None:
            return "link_used"
        if at >= self.expires_at or (epoch != self.epoch and self.purpose not in _UNDOING):
            return "link_expired"
        return None


@frozen
class CredentialLetter:
    """A letter handed out by the establishment, seen from its secret's side."""

    id: UUID
    account_id: UUID
    uai: str
    code_hash: str = field(repr=False)
    issued_at: datetime = field(converter=instant)
    expires_at: datetime = field(converter=instant)
    used_at: datetime | None = field(default=None, converter=optional_instant)
    replaced_at: datetime | None = field(default=None, converter=optional_instant)
    handed_at: datetime | None = field(default=None, converter=optional_instant)
    """When the school's office ticked it as handed out."""
    handed_by: str = ""

    def refusal(self, at: datetime) -> str | None:
        """Why the letter opens nothing at an instant, or None if it does (F15, F17)."""
        if self.used_at is not None:
            return "letter_used"
        if self.replaced_at is not None:
            return "letter_replaced"
        if at >= self.expires_at:
            return "letter_expired"
        return None
