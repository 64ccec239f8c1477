"""What the use cases ask of the plugin's tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_notes.model import Assessment, Entry, Mark, PublicationPlan, PublicationRule
from teleservices_notes.rules import Tally


@frozen
class Marked:
    """An assessment with the marks of a class."""

    assessment: Assessment
    marks: tuple[Mark, ...]


@frozen
class RecordedPlan:
    """A publication plan with its version, for compare-and-set; 0 while nothing was chosen."""

    plan: PublicationPlan
    version: int


class Store(Protocol):
    """The plugin's tables, on one transaction."""

    def of_student(
        self, student_id: UUID, uai: Uai, school_year: SchoolYear
    ) -> tuple[PublicationPlan, list[Entry]]:
        """The establishment's plan and all marks of a student there, in one statement."""
        ...

    def of_class(
        self, uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
    ) -> list[Marked]:
        """A class's assessments in a subject, oldest first, with their marks, in one statement."""
        ...

    def comparison(
        self, uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
    ) -> tuple[int, list[Marked]]:
        """What a class may be compared by, where its establishment shows class figures.

        The floor that it chose, and the marks of :meth:`of_class`, in one statement;
        ``(0, [])`` where it shows none.
        """
        ...

    def plan(self, uai: Uai, school_year: SchoolYear) -> RecordedPlan:
        """What the establishment chose for a year, or the plan of who chose nothing."""
        ...

    def set_plan(
        self, uai: Uai, school_year: SchoolYear, plan: PublicationPlan, version: int
    ) -> None:
        """Record a plan over a version. Raises :exc:`ConflictError` if it is no longer that one."""
        ...

    def set_own_rules(self, assessment: Assessment, rules: tuple[PublicationRule, ...]) -> None:
        """Give an assessment its own rules.

        Raises :exc:`ConflictError` if those it had are no longer the recorded ones.
        """
        ...

    def tallies(
        self,
        uai: Uai,
        school_year: SchoolYear,
        at: datetime,
        midnight_at: datetime,
        *,
        class_group: str | None = None,
        assessment_id: UUID | None = None,
    ) -> list[Tally]:
        """Assessments with how many marks they have at an instant, in one statement.

        Those of a class, that one, or all; ``midnight_at`` begins the local day.
        """
        ...

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> list[str]:
        """Classes that have assessments, in one statement."""
        ...

    def students(
        self, uai: Uai, school_year: SchoolYear, ines: Iterable[Ine]
    ) -> Mapping[Ine, UUID]:
        """Students of an establishment by INE, in one statement."""
        ...

    def assessments(
        self, ids: Iterable[UUID], *, locking: bool = False
    ) -> Mapping[UUID, Assessment]:
        """Assessments by identifier, in one statement.

        ``locking`` keeps others who lock them waiting until the commit.
        """
        ...

    def marks(self, keys: Collection[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], Mark]:
        """What is recorded for pairs of (student, assessment), in one statement."""
        ...

    def save(self, assessments: Iterable[Assessment], marks: Iterable[Mark]) -> None:
        """Create or update; never an assessment's own publication rules."""
        ...


Opens = Callable[[Any], Store]
"""Opens the store on a transaction's connection."""
