"""Record the marks of a school's file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import Factory, define, evolve, frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.i18n import _
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import Assessment, Mark, MarkStatus, Outcome
from teleservices_notes.rules import succeed
from teleservices_notes.usecases.ports import Opens, Store
from teleservices_notes.usecases.publication import require_establishment

BATCH: Final = 5_000
"""Lines looked up and written together; bounds memory."""


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
        require_establishment(tx, uai)
        store, zone = opens(tx.connection), site.academie.zone
        run = _Import(store, uai, site.school_year(), zone, dry_run)
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
    zone: ZoneInfo
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
                outcome = Outcome(line.status, line.value, line.entered_at)
                yield Mark.first(line.assessment.id, student_id, outcome)

    def _contradicted(self, line: MarkLine) -> MarkLine | None:
        first = self._described.setdefault(line.assessment.id, line)
        # Lines of one assessment share one value: comparing is for the others.
        same = first.assessment is line.assessment or first.assessment == line.assessment
        return None if same else first

    def _refuse(self, line: MarkLine, reason: str) -> None:
        self.report.faults.append(Fault(line.line, reason))

    def _changed_assessments(self, found: list[Assessment]) -> list[Assessment]:
        recorded = self.store.assessments([each.id for each in found]) if found else {}
        described = [_completed(each, recorded.get(each.id)) for each in found]
        changed = [each for each in described if recorded.get(each.id) != each]
        self.report.assessments_added += len(found) - len(recorded)
        self.report.assessments_changed += len(changed) - len(found) + len(recorded)
        return changed

    def _changed_marks(self, found: list[Mark]) -> list[Mark]:
        report, changed = self.report, []
        recorded = self.store.marks([(mark.student_id, mark.assessment_id) for mark in found])
        for mark in found:
            before, outcome = recorded.get((mark.student_id, mark.assessment_id)), mark.outcome
            if before is None:
                report.marks_added += 1
                changed.append(mark)
            elif (before.outcome.status, before.outcome.value) == (outcome.status, outcome.value):
                report.marks_unchanged += 1
            elif outcome.entered_at < before.outcome.entered_at:
                report.marks_outdated += 1
            else:
                report.marks_changed += 1
                kept = evolve(outcome, remark=before.outcome.remark, levels=before.outcome.levels)
                changed.append(succeed(before, kept, "", self.zone))
        return changed


def _completed(described: Assessment, recorded: Assessment | None) -> Assessment:
    """An assessment of the file, with what the school says of it and the file cannot."""
    if recorded is None:
        return described
    return evolve(
        described,
        description=recorded.description,
        competencies=recorded.competencies,
        own_rules=recorded.own_rules,
    )
