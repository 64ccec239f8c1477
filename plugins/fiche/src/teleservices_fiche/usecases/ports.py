"""What ``store`` implements: the plugin's tables, on one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Erasure
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_fiche.model import (
    Confirmation,
    ConfirmationRound,
    Draft,
    Person,
    Proposal,
    ProposalState,
    Receipt,
    Report,
    Value,
)

Known = dict[Person, dict[str, Value]]


@frozen
class Addressee:
    """Where an account's mails go."""

    account_id: UUID
    name: str
    email: str


@frozen
class Kin:
    """A legal guardian of a student who is not of age, to be written to."""

    student_id: UUID
    student: str
    """First name."""
    adult_id: UUID
    to: Addressee


class BaseStore(Protocol):
    """What the school base says, read from the core's roster. Never written."""

    def students(self, ids: Collection[UUID], uai: Uai, year: SchoolYear) -> Known:
        """Students as an establishment knows them, in one statement."""
        ...

    def guardians(self, student_ids: Collection[UUID]) -> Mapping[UUID, Known]:
        """Every adult linked to students, whatever the link, by student: one statement.

        A fiche must know all of them, to show of a student nothing that is theirs.
        """
        ...

    def kin(self, student_ids: Collection[UUID], day: date, adult_from: date) -> list[Kin]:
        """Who answers for students on a day, of those born after another: one statement."""
        ...


class ProposalStore(Protocol):
    """Changes that families ask for."""

    def get(self, proposal_id: UUID) -> Proposal | None:
        """One of them."""
        ...

    def open_about(self, persons: Collection[UUID], uai: Uai) -> list[Proposal]:
        """Those waiting or in force about persons in an establishment, oldest first."""
        ...

    def of_sheet(
        self, persons: Collection[UUID], uai: Uai, holder_id: UUID, student_id: UUID
    ) -> list[Proposal]:
        """:meth:`open_about` and :meth:`made_by` at once, oldest first: one statement."""
        ...

    def made_by(self, holder_id: UUID, student_id: UUID) -> list[Proposal]:
        """What somebody has proposed in a student's sheet, latest first."""
        ...

    def of_receipt(self, number: str) -> list[Proposal]:
        """What was sent together, in order."""
        ...

    def add(self, receipt: str, proposals: Sequence[Proposal]) -> None:
        """Store new ones; earlier ones of the same maker on the same fields give way.

        Those that are already ACCEPTED take the place of what was in force.
        Raises :exc:`ConflictError` when somebody else writes the same at once.
        """
        ...

    def decide(
        self,
        before: Proposal,
        state: ProposalState,
        at: datetime,
        *,
        by: str = "",
        reason: str = "",
    ) -> Proposal:
        """Compare-and-set the state; what is accepted takes the place of what was in force.

        Raises :exc:`ConflictError` when it is no more what ``before`` says.
        """
        ...


class DraftStore(Protocol):
    """What people have typed and not sent."""

    def get(self, account_id: UUID, student_id: UUID, year: SchoolYear) -> Draft:
        """Somebody's draft of a sheet; an empty one of version 0 when there is none."""
        ...

    def save(self, draft: Draft) -> Draft:
        """Write over the version that ``draft`` was read at; returns it with the next one.

        Raises :exc:`ConflictError` when another tab has saved meanwhile.
        """
        ...

    def drop(self, draft: Draft) -> None:
        """Forget it. Raises :exc:`ConflictError` like :meth:`save`."""
        ...


class PaperStore(Protocol):
    """Receipts, confirmations, rounds and reports."""

    def receipt(self, number: str) -> Receipt | None:
        """A receipt by its number."""
        ...

    def receipts_of(self, holder_id: UUID, student_id: UUID) -> list[Receipt]:
        """Somebody's receipts for a student's sheet, latest first."""
        ...

    def add_receipt(self, receipt: Receipt) -> None:
        """Store one."""
        ...

    def confirmations(
        self, student_id: UUID, uai: Uai, year: SchoolYear
    ) -> Mapping[UUID, Confirmation]:
        """Who has confirmed a sheet, by holder."""
        ...

    def confirm(self, confirmation: Confirmation) -> None:
        """Store one, in place of an earlier one of the same person and year."""
        ...

    def round(self, uai: Uai, year: SchoolYear) -> ConfirmationRound | None:
        """When the establishment asks for confirmation, if it does."""
        ...

    def add_report(self, report: Report) -> None:
        """Store an error told to the school."""
        ...

    def reports_of(self, holder_id: UUID, student_id: UUID) -> list[Report]:
        """Errors that somebody has told, latest first."""
        ...


class Store(Protocol):
    """All of them."""

    base: BaseStore
    proposals: ProposalStore
    drafts: DraftStore
    papers: PaperStore

    def erase(self, erasure: Erasure) -> int:
        """Erase rows of students or of past years; returns how many, at most the limit."""
        ...


Opens = Callable[[Any], Store]
"""Opens the stores on a transaction's connection."""
