"""Who teaches what to which class."""

from __future__ import annotations

from uuid import UUID

from attrs import field, frozen, validators

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_notes.model.assessments import Subject


@frozen
class Course:
    """A subject taught to a class, whoever teaches it."""

    uai: Uai
    school_year: SchoolYear
    class_group: str = field(validator=[validators.min_len(1), validators.max_len(20)])
    subject: Subject


@frozen
class TeachingService:
    """A course and one of its teachers (« service »)."""

    course: Course
    teacher: str = field(validator=[validators.min_len(1), validators.max_len(100)])
    """The name that families read: « Mme R. Petit »."""
    staff_id: UUID | None = None
    """The member of staff who may enter marks; None for a name without an account."""


@frozen
class Pupil:
    """A student of a class, as a list of names shows him."""

    id: UUID
    last_name: str
    first_name: str

    @property
    def name(self) -> str:
        """Last name first, as lists are read."""
        return f"{self.last_name} {self.first_name}"


@frozen
class TypedRow:
    """The cells of a student's row as somebody typed them, not understood yet."""

    seen: str
    """The stamp of the mark that was shown."""
    mark: str
    remark: str
    levels: tuple[str, ...] = ()
    """In the order of the assessment's competencies."""
