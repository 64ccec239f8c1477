"""What the outside implements for families' accounts; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from teleservices_core.domain.attachments import Attachment, LinkReport, Pupil, ReportState
from teleservices_core.domain.grouping import Grouping
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Responsibility
from teleservices_core.domain.values import Uai


class GroupingStore(Protocol):
    """Accounts that gave their persons to another."""

    def add(self, grouping: Grouping) -> None:
        """Store a new grouping."""
        ...

    def get(self, grouping_id: UUID) -> Grouping | None:
        """The grouping, undone or not, or None."""
        ...

    def into(self, account_id: UUID) -> list[Grouping]:
        """Groupings in force that brought persons to an account, oldest first."""
        ...

    def out_of(self, account_id: UUID) -> Grouping | None:
        """The grouping in force by which an account gave its persons, if it did."""
        ...

    def undo(self, grouping_id: UUID, at: datetime, *, in_time: bool = True) -> bool:
        """Compare-and-set: True for the one caller that undoes it, ``in_time`` or at any time."""
        ...

    def keep(self, grouping_id: UUID, person_ids: Collection[UUID]) -> None:
        """Note that a grouping gives back these persons only."""
        ...


class AttachmentStore(Protocol):
    """Links between students and adults, as their establishments correct them."""

    def pupils(self, uai: Uai, school_year: SchoolYear, day: date) -> list[Pupil]:
        """An establishment's present students, by class and name."""
        ...

    def pupil(self, uai: Uai, school_year: SchoolYear, day: date, student_id: UUID) -> Pupil | None:
        """One of those, or None."""
        ...

    def reported(self, uai: Uai, school_year: SchoolYear, day: date) -> list[Attachment]:
        """Links of those that an adult denies, the longest waiting first."""
        ...

    def of_pupil(
        self, uai: Uai, school_year: SchoolYear, day: date, student_id: UUID
    ) -> list[Attachment]:
        """Every link of one of those, over or not, the strongest first."""
        ...

    def links(self, student_id: UUID, adult_ids: Collection[UUID]) -> list[Responsibility]:
        """Links of a student with adults."""
        ...

    def replace(self, before: Responsibility, after: Responsibility) -> None:
        """Compare-and-set of dates and bar. Raises ConflictError if ``before`` has changed."""
        ...

    def is_denied(self, student_id: UUID, adult_id: UUID) -> bool:
        """Whether a report about the link waits for an answer."""
        ...

    def report(self, report: LinkReport) -> None:
        """Store a new report."""
        ...

    def reports(self, account_id: UUID) -> list[LinkReport]:
        """Reports made from an account, the oldest first."""
        ...

    def answer(
        self, student_id: UUID, adult_id: UUID, state: ReportState, at: datetime, by: str
    ) -> bool:
        """Compare-and-set: True for the one caller that answers an open report."""
        ...
