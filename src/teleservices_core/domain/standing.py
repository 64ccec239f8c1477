"""Where an account stands, as a school's office sees it.

An account's state and its latest letter together say what the office has to
do: hand out a letter, renew one, wait, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.credentials import fold
from teleservices_core.errors import InvalidValueError


class Standing(StrEnum):
    """What has become of an account; each one has exactly one standing."""

    TO_ISSUE = "to_issue"
    """Known, and never given a letter."""
    ISSUED = "issued"
    """A letter is out, and good."""
    EXPIRED = "expired"
    """A letter is out, and too old to open anything (F15)."""
    AWAITING = "awaiting"
    """Claimed; the address is still to be given or confirmed."""
    ACTIVE = "active"
    LOCKED = "locked"
    CLOSED = "closed"
    """Credentials erased (F31, F32); a new letter starts again."""

    @property
    def is_to_issue(self) -> bool:
        """Whether the person has no letter, and nothing to sign in with."""
        return self in {Standing.TO_ISSUE, Standing.CLOSED}

    @property
    def is_claimed(self) -> bool:
        """Whether the person has chosen a password."""
        return self in {Standing.AWAITING, Standing.ACTIVE, Standing.LOCKED}


@frozen
class LetterTrace:
    """A letter seen from the office's side: its dates, without its secret."""

    id: UUID
    uai: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    handed_at: datetime | None = None
    handed_by: str = ""

    @property
    def is_handed(self) -> bool:
        """Whether the person has it: ticked by the office, or known from its use."""
        return self.handed_at is not None or self.used_at is not None


@frozen
class Situation:
    """A standing with its dates, where they are known."""

    standing: Standing
    since_at: datetime | None = None
    until_at: datetime | None = None
    """The first instant at which it no longer holds by itself."""


_STANDINGS: Final = {
    AccountState.NEW: Standing.TO_ISSUE,
    AccountState.ISSUED: Standing.ISSUED,
    AccountState.CLAIMED: Standing.AWAITING,
    AccountState.ACTIVE: Standing.ACTIVE,
    AccountState.LOCKED: Standing.LOCKED,
    AccountState.CLOSED: Standing.CLOSED,
}


def situation(
    state: AccountState, claimed_at: datetime | None, letter: LetterTrace | None, at: datetime
) -> Situation:
    """Where an account with its latest letter stands at an instant.

    Raises :exc:`InvalidValueError` for a grouped account: it holds nobody, so
    that no school has it.
    """
    if state is AccountState.GROUPED:
        raise InvalidValueError("standing", state, "a grouped account has none")
    standing = _STANDINGS[state]
    if standing is Standing.ISSUED and letter is not None:
        if at >= letter.expires_at:
            return Situation(Standing.EXPIRED, letter.expires_at)
        return Situation(standing, letter.issued_at, letter.expires_at)
    if standing in {Standing.AWAITING, Standing.ACTIVE}:
        return Situation(standing, claimed_at)
    return Situation(standing)


class EmailState(StrEnum):
    """Whether an account can be reached by mail."""

    NONE = "none"
    PENDING = "pending"
    """Given, and waiting for its link to be followed (F12)."""
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"
    """The last mail to its address failed for good."""


def email_state(email: str | None, pending_email: str | None, *, bounced: bool) -> EmailState:
    """The state of an account's address; one that bounces helps nobody, whatever else it is."""
    if email is None and pending_email is None:
        return EmailState.NONE
    if bounced:
        return EmailState.BOUNCED
    return EmailState.PENDING if email is None else EmailState.CONFIRMED


def masked(address: str) -> str:
    """An address that its owner recognizes, and nobody else learns: « an…@example.org »."""
    name, _at, host = address.rpartition("@")
    return f"{name[: min(2, len(name) - 1)]}…@{host}"


class LetterChoice(StrEnum):
    """Which accounts letters are issued for. None touches an account already claimed."""

    NEVER = "never"
    """No letter is out."""
    EXPIRED = "expired"
    NOT_HANDED = "not_handed"
    """A letter is out, good, and not ticked as handed over: printed in vain, or lost."""
    UNUSED = "unused"
    """All that were never claimed."""

    def covers(self, standing: Standing, letter: LetterTrace | None) -> bool:
        """Whether an account is chosen."""
        match self:
            case LetterChoice.NEVER:
                return standing.is_to_issue
            case LetterChoice.EXPIRED:
                return standing is Standing.EXPIRED
            case LetterChoice.NOT_HANDED:
                is_handed = letter is not None and letter.is_handed
                return standing is Standing.ISSUED and not is_handed
        return not standing.is_claimed


def speaks_of(words: str, names: Iterable[str]) -> bool:
    """Whether each word typed is part of one of the names; accents, case and signs are no matter.

    >>> speaks_of("leo mart", ["Mme Anne MARTIN", "Léo PETIT-MARTIN"])
    True
    """
    said = " ".join(fold(name) for name in names)
    return all(fold(word) in said for word in words.split())
