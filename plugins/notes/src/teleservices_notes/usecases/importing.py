"""Record the marks of a school's file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
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
from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import NO_LEVELS, Assessment, Mark, MarkStatus, Outcome
from teleservices_notes.rules import succeed
from teleservices_notes.usecases.class_ports import ClassStore, OpensClasses
from teleservices_notes.usecases.rights import require_decider
from teleservices_notes.usecases.runs import Fault, ImportReport, ImportRun

BATCH: Final = 2_000
"""Lines looked up and written together: bounds memory, and how long others wait to write, a tenth
of a second on SQLite."""
KEPT_IMPORTS: Final = 20
"""Of an establishment, with the lines that they left out."""


@frozen
class MarkLine:
    """A line of a marks file, understood; the student is still an INE."""

    line: int
    assessment: Assessment
    ine: Ine
    status: MarkStatus
    value: Decimal | None
    entered_at: datetime
    remark: str | None = None
    """None: the file has no remarks, and those recorded stay."""
    levels: Mapping[str, int] | None = None
    """Likewise."""
    kept: frozenset[str] = frozenset()
    """Fields of the assessment of which the file says nothing."""


def import_marks(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    lines: Iterable[MarkLine | Fault],
    opens: OpensClasses,
    *,
    dry_run: bool = False,
    file_name: str = "",
    import_id: UUID | None = None,
    stopping: Callable[[], bool] = lambda: False,
    writing: Callable[[ImportReport], AbstractContextManager[Transaction]] | None = None,
) -> ImportReport:
    """Record the marks of a file for the year under way; faulty lines are left out.

    Batch by batch, each in one transaction with the record of how far the import
    is and of the lines left out; ``writing`` makes them, and is given the report as it
    grows. ``stopping`` is asked between two of them; to
    stop, even by force, loses nothing, and the same file again goes on: what is
    recorded already is found unchanged. A mark changes when what is said of it
    does and the file's entry is not older than the recorded one; only then does
    its entry time move, so that a mark already published does not vanish for a
    day because the same file came with new times. Raises :exc:`NotFoundError`
    for an unknown establishment, :exc:`NotAllowedError`, and what reading the lines
    raises, :exc:`ImportRefusedError`: what was recorded before stays.
    """
    database, year = site.database, site.school_year()
    work = _Import(uai, year, site.academie.zone, dry_run)
    stream = iter(lines)
    if dry_run:
        with database.reading() as tx:
            require_decider(site, tx, viewer, uai)
            store = opens(tx.connection)
            while batch := list(islice(stream, BATCH)):
                if stopping():
                    work.report.is_stopped = True
                    break
                work.take(store, batch)
        return work.report
    run = ImportRun.begun(
        import_id or site.new_id(), uai, year, file_name, site.now(), viewer.name if viewer else ""
    )
    is_over, refused = False, None
    while not is_over:
        # The file is read before the transaction, which holds others up.
        try:
            batch = list(islice(stream, BATCH))
        except ImportRefusedError as error:
            batch, refused = [], error
        work.report.is_stopped = refused is not None or stopping()
        is_over = len(batch) < BATCH or work.report.is_stopped
        with writing(work.report) if writing else database.writing() as tx:
            require_decider(site, tx, viewer, uai)
            store = opens(tx.connection)
            faults = work.take(store, batch)
            run = run.so_far(work.report, site.now(), is_over=is_over)
            store.record_import(run, faults)
            if is_over:
                store.forget_imports(uai, KEPT_IMPORTS)
                counts = work.report.counts()
                tx.audit.add(audited("notes.imported", site.now(), viewer, uai=uai, counts=counts))
    if refused is not None:
        raise refused
    return work.report


@define
class _Given:
    """An assessment of the file."""

    first: MarkLine
    """The line that first described it."""
    is_new: bool = False
    """Whether, in its first batch, nothing is recorded of it, nor of any mark at it."""
    marked: set[str] = Factory(set)
    """Students who have a mark in the file, by INE."""
    same: list[Assessment] = Factory(list)
    """Equal descriptions; kept, since they are known by their identity."""


@define
class _Import:
    """One import under way. Keeps assessments and who has a mark at each, not the marks."""

    uai: Uai
    school_year: SchoolYear
    zone: ZoneInfo
    dry_run: bool
    report: ImportReport = Factory(ImportReport)
    _students: dict[str, UUID | None] = Factory(dict)
    """By INE."""
    _given: dict[UUID, _Given] = Factory(dict)
    _by_identity: dict[int, _Given] = Factory(dict)
    """Lines of one assessment share one value: comparing is for the others."""

    def take(self, store: ClassStore, batch: list[MarkLine | Fault]) -> list[Fault]:
        """Look up, compare and write some lines; give the faults to keep, in order."""
        self.report.lines += len(batch)
        faults = [line for line in batch if isinstance(line, Fault)]
        lines = [line for line in batch if isinstance(line, MarkLine)]
        self._find_students(store, {line.ine for line in lines})
        already = len(self._given)
        taken = list(self._taken(lines, faults))
        fresh = list(islice(self._given.values(), already, None))
        assessments = self._changed_assessments(store, taken, fresh)
        marks = self._changed_marks(store, taken)
        if not self.dry_run:
            store.save(assessments, marks)
        for given in fresh:
            given.is_new = False
        return self.report.leave_out(sorted(faults, key=lambda fault: fault.line))

    def _find_students(self, store: ClassStore, ines: set[Ine]) -> None:
        unknown = [ine for ine in ines if ine.code not in self._students]
        if unknown:
            found = store.students(self.uai, self.school_year, unknown)
            self._students.update({ine.code: found.get(ine) for ine in unknown})

    def _taken(
        self, lines: list[MarkLine], faults: list[Fault]
    ) -> Iterator[tuple[UUID, MarkLine, _Given]]:
        """The lines that can be recorded, each with its student and its assessment."""
        for line in lines:
            code = line.ine.code
            given = self._by_identity.get(id(line.assessment)) or self._meet(line)
            student_id = self._students[code]
            if student_id is None:
                reason = _("aucun élève de l’établissement n’a l’INE {ine} en {year}")
                reason = reason.format(ine=line.ine, year=self.school_year)
            elif given is None:
                reason = _("la ligne {line} décrit autrement cette évaluation")
                reason = reason.format(line=self._given[line.assessment.id].first.line)
            elif code in given.marked:
                reason = _("cet élève a déjà une note à cette évaluation")
            else:
                given.marked.add(code)
                yield student_id, line, given
                continue
            faults.append(Fault(line.line, reason))

    def _meet(self, line: MarkLine) -> _Given | None:
        """The assessment of a line; None if an earlier line describes it otherwise."""
        given = self._given.setdefault(line.assessment.id, _Given(line))
        if given.first.assessment != line.assessment:
            return None
        given.same.append(line.assessment)
        self._by_identity[id(line.assessment)] = given
        return given

    def _changed_assessments(
        self, store: ClassStore, taken: list[tuple[UUID, MarkLine, _Given]], fresh: list[_Given]
    ) -> list[Assessment]:
        ids = {given.first.assessment.id for _student_id, _line, given in taken}
        ids |= {given.first.assessment.id for given in fresh}
        # Locked: who enters marks at one of them meanwhile comes before or after.
        recorded = store.assessments(ids, locking=not self.dry_run) if ids else {}
        for given in fresh:
            given.is_new = given.first.assessment.id not in recorded
        found = [
            _completed(given.first, recorded.get(given.first.assessment.id)) for given in fresh
        ]
        changed = [each for each in found if recorded.get(each.id) != each]
        known = sum(not given.is_new for given in fresh)
        self.report.assessments_added += len(found) - known
        self.report.assessments_changed += len(changed) - len(found) + known
        return changed

    def _changed_marks(
        self, store: ClassStore, taken: list[tuple[UUID, MarkLine, _Given]]
    ) -> list[Mark]:
        report, changed = self.report, []
        keys = [(id_, line.assessment.id) for id_, line, given in taken if not given.is_new]
        recorded = store.marks(keys) if keys else {}
        for student_id, line, given in taken:
            before = None if given.is_new else recorded.get((student_id, line.assessment.id))
            if before is None:
                report.marks_added += 1
                changed.append(Mark.first(line.assessment.id, student_id, _outcome(line)))
            elif _says_as(line, before.outcome):
                report.marks_unchanged += 1
            elif line.entered_at < before.outcome.entered_at:
                report.marks_outdated += 1
            else:
                report.marks_changed += 1
                outcome = _outcome(line, before.outcome)
                changed.append(succeed(before, outcome, "", self.zone))
        return changed


def _says_as(line: MarkLine, outcome: Outcome) -> bool:
    return (
        (line.status, line.value) == (outcome.status, outcome.value)
        and (line.remark is None or line.remark == outcome.remark)
        and (line.levels is None or line.levels == outcome.levels)
    )


def _outcome(line: MarkLine, before: Outcome | None = None) -> Outcome:
    """What a line says, with what only the recorded outcome says."""
    remark, levels = ("", NO_LEVELS) if before is None else (before.remark, before.levels)
    return Outcome(
        line.status,
        line.value,
        line.entered_at,
        remark if line.remark is None else line.remark,
        levels if line.levels is None else line.levels,
    )


def _completed(line: MarkLine, recorded: Assessment | None) -> Assessment:
    """An assessment of the file, with what the school says of it and the file does not."""
    if recorded is None:
        return line.assessment
    kept = {name: getattr(recorded, name) for name in line.kept}
    return evolve(line.assessment, own_rules=recorded.own_rules, **kept)
