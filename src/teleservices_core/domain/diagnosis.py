"""What the help line makes of an account: one case for every combination of facts. Pure.

Cases stand in the order of what to settle first: a letter that has expired
comes before the address that nobody can yet give.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.accounts import Account, AccountState, CredentialLetter
from teleservices_core.domain.localtime import instant, optional_instant


class MailState(StrEnum):
    """What became of a mail."""

    WAITING = "waiting"
    """Queued, or to be tried again."""
    SENT = "sent"
    FAILED = "failed"
    """Given up, or come back."""
    DROPPED = "dropped"
    """Its link was dead before it left: it was never sent."""


def mail_state(
    sent_at: datetime | None, failed_at: datetime | None, dropped_at: datetime | None
) -> MailState:
    """The state of a mail from its dates; one that came back was sent before it failed."""
    if failed_at is not None:
        return MailState.FAILED
    if sent_at is not None:
        return MailState.SENT
    return MailState.WAITING if dropped_at is None else MailState.DROPPED


@frozen
class Sending:
    """A mail, without what it says nor to whom."""

    state: MailState
    at: datetime = field(converter=instant)
    """When it left, or was queued."""


@frozen
class Facts:
    """All that the help line may look at: no address, no secret, nothing of a child."""

    account: Account
    at: datetime = field(converter=instant)
    letter: CredentialLetter | None = None
    """The latest one."""
    confirmation: Sending | None = None
    """The last mail with a link that confirms an address."""
    link_until_at: datetime | None = field(default=None, converter=optional_instant)
    """Until when that link works."""
    bounced: bool = False
    """The last mail to the confirmed address failed for good."""
    wait_until_at: datetime | None = field(default=None, converter=optional_instant)
    """Until when somebody who failed to sign in must wait."""
    has_identity: bool = False
    """The host's sign-in opens the account."""


class Case(StrEnum):
    """What is the matter, and so what to answer."""

    NO_LETTER = "no_letter"
    LETTER_GOOD = "letter_good"
    LETTER_EXPIRED = "letter_expired"
    LETTER_DEAD = "letter_dead"
    """Used, replaced or erased, and no password came of it."""
    NO_ADDRESS = "no_address"
    """Claimed, but no address was given."""
    CONFIRMATION_LEAVING = "confirmation_leaving"
    CONFIRMATION_FAILED = "confirmation_failed"
    CONFIRMATION_SENT = "confirmation_sent"
    CONFIRMATION_OVER = "confirmation_over"
    """The link is dead: too old, or never sent."""
    LOCKED = "locked"
    GROUPED = "grouped"
    CLOSED = "closed"
    MUST_WAIT = "must_wait"
    MUST_RENEW = "must_renew"
    HOST_ONLY = "host_only"
    """No password of its own: the host's sign-in opens it."""
    ADDRESS_FAILS = "address_fails"
    UNREACHABLE = "unreachable"
    """In order, but without an address a lost password cannot be replaced by mail."""
    IN_ORDER = "in_order"


_BY_STATE: Final = {
    AccountState.NEW: Case.NO_LETTER,
    AccountState.LOCKED: Case.LOCKED,
    AccountState.GROUPED: Case.GROUPED,
    AccountState.CLOSED: Case.CLOSED,
}


def diagnose(facts: Facts) -> Case:
    """The one case of an account, whatever the facts."""
    match facts.account.state:
        case AccountState.ISSUED:
            return _of_letter(facts)
        case AccountState.CLAIMED:
            return _of_confirmation(facts)
        case AccountState.ACTIVE:
            return _of_use(facts)
    return _BY_STATE[facts.account.state]


def _of_letter(facts: Facts) -> Case:
    refusal = facts.letter.refusal(facts.at) if facts.letter else "letter_erased"
    if refusal is None:
        return Case.LETTER_GOOD
    return Case.LETTER_EXPIRED if refusal == "letter_expired" else Case.LETTER_DEAD


def _of_confirmation(facts: Facts) -> Case:
    if facts.account.pending_email is None:
        return Case.NO_ADDRESS
    state = facts.confirmation.state if facts.confirmation else MailState.DROPPED
    if state is MailState.FAILED:
        return Case.CONFIRMATION_FAILED
    dead = facts.link_until_at is None or facts.at >= facts.link_until_at
    if dead or state is MailState.DROPPED:
        return Case.CONFIRMATION_OVER
    if state is MailState.WAITING:
        return Case.CONFIRMATION_LEAVING
    return Case.CONFIRMATION_SENT


def _of_use(facts: Facts) -> Case:
    account = facts.account
    if facts.wait_until_at is not None and facts.at < facts.wait_until_at:
        return Case.MUST_WAIT
    if account.must_renew:
        return Case.MUST_RENEW
    if account.password_hash is None and facts.has_identity:
        return Case.HOST_ONLY
    if account.email is None:
        return Case.UNREACHABLE
    return Case.ADDRESS_FAILS if facts.bounced else Case.IN_ORDER


class Remedy(StrEnum):
    """What the help line may do for an account."""

    RESEND = "resend"
    """The mail that confirms an address, again (F20)."""
    RESET = "reset"
    """A link that sets a new password, to the confirmed address (F34)."""
    UNLOCK = "unlock"
    """Open a locked account again, and lift the waits."""
    LOCK = "lock"
    """Close the account to everybody, as a precaution."""


_RESETTABLE: Final = frozenset({AccountState.ACTIVE, AccountState.CLAIMED, AccountState.LOCKED})


def remedies(facts: Facts) -> tuple[Remedy, ...]:
    """What may be done for an account in its present state."""
    account = facts.account
    waits = facts.wait_until_at is not None and facts.at < facts.wait_until_at
    possible = {
        Remedy.RESEND: account.pending_email is not None,
        Remedy.RESET: account.email is not None
        and account.password_hash is not None
        and account.state in _RESETTABLE,
        Remedy.UNLOCK: account.state is AccountState.LOCKED or waits,
        Remedy.LOCK: account.state is AccountState.ACTIVE,
    }
    return tuple(remedy for remedy, is_possible in possible.items() if is_possible)
