"""Several accounts of one person, brought together (F18): pure rules.

A grouping says that an account gave its persons to another one. Groupings in
force make a forest: an account gives its persons at most once, to an account
that has not given its own. Undoing one gives back whatever it brought.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from attrs import evolve, field, frozen

from teleservices_core.domain.accounts import Account, AccountEvent, AccountState
from teleservices_core.domain.credentials import fold
from teleservices_core.domain.lifecycle import closed
from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.domain.roster import Adult


@frozen
class Grouping:
    """``other_id`` gave its persons to ``account_id``."""

    id: UUID
    account_id: UUID
    other_id: UUID
    person_ids: tuple[UUID, ...]
    """Those that undoing gives back; fewer once some of them have left by another undoing."""
    at: datetime = field(converter=instant)
    until_at: datetime = field(converter=instant)
    """From when it can no longer be undone."""
    undone_at: datetime | None = field(default=None, converter=optional_instant)

    def may_be_undone(self, at: datetime) -> bool:
        """Whether it can still be undone at an instant."""
        return self.undone_at is None and at < self.until_at


def same_person(one: Adult, other: Adult) -> bool:
    """Whether two adults bear the same name: a first name, and one of their surnames.

    Accents, hyphens, case and spaces do not matter, nor which of the family
    name and the usage name a school recorded. A name without any Latin letter
    agrees with none: the school decides.
    """
    first_name = fold(one.first_name)
    return (
        first_name != ""
        and first_name == fold(other.first_name)
        and not _surnames(one).isdisjoint(_surnames(other))
    )


def _surnames(adult: Adult) -> set[str]:
    return {fold(adult.last_name), fold(adult.usage_name)} - {""}


def same_holder(mine: Iterable[Adult], theirs: Iterable[Adult]) -> bool:
    """Whether the adults of two accounts are one person, as far as names tell."""
    others = list(theirs)
    return any(same_person(one, other) for one in mine for other in others)


def given(account: Account) -> Account:
    """An account that has given its persons: what was mailed to it before is dead.

    Raises :exc:`TransitionError` for an account that cannot.
    """
    return evolve(account.after(AccountEvent.GROUP), epoch=account.epoch + 1)


def works_again(account: Account) -> bool:
    """Whether an account that takes its persons back can be signed in to at once."""
    return account.password_hash is not None and account.email is not None


def taken_back(account: Account) -> Account:
    """An account that takes its persons back, as usable as it was before.

    One that had no password of its own, or no confirmed address yet, starts
    again with a new letter, as does one that was closed meanwhile. Raises
    :exc:`TransitionError` for one that has given nothing.
    """
    if account.state is AccountState.CLOSED:
        return account
    if works_again(account):
        return evolve(account.after(AccountEvent.UNGROUP), epoch=account.epoch + 1)
    return closed(account)
