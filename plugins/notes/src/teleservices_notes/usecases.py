"""Read a student's marks; choose how an establishment publishes; import its marks.

``Store`` is what ``store.py`` implements. Functions take it opened on a
transaction, so that nothing here knows of a database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final, Protocol
from uuid import UUID

from attrs import Factory, define, frozen

from teleservices_core.contributions import DataScope
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import Assessment, Entry, Mark, MarkStatus, PublicationMode
from teleservices_notes.rules import MarkBook, mark_book, visible
from teleservices_notes.words import STATUS_WORDS

BATCH: Final = 5_000
"""Lines looked up and written together; bounds memory."""


@frozen
class Recorded:
    """What the database holds of a mark: enough to tell whether it changes."""

    status: MarkStatus
    value: Decimal | None
    entered_at: datetime


class Store(Protocol):
    """The plugin's tables, on one transaction."""

    def of_student(
        self, student_id: UUID, uai: Uai, school_year: SchoolYear
    ) -> tuple[PublicationMode, list[Entry]]:
        """The establishment's mode and all marks of a student there, in one statement."""
        ...

    def mode(self, uai: Uai, school_year: SchoolYear) -> PublicationMode:
        """The establishment's mode; ROLLING unless it chose."""
        ...

    def set_mode(self, uai: Uai, school_year: SchoolYear, mode: PublicationMode) -> None:
        """Record the establishment's mode."""
        ...

    def students(
        self, uai: Uai, school_year: SchoolYear, ines: Iterable[Ine]
    ) -> Mapping[Ine, UUID]:
        """Students of an establishment by INE, in one statement."""
        ...

    def assessments(self, ids: Iterable[UUID]) -> Mapping[UUID, Assessment]:
        """Assessments by identifier, in one statement."""
        ...

    def marks(self, keys: Collection[tuple[UUID, UUID]]) -> Mapping[tuple[UUID, UUID], Recorded]:
        """What is recorded for pairs of (student, assessment), in one statement."""
        ...

    def save(self, assessments: Iterable[Assessment], marks: Iterable[Mark]) -> None:
        """Create or update."""
        ...


Opens = Callable[[Any], Store]
"""Opens the store on a transaction's connection."""


def student_marks(site: Site, child: Child, opens: Opens) -> MarkBook:
    """What the family sees now of a child's marks: one statement.

    For the establishment and school year of the child's schooling. Nothing that
    is not yet published goes any further than here.
    """
    schooling = child.schooling
    with site.database.reading() as tx:
        mode, entries = opens(tx.connection).of_student(
            child.student.id, schooling.uai, schooling.school_year
        )
    return mark_book(visible(entries, mode, site.now(), site.academie.zone), mode)


def export_marks(tx: Transaction, scope: DataScope, opens: Opens) -> dict[str, Any]:
    """The marks of a copy: those that the pages show at that instant, and no other."""
    told: list[dict[str, Any]] = []
    for child in scope.children:
        schooling = child.schooling
        mode, entries = opens(tx.connection).of_student(
            child.student.id, schooling.uai, schooling.school_year
        )
        seen = visible(entries, mode, scope.at, scope.zone)
        told += [_told(child, entry) for entry in seen]
    return {_("notes"): told}


def _told(child: Child, entry: Entry) -> dict[str, Any]:
    assessment, mark = entry.assessment, entry.mark
    return {
        _("élève"): child.student.full_name,
        _("matière"): assessment.subject.label,
        _("évaluation"): assessment.title,
        _("faite le"): assessment.given_on,
        _("enseignant"): assessment.teacher,
        _("note"): STATUS_WORDS[mark.status]() if mark.value is None else mark.value,
        _("sur"): assessment.out_of,
        _("coefficient"): assessment.weight,
        _("facultative"): assessment.is_optional,
        _("saisie le"): mark.entered_at,
    }


def publication_mode(site: Site, uai: Uai, opens: Opens) -> PublicationMode:
    """An establishment's mode for the year under way. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        _establishment(tx, uai)
        return opens(tx.connection).mode(uai, site.school_year())


def set_publication_mode(
    site: Site, viewer: Viewer | None, uai: Uai, mode: PublicationMode, opens: Opens
) -> None:
    """Choose how an establishment publishes, for the year under way (F50, F51).

    Holds at once, for marks already entered too. ``viewer`` None is the command
    line. Raises :exc:`NotFoundError` for an unknown establishment.
    """
    year = site.school_year()
    with site.database.writing() as tx:
        _establishment(tx, uai)
        store = opens(tx.connection)
        before = store.mode(uai, year)
        store.set_mode(uai, year, mode)
        tx.audit.add(
            audited(
                "notes.mode_set",
                site.now(),
                viewer,
                uai=uai,
                school_year=str(year),
                before=before.value,
                after=mode.value,
            )
        )


def _establishment(tx: Transaction, uai: Uai) -> Establishment:
    found = tx.roster.establishment(uai)
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return found


@frozen
class MarkLine:
    """A line of a marks file, understood; the student is still an INE."""

    line: int
    assessment: Assessment
    ine: Ine
    status: MarkStatus
    value: Decimal | None
    entered_at: datetime


@frozen
class Fault:
    """A line left out, and why, in words for the school."""

    line: int
    reason: str


@define
class ImportReport:
    """What an import did, or would do."""

    lines: int = 0
    assessments_added: int = 0
    assessments_changed: int = 0
    marks_added: int = 0
    marks_changed: int = 0
    marks_unchanged: int = 0
    marks_outdated: int = 0
    """Left as they are: the database holds an entry later than the file's."""
    faults: list[Fault] = Factory(list)

    @property
    def changes(self) -> int:
        """How many rows were written; 0 when the same file comes again."""
        return (
            self.assessments_added
            + self.assessments_changed
            + self.marks_added
            + self.marks_changed
        )

    def counts(self) -> dict[str, int]:
        """Figures for the audit trail."""
        return {
            "lines": self.lines,
            "assessments_added": self.assessments_added,
            "assessments_changed": self.assessments_changed,
            "marks_added": self.marks_added,
            "marks_changed": self.marks_changed,
            "faults": len(self.faults),
        }


def import_marks(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    lines: Iterable[MarkLine | Fault],
    opens: Opens,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Record the marks of a file for the year under way; faulty lines are left out.

    One unit of work. The same file again changes nothing. A mark changes when
    its figure or status does and the file's entry is not older than the recorded
    one; only then does its entry time move, so that a mark already published
    does not vanish for a day because the same file came with new times. Raises
    :exc:`NotFoundError` for an unknown establishment.
    """
    database = site.database
    with database.reading() if dry_run else database.writing() as tx:
        _establishment(tx, uai)
        run = _Import(opens(tx.connection), uai, site.school_year(), dry_run)
        stream = iter(lines)
        while batch := list(islice(stream, BATCH)):
            run.take(batch)
        run.report.faults.sort(key=lambda fault: fault.line)
        if not dry_run:
            tx.audit.add(
                audited("notes.imported", site.now(), viewer, uai=uai, counts=run.report.counts())
            )
    return run.report


@define
class _Import:
    """One import under way. Keeps assessments and who has a mark at each, not the marks."""

    store: Store
    uai: Uai
    school_year: SchoolYear
    dry_run: bool
    report: ImportReport = Factory(ImportReport)
    _students: dict[Ine, UUID | None] = Factory(dict)
    _described: dict[UUID, MarkLine] = Factory(dict)
    """The line that first described each assessment."""
    _marked: dict[UUID, set[UUID]] = Factory(dict)
    """Students who have a mark in the file, by assessment."""

    def take(self, batch: list[MarkLine | Fault]) -> None:
        """Look up, compare and write some lines."""
        self.report.lines += len(batch)
        self.report.faults += [line for line in batch if isinstance(line, Fault)]
        lines = [line for line in batch if isinstance(line, MarkLine)]
        self._find_students({line.ine for line in lines} - self._students.keys())
        already = set(self._described)
        marks = list(self._marks(lines))
        fresh = [self._described[id_].assessment for id_ in self._described.keys() - already]
        assessments = self._changed_assessments(fresh)
        changed = self._changed_marks(marks)
        if not self.dry_run:
            self.store.save(assessments, changed)

    def _find_students(self, unknown: set[Ine]) -> None:
        if unknown:
            found = self.store.students(self.uai, self.school_year, unknown)
            self._students.update({ine: found.get(ine) for ine in unknown})

    def _marks(self, lines: list[MarkLine]) -> Iterator[Mark]:
        for line in lines:
            student_id = self._students[line.ine]
            if student_id is None:
                reason = _("aucun élève de l’établissement n’a l’INE {ine} en {year}")
                self._refuse(line, reason.format(ine=line.ine, year=self.school_year))
            elif (first := self._contradicted(line)) is not None:
                reason = _("la ligne {line} décrit autrement cette évaluation")
                self._refuse(line, reason.format(line=first.line))
            elif student_id in (marked := self._marked.setdefault(line.assessment.id, set())):
                self._refuse(line, _("cet élève a déjà une note à cette évaluation"))
            else:
                marked.add(student_id)
                yield Mark(line.assessment.id, student_id, line.status, line.value, line.entered_at)

    def _contradicted(self, line: MarkLine) -> MarkLine | None:
        first = self._described.setdefault(line.assessment.id, line)
        # Lines of one assessment share one value: comparing is for the others.
        same = first.assessment is line.assessment or first.assessment == line.assessment
        return None if same else first

    def _refuse(self, line: MarkLine, reason: str) -> None:
        self.report.faults.append(Fault(line.line, reason))

    def _changed_assessments(self, found: list[Assessment]) -> list[Assessment]:
        recorded = self.store.assessments([each.id for each in found]) if found else {}
        changed = [each for each in found if recorded.get(each.id) != each]
        self.report.assessments_added += len(found) - len(recorded)
        self.report.assessments_changed += len(changed) - len(found) + len(recorded)
        return changed

    def _changed_marks(self, found: list[Mark]) -> list[Mark]:
        report, changed = self.report, []
        recorded = self.store.marks([(mark.student_id, mark.assessment_id) for mark in found])
        for mark in found:
            before = recorded.get((mark.student_id, mark.assessment_id))
            if before is None:
                report.marks_added += 1
            elif (before.status, before.value) == (mark.status, mark.value):
                report.marks_unchanged += 1
                continue
            elif mark.entered_at < before.entered_at:
                report.marks_outdated += 1
                continue
            else:
                report.marks_changed += 1
            changed.append(mark)
        return changed
