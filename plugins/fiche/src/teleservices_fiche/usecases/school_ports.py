"""What ``store`` implements for the school's side, on one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import (
    Responsibility,
    Schooling,
    Student,
    StudentDetails,
)
from teleservices_core.domain.values import Uai
from teleservices_fiche.model import (
    ConfirmationRound,
    Proposal,
    ProposalState,
    Report,
)
from teleservices_fiche.rules.reconciling import Key
from teleservices_fiche.usecases.ports import Addressee, BaseStore


class Pile(StrEnum):
    """Where the school finds a proposal."""

    WAITING = "waiting"
    STRAIGHT = "straight"
    """In force without anybody of the school, and not carried to the base yet."""
    ACCEPTED = "accepted"
    """In force, and not carried to the base yet; with the former."""
    CARRIED = "carried"
    """In force, carried to the base, which does not say so yet."""
    OVER = "over"


@frozen
class Slip:
    """A proposal in a list: enough to sort, search and count."""

    id: UUID
    student: str
    class_group: str
    person: str
    field: str
    made_at: datetime


@frozen
class Filed:
    """A proposal with the names of whom it is about."""

    proposal: Proposal
    student: str
    class_group: str
    person: str
    ine: str = ""
    siecle_id: str = ""
    """ELEVE_ID in the establishment's base."""


@frozen
class FiledReport:
    """A reported error with the names of whom it is about."""

    report: Report
    student: str
    class_group: str


@frozen
class Batch:
    """A delta: the changes that went to the school base together."""

    uai: Uai
    number: int
    school_year: SchoolYear
    at: datetime
    by: str
    changes: int


@frozen
class ClassProgress:
    """How many students of a class have had their sheet confirmed."""

    class_group: str
    students: int
    confirmed: int


@frozen
class Unconfirmed:
    """Somebody to remind: an account, and the first names of the students concerned."""

    to: Addressee
    students: tuple[str, ...]


@frozen
class Pupil:
    """A student of an establishment as the files of the school base need one."""

    student: Student
    details: StudentDetails
    schooling: Schooling
    siecle_id: str = ""

    @property
    def id(self) -> UUID:
        """The student's."""
        return self.student.id


class DecidingStore(Protocol):
    """Proposals of an establishment, as it decides on them."""

    def piles(self, uai: Uai, year: SchoolYear) -> Mapping[Pile, int]:
        """How many there are in each pile. One statement."""
        ...

    def slips(self, uai: Uai, year: SchoolYear, pile: Pile) -> list[Slip]:
        """All of a pile, by class, student, person and field. One statement."""
        ...

    def filed(self, ids: Collection[UUID], uai: Uai) -> list[Filed]:
        """Some of them, in no order; those of another establishment are not found."""
        ...

    def open_about(self, persons: Collection[UUID], uai: Uai) -> list[Proposal]:
        """Those waiting or in force about persons in an establishment, oldest first."""
        ...

    def hold(self, ids: Collection[UUID], uai: Uai) -> list[Proposal]:
        """Proposals with all the open ones about the same, locked until the transaction ends."""
        ...

    def settle(
        self, ids: Collection[UUID], state: ProposalState, at: datetime, by: str, reason: str
    ) -> None:
        """Set the state of held proposals; what they replace gives way.

        Raises :exc:`ConflictError` when another change was accepted at once.
        """
        ...

    def addressees(self, account_ids: Collection[UUID]) -> list[Addressee]:
        """Those of the accounts that have a confirmed address."""
        ...

    def open_page(self, uai: Uai, after: UUID | None, size: int) -> list[Proposal]:
        """Open proposals of an establishment, page by page in the order of persons.

        All those about one person are in one page. ``after`` is the last person of the
        page before.
        """
        ...

    def carried_keys(self, uai: Uai) -> set[Key]:
        """What replaced changes that a delta has carried were about."""
        ...

    def reconcile(self, proposals: Sequence[Proposal], at: datetime) -> int:
        """Note that the base says the same, unless they have changed; returns how many."""
        ...

    def reports(self, uai: Uai, year: SchoolYear) -> list[FiledReport]:
        """Reported errors not answered yet, oldest first."""
        ...

    def answer(self, uai: Uai, report_id: UUID, by: str, at: datetime, answer: str) -> Report:
        """Close a report. Raises :exc:`NotFoundError`, or :exc:`ConflictError` if it is closed."""
        ...


class BatchStore(Protocol):
    """Deltas for the school base."""

    def open(self, uai: Uai, year: SchoolYear, at: datetime, by: str) -> Batch | None:
        """Mark what is in force and was never carried, under the next number; None for nothing.

        Raises :exc:`ConflictError` when another delta is made at once.
        """
        ...

    def pending(self, uai: Uai) -> int:
        """How many changes the next one would carry."""
        ...

    def batches(self, uai: Uai, limit: int) -> list[Batch]:
        """The latest first."""
        ...

    def get(self, uai: Uai, number: int) -> Batch | None:
        """One of them."""
        ...

    def carried(self, uai: Uai, number: int) -> list[Filed]:
        """What a delta carries, by class, student, person, field; whatever became of it."""
        ...

    def in_force_at(self, uai: Uai, number: int, persons: Collection[UUID]) -> list[Proposal]:
        """What was in force of persons when a delta was made, carried by it or before."""
        ...

    def pupils(self, ids: Collection[UUID], uai: Uai, year: SchoolYear) -> list[Pupil]:
        """Students with their schooling there, by class and name. One statement."""
        ...

    def links(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[Responsibility]]:
        """The links of students, whatever their dates."""
        ...


class RoundStore(Protocol):
    """The yearly confirmation, seen by the school."""

    def get(self, uai: Uai, year: SchoolYear) -> ConfirmationRound | None:
        """The round of an establishment."""
        ...

    def save(self, asked: ConfirmationRound, seen_version: int) -> ConfirmationRound:
        """Create (version 0) or replace. Raises :exc:`ConflictError` if it has changed."""
        ...

    def open_on(self, day: date) -> list[ConfirmationRound]:
        """Rounds under way on a day, of all establishments."""
        ...

    def reminders_left(self, since: date) -> Set[tuple[Uai, SchoolYear, date]]:
        """The days, since one, for which the reminders of establishments have left."""
        ...

    def take_reminder(self, asked: ConfirmationRound, day: date) -> bool:
        """Note that the reminders planned for a day leave; False if they have left already."""
        ...

    def progress(self, uai: Uai, year: SchoolYear, day: date) -> list[ClassProgress]:
        """By class, for students present on a day. One statement."""
        ...

    def unconfirmed(
        self, uai: Uai, year: SchoolYear, day: date, adult_from: date
    ) -> Mapping[Audience, list[Unconfirmed]]:
        """Whom to remind: legal guardians of minors, and students born by ``adult_from``."""
        ...


class SchoolStore(Protocol):
    """All of them."""

    base: BaseStore
    deciding: DecidingStore
    batches: BatchStore
    rounds: RoundStore


SchoolOpens = Callable[[Any], SchoolStore]
"""Opens the stores on a transaction's connection."""
