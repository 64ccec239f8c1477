"""What the outside implements for the worker and the daily run.

See :mod:`teleservices_core.ports`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.lifecycle import Expected, LifecycleRun, Standing, Terms
from teleservices_core.domain.localtime import SchoolYear


@frozen
class Parcel:
    """A mail waiting in the outbox. A link is made at delivery from ``token_id``."""

    id: UUID
    kind: str
    to_address: str
    context: Mapping[str, str]
    created_at: datetime
    due_at: datetime
    token_id: UUID | None = None
    account_id: UUID | None = None
    """Whom it concerns, when that is one account."""
    attempts: int = 0
    """Tries that failed."""
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    """When it was given up, or came back."""
    dropped_at: datetime | None = None
    """When it was found that its link was dead: it was never sent."""


class OutboxStore(Protocol):
    """Mails to send."""

    def add(self, parcel: Parcel) -> None:
        """Queue a mail, in the caller's transaction."""
        ...

    def add_all(self, parcels: Iterable[Parcel]) -> None:
        """Queue many mails at once, in the caller's transaction."""
        ...

    def claim(self, at: datetime, until: datetime, limit: int) -> list[Parcel]:
        """Reserve due mails for this worker until an instant, the longest due first."""
        ...

    def release(self, parcel_ids: Sequence[UUID]) -> None:
        """Give reserved mails back, untried, to whichever worker comes first."""
        ...

    def sent(self, parcel_id: UUID, at: datetime) -> bool:
        """Mark as delivered; True for the one worker that does so."""
        ...

    def retry(self, parcel_id: UUID, error: str, due_at: datetime) -> None:
        """Note a failed try, and when to try again."""
        ...

    def failed(self, parcel_id: UUID, at: datetime, error: str) -> bool:
        """Give up a mail, sent or not; False if that was known."""
        ...

    def dropped(self, parcel_id: UUID, at: datetime, reason: str) -> None:
        """Never send a mail whose link is dead."""
        ...

    def of_account(self, account_id: UUID, limit: int | None = None) -> list[Parcel]:
        """Mails about an account, the latest first."""
        ...


class ForgettingStore(Protocol):
    """Persons whom no establishment knows any more, and the way to forget them."""

    def former_students(self, up_to: SchoolYear, after: UUID | None, limit: int) -> list[UUID]:
        """Students without a schooling later than a school year, or an account in use.

        By id, those after ``after``.
        """
        ...

    def former_adults(self, after: UUID | None, limit: int) -> list[UUID]:
        """Adults who are linked to nobody, and have no account in use."""
        ...

    def is_at_school(self, student_id: UUID, year: SchoolYear, day: date) -> bool:
        """Whether an establishment has not seen a student leave by a day of a school year."""
        ...

    def with_same(self, person_ids: Collection[UUID]) -> set[UUID]:
        """Persons, and those who were said to be the same."""
        ...

    def forget(self, person_ids: Collection[UUID], *, with_changes: bool = False) -> int:
        """Erase persons, those who are the same, what names them, and accounts of theirs alone.

        Returns how many persons. ``with_changes``: also what imports of the last weeks did to
        their rows, which reads all of it, and is otherwise forgotten by its age. The journal
        stays, under its own rule.
        """
        ...


class LifecycleStore(Protocol):
    """What the daily run looks for, and what it erases."""

    def candidates(self, terms: Terms, at: datetime) -> list[UUID]:
        """Accounts that may be due at an instant: all that are, and few that are not."""
        ...

    def standings(self, account_ids: Collection[UUID]) -> list[Standing]:
        """Accounts with what the rule needs to decide, by id."""
        ...

    def hold(self, account_ids: Collection[UUID]) -> list[Standing]:
        """Lock accounts and read them; those that somebody else holds are left out."""
        ...

    def living(self) -> int:
        """How many accounts have something to lose."""
        ...

    def expected(self, terms: Terms, at: datetime) -> list[Expected]:
        """How many accounts will have been warned and closed by an instant, unless used."""
        ...

    def erase(self, account_ids: Collection[UUID]) -> None:
        """Erase what closed accounts leave: sessions, links, devices, identities, mails, codes."""
        ...

    def forget_links(self, before: datetime, limit: int) -> int:
        """Erase links over since before an instant; returns how many, at most ``limit``."""
        ...

    def forget_sessions(self, before: datetime, limit: int) -> int:
        """Erase sessions over since before an instant."""
        ...

    def forget_waits(self, before: datetime, limit: int) -> int:
        """Erase counts of failures, the latest of which came before an instant."""
        ...

    def forget_mails(self, before: datetime, limit: int) -> int:
        """Erase mails queued before an instant that wait no more."""
        ...

    def runs(self, limit: int) -> list[LifecycleRun]:
        """The latest runs."""
        ...

    def record(self, run: LifecycleRun) -> None:
        """Store a run, or what it has done since."""
        ...
