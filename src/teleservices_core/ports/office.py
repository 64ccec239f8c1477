"""What the outside implements for a school's office; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account, AccountState, Audience, CredentialLetter
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.standing import (
    EmailState,
    LetterTrace,
    Situation,
    email_state,
    situation,
)
from teleservices_core.domain.values import Uai


@frozen
class LetterCandidate:
    """An account that a school may hand a letter to, with what the letter prints."""

    account: Account
    recipient: str
    address: tuple[str, ...]
    children: tuple[tuple[str, str], ...]
    """(name, class group) of each student of the school the account gives access to."""
    letter: LetterTrace | None = None
    """The latest one."""

    def situation(self, at: datetime) -> Situation:
        """Where the account stands at an instant."""
        return situation(self.account.state, self.account.claimed_at, self.letter, at)

    @property
    def class_group(self) -> str:
        """The class to file the letter under: the first child's."""
        return min((group for _name, group in self.children), default="")


@frozen
class OfficeAccount:
    """An account as the lists of a school's office show it: light, since they read them all."""

    id: UUID
    audience: Audience
    login_name: str
    state: AccountState
    recipient: str
    children: tuple[tuple[str, str], ...]
    """(name, class group) of each student of the school the account gives access to."""
    claimed_at: datetime | None = None
    email: str | None = None
    pending_email: str | None = None
    bounced: bool = False
    """The last mail to the present address failed for good."""
    letter: LetterTrace | None = None
    """The latest one."""

    @property
    def class_group(self) -> str:
        """The class it is filed under: the first child's, as its letter is."""
        return min((group for _name, group in self.children), default="")

    @property
    def names(self) -> tuple[str, ...]:
        """What an office may look the account up by."""
        return (self.recipient, self.login_name, *(name for name, _group in self.children))

    def situation(self, at: datetime) -> Situation:
        """Where the account stands at an instant."""
        return situation(self.state, self.claimed_at, self.letter, at)

    @property
    def is_grouped(self) -> bool:
        """Whether another account has its persons, so that it has no situation."""
        return self.state is AccountState.GROUPED

    @property
    def email_state(self) -> EmailState:
        """Whether the account can be reached by mail."""
        return email_state(self.email, self.pending_email, bounced=self.bounced)


class LetterStore(Protocol):
    """Credential letters."""

    def latest(self, account_id: UUID) -> CredentialLetter | None:
        """The letter issued last."""
        ...

    def of_account(self, account_id: UUID) -> list[CredentialLetter]:
        """Every letter of an account, the latest first."""
        ...

    def candidates(self, uai: Uai, school_year: SchoolYear, day: date) -> list[LetterCandidate]:
        """Accounts of a school's present students and their guardians, by class and name."""
        ...

    def candidate(
        self, uai: Uai, school_year: SchoolYear, day: date, account_id: UUID
    ) -> LetterCandidate | None:
        """One of those, or None for an account that is not the school's."""
        ...

    def staff_candidates(self, day: date) -> list[LetterCandidate]:
        """Accounts of the staff in service on a day."""
        ...

    def issue(
        self, letters: Sequence[CredentialLetter], planned: Mapping[UUID, int]
    ) -> frozenset[UUID]:
        """Compare-and-set: store the letters of accounts still at their planned version.

        Older letters, passwords and sessions of these die. Returns their ids;
        accounts that have changed since they were read keep what they have.
        """
        ...

    def use(self, letter_id: UUID, at: datetime) -> bool:
        """Compare-and-set: True for the one caller that uses a letter still good."""
        ...


class OfficeStore(Protocol):
    """What a school's office sees of accounts, and the letters that it hands over."""

    def accounts(self, uai: Uai, school_year: SchoolYear, day: date) -> list[OfficeAccount]:
        """Accounts of a school's present students and their guardians, by class and name.

        Two statements, whatever the school's size.
        """
        ...

    def account(
        self, uai: Uai, school_year: SchoolYear, day: date, account_id: UUID
    ) -> OfficeAccount | None:
        """One of those, or None for an account that is not the school's."""
        ...

    def known_as(self, text: str) -> list[OfficeAccount]:
        """Families' accounts of any school with this identifier or address, by identifier.

        Compared whole; the address may be confirmed or still to be. Without
        children, whom only a school's office sees. One statement.
        """
        ...

    def hand_over(self, uai: Uai, letter_ids: Collection[UUID], at: datetime, by: str) -> int:
        """Tick a school's own letters; those ticked before stay as they are. Returns how many."""
        ...

    def take_back(self, uai: Uai, letter_ids: Collection[UUID]) -> int:
        """Undo ticks. Returns how many."""
        ...
