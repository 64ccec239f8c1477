"""What the use cases about readers ask of the plugin's tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_notes.model import DigestChoice, Entry, PublicationPlan, Reader
from teleservices_notes.usecases.class_ports import ClassStore


@frozen
class Responsible:
    """Who may read a pupil's marks, as the school's page names him."""

    name: str
    account_id: UUID | None = None
    """None without an account."""
    reader: Reader | None = None


@frozen
class ReadPupil:
    """A pupil of a class with who is responsible for him."""

    student_id: UUID
    name: str
    responsibles: tuple[Responsible, ...]


@frozen
class ClassReaders:
    """How many pupils of a class have a responsible person who has seen marks this year."""

    class_group: str
    pupils: int
    seen: int


class ReaderStore(ClassStore, Protocol):
    """The plugin's tables, for who follows marks, on one transaction."""

    def of_reader(
        self, student_id: UUID, uai: Uai, school_year: SchoolYear, account_id: UUID
    ) -> tuple[PublicationPlan, list[Entry], Reader]:
        """As :meth:`of_student`, with what an account has seen; in one statement too."""
        ...

    def entries(
        self, student_ids: Collection[UUID], years: Collection[SchoolYear]
    ) -> Mapping[UUID, list[Entry]]:
        """All marks of many students in some school years: two statements."""
        ...

    def plans(
        self, places: Collection[tuple[Uai, SchoolYear]]
    ) -> Mapping[tuple[Uai, SchoolYear], PublicationPlan]:
        """The plans of establishments in school years: one statement."""
        ...

    def readers(self, student_ids: Collection[UUID], account_ids: Collection[UUID]) -> list[Reader]:
        """What some accounts know of some students' marks, whatever the year: one statement."""
        ...

    def note_seen(self, readers: Iterable[Reader]) -> None:
        """Record what was seen, and when."""
        ...

    def note_told(self, readers: Iterable[Reader], at: datetime) -> None:
        """Record what was written of."""
        ...

    def classes_read(self, uai: Uai, school_year: SchoolYear, day: date) -> list[ClassReaders]:
        """The classes of an establishment on a local day, by code: one statement."""
        ...

    def class_readers(
        self, uai: Uai, school_year: SchoolYear, class_group: str, day: date
    ) -> list[ReadPupil]:
        """The pupils of a class on a day, by name, with who may read their marks: one statement."""
        ...


class DigestStore(ReaderStore, Protocol):
    """The same, with how often accounts want to be written to."""

    def choice(self, account_id: UUID) -> DigestChoice:
        """How often an account wants to be written to."""
        ...

    def choices(self, account_ids: Collection[UUID]) -> Mapping[UUID, DigestChoice]:
        """The choices that are recorded, by account."""
        ...

    def replace_choice(
        self, account_id: UUID, before: DigestChoice, after: DigestChoice, due_at: datetime | None
    ) -> None:
        """Compare-and-set. Raises :exc:`ConflictError` if the choice is no longer ``before``."""
        ...

    def unenrolled(self, at: datetime, limit: int) -> list[tuple[UUID, datetime]]:
        """Accounts that may be written to and have no row, with when they were activated."""
        ...

    def enroll(self, rows: Iterable[tuple[UUID, DigestChoice, datetime | None]]) -> None:
        """Give accounts a choice, and when they are due; not those that have one."""
        ...

    def due(self, at: datetime, school_year: SchoolYear) -> list[UUID]:
        """Accounts to look at, so that those of one class follow each other: one statement."""
        ...

    def claim(self, account_ids: Collection[UUID], at: datetime) -> Mapping[UUID, DigestChoice]:
        """Hold those still due, but for what another run holds, until the transaction ends."""
        ...

    def postpone(self, due: Iterable[tuple[UUID, datetime | None]]) -> None:
        """Say from when accounts are due again."""
        ...


OpensReaders = Callable[[Any], ReaderStore]
"""Opens the store on a transaction's connection."""
OpensDigests = Callable[[Any], DigestStore]
"""The same."""
