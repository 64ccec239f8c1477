"""Establishments, students, families and staff."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol
from uuid import UUID

from teleservices_core.domain.accounts import (
    Account,
)
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Adult, SchoolClass, Student, StudentDetails
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.ports.drafts import Draft


class RosterStore(Protocol):
    """Establishments, students and families."""

    def establishment(self, uai: Uai) -> Establishment | None:
        """The establishment, or None."""
        ...

    def establishments(self) -> list[Establishment]:
        """All of them, by name."""
        ...

    def named(self, uais: Collection[Uai]) -> list[Establishment]:
        """Those of some codes, by name."""
        ...

    def places(self) -> frozenset[str]:
        """The codes (UAI) of all of them."""
        ...

    def search(
        self, terms: Sequence[str], *, offset: int, limit: int
    ) -> tuple[list[Establishment], int]:
        """Those that have all the terms (see :mod:`.domain.searching`), by town and name.

        With the number found in all. One statement.
        """
        ...

    def save_establishments(self, establishments: Iterable[Establishment]) -> None:
        """Create or update all but ``takes_part``, which only a new one takes from here."""
        ...

    def set_participation(self, uais: Collection[Uai], takes_part: bool) -> int:
        """Compare-and-set: make those that are not so join or leave; returns how many."""
        ...

    def children(self, account: Account, school_year: SchoolYear) -> list[Child]:
        """Every student an account may know of, with each one's latest schooling.

        One statement. The schooling of ``school_year`` if there is one, else the
        latest before it. Dates of links and schoolings are left to the rules.
        """
        ...

    def families(
        self, accounts: Collection[Account], school_year: SchoolYear
    ) -> Mapping[UUID, list[Child]]:
        """The same for many accounts, by account: a statement for each audience."""
        ...

    def schoolings(
        self, account: Account, school_year: SchoolYear, student_id: UUID | None = None
    ) -> list[Child]:
        """The same year by year, the latest first: each student's schoolings up to a year.

        Of one student, or of every one. One statement.
        """
        ...

    def child(self, account: Account, student_id: UUID, year: SchoolYear) -> Child | None:
        """One of those, in one statement."""
        ...

    def adults(self, ids: Collection[UUID]) -> list[Adult]:
        """Adults by id, in no order."""
        ...

    def student(self, student_id: UUID) -> Student | None:
        """A student, whatever the schooling."""
        ...

    def student_details(self, ids: Collection[UUID]) -> Mapping[UUID, StudentDetails]:
        """What is known of students beside identity, by id; to who may see it only."""
        ...

    def labels(self, uai: Uai, kind: str) -> Mapping[str, str]:
        """Codes of a school's list with their labels, such as ``PROFESSIONS`` or ``REGIMES``."""
        ...

    def student_by_ine(self, ine: Ine) -> Student | None:
        """The student with a national identifier."""
        ...

    def guardians(self, student_id: UUID, day: date) -> list[Adult]:
        """The adults who may have an account for a student: legal or in charge, on a day."""
        ...

    def by_siecle_id(self, uai: Uai, kind: str, siecle_id: str) -> UUID | None:
        """The ``student`` of an ELEVE_ID, or the ``adult`` of a PERSONNE_ID, in a school's base."""
        ...

    def classes(self, uai: Uai, school_year: SchoolYear, day: date) -> list[SchoolClass]:
        """The classes with students present on a local day, by level then code."""
        ...

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> list[tuple[str, int]]:
        """Codes of the classes with their numbers of students present."""
        ...


class StaffStore(Protocol):
    """Members of staff and their roles."""

    def save(self, member: StaffMember, assignments: Sequence[Assignment]) -> UUID:
        """Create or update by e-mail; returns the id kept."""
        ...

    def draft(
        self, members: Sequence[tuple[StaffMember, Sequence[Assignment]]], rows: Draft
    ) -> list[StaffMember]:
        """Add the same to ``rows`` for many; returns those of whom nobody knew the e-mail."""
        ...

    def assignments(self, staff_ids: Sequence[UUID]) -> list[Assignment]:
        """Roles of members of staff, whatever their dates."""
        ...

    def by_email(self, email: str) -> UUID | None:
        """The member of staff with an address."""
        ...

    def of_establishment(self, uai: Uai, day: date) -> list[tuple[StaffMember, Role]]:
        """Who holds a role there on a local day, by name."""
        ...

    def names(self, staff_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """The full names of members of staff."""
        ...

    def without_account(self) -> list[StaffMember]:
        """Members of staff who have no account yet."""
        ...
