"""What entering marks asks of the plugin's tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_notes.model import Assessment, Course, Mark, Pupil, TeachingService, TypedRow
from teleservices_notes.usecases.ports import Store
from teleservices_notes.usecases.runs import Fault, ImportRun, ImportState


@frozen
class ClassPupil:
    """A student of a class, and whether he is still in it."""

    pupil: Pupil
    is_there: bool


class ClassStore(Store, Protocol):
    """The tables, as teachers and imports need them."""

    def services(
        self, uai: Uai, school_year: SchoolYear, staff_ids: Sequence[UUID] | None = None
    ) -> list[TeachingService]:
        """Who teaches what, by class and subject; of some members of staff, or all."""
        ...

    def teachers(
        self, uai: Uai, school_year: SchoolYear, class_group: str, subject_code: str
    ) -> list[TeachingService]:
        """The services of one course."""
        ...

    def hold_services(self, uai: Uai) -> None:
        """Keep whoever replaces the services of an establishment waiting until the commit."""
        ...

    def replace_services(
        self, gone: Collection[TeachingService], new: Iterable[TeachingService]
    ) -> None:
        """Remove some services, then add or change others."""
        ...

    def assessed(self, uai: Uai, school_year: SchoolYear) -> list[Course]:
        """The courses that have assessments, by class and subject."""
        ...

    def pupils(self, course: Course, day: Any) -> list[ClassPupil]:
        """The students of the year in the class, by name."""
        ...

    def assessment(self, id_: UUID, *, locking: bool = False) -> Assessment | None:
        """One assessment; ``locking`` keeps other entries at it waiting until the commit."""
        ...

    def add_assessment(self, assessment: Assessment) -> bool:
        """Add an assessment; False if its identifier is taken."""
        ...

    def remove_assessment(self, id_: UUID) -> bool:
        """Remove an assessment without marks; False if it has some."""
        ...

    def marks_at(self, id_: UUID) -> Mapping[UUID, Mark]:
        """The marks of an assessment, by student."""
        ...

    def counts(self, ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many marks each assessment has."""
        ...

    def keep_typed(
        self, account_id: UUID, assessment_id: UUID, rows: Mapping[UUID, TypedRow], at: datetime
    ) -> None:
        """Keep what an account typed at an assessment, by student, instead of what was kept."""
        ...

    def typed(
        self, account_id: UUID, assessment_id: UUID, since: datetime
    ) -> Mapping[UUID, TypedRow]:
        """What is kept of it, by student."""
        ...

    def typed_at(self, account_id: UUID, uai: Uai, since: datetime) -> list[Assessment]:
        """The assessments of an establishment at which something is kept for an account."""
        ...

    def forget_typed(self, account_id: UUID, assessment_id: UUID) -> None:
        """Remove what an account typed at an assessment."""
        ...

    def forget_typed_before(self, before: datetime) -> int:
        """Remove whatever was typed before an instant; how many rows."""
        ...

    def record_import(self, run: ImportRun, faults: Iterable[Fault]) -> None:
        """Add or change what is kept of an import, and add lines that it left out."""
        ...

    def change_import(self, run: ImportRun, before: ImportState) -> bool:
        """Change the state of an import; False if it was no longer the one before."""
        ...

    def imports(self, uai: Uai) -> list[ImportRun]:
        """The imports of an establishment, the latest first."""
        ...

    def import_run(self, id_: UUID) -> ImportRun | None:
        """One import."""
        ...

    def faults(self, import_id: UUID, limit: int) -> list[Fault]:
        """The first lines that an import left out."""
        ...

    def forget_imports(self, uai: Uai, keep: int) -> None:
        """Remove all but the latest imports of an establishment, with their lines and files."""
        ...

    def forget_import(self, id_: UUID) -> None:
        """Remove one import, with its lines and its file."""
        ...

    def forget_faults(self, import_id: UUID) -> None:
        """Remove the lines that an import left out, before it is tried again."""
        ...

    def keep_upload(self, import_id: UUID, packed: bytes) -> None:
        """Keep the file of an import that waits, as it is given."""
        ...

    def upload(self, import_id: UUID) -> bytes | None:
        """That file, or None."""
        ...

    def forget_upload(self, import_id: UUID) -> None:
        """Remove that file."""
        ...

    def forget_waiting(self, before: datetime) -> int:
        """Remove the imports that nobody tried or confirmed since an instant; how many.

        And the files of those that were stopped before.
        """
        ...


OpensClasses = Callable[[Any], ClassStore]
"""Opens the store on a transaction's connection."""
