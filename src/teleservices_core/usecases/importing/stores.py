"""What an import needs: the records staged on one side, the database on the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.identity import Relative
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import Match
from teleservices_core.domain.records import (
    AdultRecord,
    Alert,
    ClassGroupRecord,
    Enrolled,
    Family,
    Identified,
    IdentifiedStudent,
    ImportedFile,
    NomenclatureRecord,
    Rejected,
    StudentRecord,
)
from teleservices_core.domain.roster import (
    Adult,
    Kinship,
    Responsibility,
    Schooling,
    Student,
    StudentDetails,
)
from teleservices_core.domain.values import Uai
from teleservices_core.ports.drafts import Draft

Person = tuple[UUID, str, str, str]
"""Id, first name, last name, name to show."""


class StagedRoster(Protocol):
    """The records of one establishment's files, checked, in pages ordered by their keys.

    Pages may be read while what they are about is being noted.
    """

    uai: Uai
    school_year: SchoolYear
    files: tuple[ImportedFile, ...]
    has_students: bool
    has_adults: bool

    @property
    def digest(self) -> str:
        """One digest for all the files."""
        ...

    def count(self, table: str) -> int:
        """How many records of a kind stand."""
        ...

    def students(self, size: int) -> Iterator[list[StudentRecord]]:
        """All students of the file."""
        ...

    def identify_students(self, found: Iterable[IdentifiedStudent]) -> None:
        """Note whom records are about."""
        ...

    def numbers(self, student_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """The national identifiers that the file gives to students whom it was found to name."""
        ...

    def take_ines(self, siecle_ids: Iterable[str]) -> None:
        """Note that the national identifiers of records are free after all."""
        ...

    def clashing_students(self) -> list[str]:
        """ELEVE_IDs of several records that were found to be about one student."""
        ...

    def identified_students(
        self, size: int
    ) -> Iterator[list[tuple[StudentRecord, IdentifiedStudent]]]:
        """All students, with whom they are."""
        ...

    def reject_students(self, siecle_ids: Iterable[str], reason: str) -> None:
        """Set students aside, with their links."""
        ...

    def enroll(self, known: Iterable[Enrolled]) -> None:
        """Note whom the establishment had before."""
        ...

    def count_missing(self) -> tuple[int, int]:
        """(missing from the file, all those whom the establishment had)."""
        ...

    def missing(self, size: int) -> Iterator[list[Enrolled]]:
        """Those whom the establishment had and whom the file does not list."""
        ...

    def adults(self, size: int) -> Iterator[list[AdultRecord]]:
        """All adults of the file."""
        ...

    def identify_adults(self, found: Iterable[Identified]) -> None:
        """Note whom records are about; a second word replaces the first."""
        ...

    def clashing_adults(self) -> list[str]:
        """PERSONNE_IDs of several records that were found to be about one adult."""
        ...

    def reject_adults(self, siecle_ids: Iterable[str], reason: str) -> None:
        """Set adults aside, with their links."""
        ...

    def children_of(self, siecle_ids: Collection[str]) -> Mapping[str, list[UUID]]:
        """The students to whom the file links adults, by PERSONNE_ID."""
        ...

    def strangers(
        self, size: int
    ) -> Iterator[list[tuple[AdultRecord, list[tuple[UUID, Kinship]]]]]:
        """Adults not identified yet, with the known students of theirs whom an INE vouches for."""
        ...

    def identified_adults(self, size: int) -> Iterator[list[tuple[AdultRecord, Identified]]]:
        """All adults, with whom they are."""
        ...

    def identified_guardians(self, size: int) -> Iterator[list[tuple[AdultRecord, Identified]]]:
        """Those who are more than a contact for a student who attends."""
        ...

    def linked_strangers(self, size: int) -> Iterator[list[str]]:
        """ELEVE_IDs that links name and that no student record identified."""
        ...

    def reject_links_of(self, siecle_ids: Iterable[str], reason: str) -> None:
        """Set aside all links of students."""
        ...

    def families(self, size: int) -> Iterator[list[Family]]:
        """Every identified student with the links that the file gives."""
        ...

    def present_students(self, size: int) -> Iterator[list[Person]]:
        """Students who attend."""
        ...

    def present_guardians(self, size: int) -> Iterator[list[Person]]:
        """Adults who are more than a contact for one of them."""
        ...

    def class_groups(self) -> Iterator[ClassGroupRecord]:
        """Divisions and groups."""
        ...

    def nomenclature(self) -> Iterator[NomenclatureRecord]:
        """Codes with their labels."""
        ...

    def rejected(self, limit: int | None = None) -> Iterator[Rejected]:
        """Records set aside."""
        ...

    def alerts(self, limit: int | None = None) -> Iterator[Alert]:
        """What to look at."""
        ...

    def remark(self, alert: Alert) -> None:
        """Add something to look at."""
        ...

    def start_over(self) -> None:
        """Forget what was found by comparing: the records stand as they were read."""
        ...


@frozen
class HeldLink:
    """A link as the database has it."""

    link: Responsibility
    uai: str
    """The establishment whose file last described it; empty for none."""
    adult_name: str


@frozen
class Code:
    """A class group or a nomenclature entry as the database has it."""

    kind: str
    code: str
    label: str
    detail: str
    """The formation of a class group, the long label of another code."""


@frozen
class ImportEntry:
    """An import, as the journal keeps it."""

    id: UUID
    uai: Uai
    school_year: SchoolYear
    digest: str
    at: datetime
    actor: str
    files: tuple[ImportedFile, ...]
    counts: Mapping[str, int]


class RosterState(Protocol):
    """What the database says before an import. One statement for each call."""

    def last_exports(self, uai: Uai, school_year: SchoolYear) -> Mapping[str, date]:
        """Date of the newest file imported so far, by kind of file."""
        ...

    def students_by_ine(self, ines: Collection[str]) -> Mapping[str, Student]:
        """Students by national identifier."""
        ...

    def students_by_key(self, uai: Uai, siecle_ids: Collection[str]) -> Mapping[str, Student]:
        """Students by ELEVE_ID of an establishment."""
        ...

    def students(self, ids: Collection[UUID]) -> Mapping[UUID, Student]:
        """Students by id."""
        ...

    def student_details(self, ids: Collection[UUID]) -> Mapping[UUID, StudentDetails]:
        """What is known of students beside identity, by id."""
        ...

    def schoolings(
        self, student_ids: Collection[UUID], since: SchoolYear
    ) -> Mapping[UUID, list[Schooling]]:
        """Their schoolings from a year on, anywhere, oldest first."""
        ...

    def enrolled(self, uai: Uai, school_year: SchoolYear, day: date) -> Iterator[Enrolled]:
        """Students who attend an establishment on a day."""
        ...

    def adults_by_key(self, uai: Uai, siecle_ids: Collection[str]) -> Mapping[str, Adult]:
        """Adults by PERSONNE_ID of an establishment."""
        ...

    def adults(self, ids: Collection[UUID]) -> Mapping[UUID, Adult]:
        """Adults by id."""
        ...

    def relatives(self, student_ids: Collection[UUID], uai: Uai) -> list[Relative]:
        """Adults linked to students, at any time, and whether a base has a key for them."""
        ...

    def links(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[HeldLink]]:
        """Links of students, whatever their dates."""
        ...

    def keys(self, uai: Uai, kind: str, siecle_ids: Collection[str]) -> Mapping[str, UUID]:
        """Whom keys of an establishment mean."""
        ...

    def with_account(self, person_ids: Collection[UUID]) -> set[UUID]:
        """Those of the persons who have an account."""
        ...

    def taken(self, login_names: Collection[str]) -> set[str]:
        """Those of the login names that are in use."""
        ...

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> set[Code]:
        """Class groups of an establishment."""
        ...

    def nomenclature(self, uai: Uai) -> set[Code]:
        """Codes of an establishment."""
        ...


class RosterWrites(Protocol):
    """What an import writes, many rows at once. What the state says is as before all of it."""

    def save_students(self, students: Sequence[tuple[Student, StudentDetails]]) -> None:
        """Create or update."""
        ...

    def release_ines(self, student_ids: Collection[UUID]) -> None:
        """Take their national identifiers from students, who are given others."""
        ...

    def save_schoolings(self, schoolings: Sequence[Schooling]) -> None:
        """Create or update."""
        ...

    def close_schoolings(
        self, student_ids: Sequence[UUID], uai: Uai, school_year: SchoolYear, on: date
    ) -> None:
        """Set the day on which students are no longer there."""
        ...

    def save_adults(self, adults: Sequence[Adult]) -> None:
        """Create or update."""
        ...

    def save_keys(self, uai: Uai, kind: str, keys: Sequence[tuple[str, UUID]]) -> None:
        """Say whom keys of an establishment mean."""
        ...

    def forget_keys(self, uai: Uai, kind: str, entity_ids: Sequence[UUID]) -> None:
        """Drop the keys that persons had in an establishment."""
        ...

    def save_links(self, links: Sequence[tuple[Responsibility, str]]) -> None:
        """Create or update; each with the establishment that describes it. Barred ones stay."""
        ...

    def save_class_groups(self, uai: Uai, school_year: SchoolYear, codes: Sequence[Code]) -> None:
        """Create or update."""
        ...

    def save_nomenclature(self, uai: Uai, codes: Sequence[Code]) -> None:
        """Create or update."""
        ...

    def add_accounts(self, accounts: Sequence[Account]) -> None:
        """Create accounts with their holders."""
        ...

    def add_matches(self, matches: Sequence[Match]) -> None:
        """Ask about pairs that were never asked about."""
        ...


class ImportDraft(RosterWrites, Protocol):
    """What an import will write, with what that changes, so that it can be taken back."""

    def record(self, entry: ImportEntry, rejected: Iterable[Rejected]) -> None:
        """Journal the import and what it set aside."""
        ...


class ImportStore(RosterState, Protocol):
    """The database's side of an import, over one state of it."""

    def draft(self, import_id: UUID, rows: Draft) -> ImportDraft:
        """What an import will write, which goes to ``rows``."""
        ...


class NoWrites:
    """Writes nothing: the dry run."""

    def save_students(self, students: Sequence[tuple[Student, StudentDetails]]) -> None:
        """Nothing."""

    def release_ines(self, student_ids: Collection[UUID]) -> None:
        """Nothing."""

    def save_schoolings(self, schoolings: Sequence[Schooling]) -> None:
        """Nothing."""

    def close_schoolings(
        self, student_ids: Sequence[UUID], uai: Uai, school_year: SchoolYear, on: date
    ) -> None:
        """Nothing."""

    def save_adults(self, adults: Sequence[Adult]) -> None:
        """Nothing."""

    def save_keys(self, uai: Uai, kind: str, keys: Sequence[tuple[str, UUID]]) -> None:
        """Nothing."""

    def forget_keys(self, uai: Uai, kind: str, entity_ids: Sequence[UUID]) -> None:
        """Nothing."""

    def save_links(self, links: Sequence[tuple[Responsibility, str]]) -> None:
        """Nothing."""

    def save_class_groups(self, uai: Uai, school_year: SchoolYear, codes: Sequence[Code]) -> None:
        """Nothing."""

    def save_nomenclature(self, uai: Uai, codes: Sequence[Code]) -> None:
        """Nothing."""

    def add_accounts(self, accounts: Sequence[Account]) -> None:
        """Nothing."""

    def add_matches(self, matches: Sequence[Match]) -> None:
        """Nothing."""
