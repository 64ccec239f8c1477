"""When an account closes for want of use, and what is due before (F31, F32): pure rules.

The time given is counted in whole local days: an account holds to the end of
its last day. Who has an address is warned at each step before that day, and
always early enough to sign in: a run that comes late warns first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from teleservices_core.domain.accounts import Account, AccountEvent, AccountState
from teleservices_core.domain.localtime import (
    end_of_day,
    instant,
    local_date,
    midnight,
    optional_instant,
)


@frozen
class Terms:
    """How long accounts last."""

    unclaimed_days: int
    """From the first letter to the password, and again to the confirmed address (F31)."""
    unused_days: int
    """From the last use (F32)."""
    warnings_days: tuple[int, ...]
    """Days before the last one on which its owner is warned, the longest first."""
    zone: ZoneInfo


@frozen
class Standing:
    """An account, with what else its closing depends on."""

    account: Account
    letter_expires_at: datetime | None = field(default=None, converter=optional_instant)
    """End of its newest letter."""
    undone_until_at: datetime | None = field(default=None, converter=optional_instant)
    """Until when a grouped account may take its persons back."""

    @property
    def address(self) -> str | None:
        """Where its owner can be warned: a confirmed address, or the one still to be."""
        account = self.account
        if account.state is AccountState.CLAIMED:
            return account.email or account.pending_email
        return account.email

    @property
    def is_warned(self) -> bool:
        """Whether its owner is warned before it closes: not of a grouping that he made himself."""
        return self.address is not None and self.account.state is not AccountState.GROUPED


class Act(StrEnum):
    """What a run does with an account."""

    WARN = "warn"
    CLOSE = "close"


@frozen
class Due:
    """An act, and when the account closes if nobody uses it."""

    act: Act
    closes_at: datetime


def closes_at(standing: Standing, terms: Terms) -> datetime | None:
    """The instant from which an account has no reason to stay, or None if that never comes.

    A letter still good keeps its account, whatever the 90 days: letters are
    good for three calendar months (F15), which may be longer.
    """
    account = standing.account
    match account.state:
        case AccountState.ISSUED:
            end = _after(account.issued_at or account.created_at, terms.unclaimed_days, terms)
            return _latest(end, standing.letter_expires_at)
        case AccountState.CLAIMED:
            return _after(account.claimed_at or account.created_at, terms.unclaimed_days, terms)
        case AccountState.ACTIVE | AccountState.LOCKED:
            last = account.last_used_at or account.claimed_at or account.created_at
            return _after(last, terms.unused_days, terms)
        case AccountState.GROUPED:
            return standing.undone_until_at
    return None


def due(standing: Standing, terms: Terms, at: datetime) -> Due | None:
    """What is to be done with an account at an instant."""
    end = closes_at(standing, terms)
    if end is None:
        return None
    if not standing.is_warned:
        return Due(Act.CLOSE, end) if at >= end else None
    last_day = local_date(end - timedelta(seconds=1), terms.zone)
    steps = [midnight(last_day - timedelta(days=n), terms.zone) for n in terms.warnings_days]
    begun = [step for step in steps if step <= at]
    if not begun:
        return None
    notice, warned_at = terms.warnings_days[-1], standing.account.warned_at
    if warned_at is None or warned_at < begun[-1]:
        return Due(Act.WARN, max(end, _after(at, notice, terms)))
    end = max(end, _after(warned_at, notice, terms))
    return Due(Act.CLOSE, end) if at >= end else None


def over_if_before(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The instant such that what began before it has had its days, and no other.

    The inverse of the count of days: a database finds by it, with an index,
    the accounts that are due.
    """
    return midnight(local_date(at, zone) - timedelta(days=days), zone)


def _after(start: datetime | None, days: int, terms: Terms) -> datetime:
    if start is None:
        raise ValueError("an account without any date")
    return end_of_day(local_date(start, terms.zone) + timedelta(days=days), terms.zone)


def _latest(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)


def closed(account: Account) -> Account:
    """An account without credentials, address or dates; its name and persons stay.

    Raises :exc:`TransitionError` for one that is closed.
    """
    return evolve(
        account.after(AccountEvent.CLOSE),
        password_hash=None,
        email=None,
        pending_email=None,
        last_used_at=None,
        issued_at=None,
        claimed_at=None,
        warned_at=None,
        must_renew=False,
        factor_since=None,
        epoch=account.epoch + 1,
    )


REASONS: Final[Mapping[AccountState, str]] = {
    AccountState.ISSUED: "unclaimed",
    AccountState.CLAIMED: "unconfirmed",
    AccountState.ACTIVE: "unused",
    AccountState.LOCKED: "unused",
    AccountState.GROUPED: "grouped",
}
"""Why an account closes, by the state it is left in."""


@frozen
class Expected:
    """What time alone brings to the accounts that would close for one reason."""

    reason: str
    warned: int
    """How many are to be warned for the first time."""
    closed: int


@frozen
class LifecycleRun:
    """A run, as recorded: what was warned, closed and erased, by name."""

    id: UUID
    at: datetime = field(converter=instant)
    finished_at: datetime | None = field(default=None, converter=optional_instant)
    """None for one under way, or stopped before its end."""
    counts: Mapping[str, int] = field(factory=dict)
