"""The marks of an assessment, entered for a whole class at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, TeleservicesError
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import (
    Assessment,
    Mark,
    MarkStatus,
    Outcome,
    PublicationPlan,
    Pupil,
)
from teleservices_notes.rules import succeed
from teleservices_notes.rules.entering import NOTHING, Verdict, settle
from teleservices_notes.usecases.assessing import the_assessment
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.opened import shut_to
from teleservices_notes.usecases.teaching import Taught


@frozen
class GridRow:
    """A student and the mark recorded for him."""

    pupil: Pupil
    mark: Mark | None


@frozen
class Grid:
    """An assessment and its class: who is there today, and who left with a mark."""

    assessment: Assessment
    taught: Taught
    plan: PublicationPlan
    rows: tuple[GridRow, ...]
    shut: frozenset[Audience]
    """To whom the module is closed."""


@frozen
class EnteredRow:
    """What a page showed of a student's mark, and what was typed."""

    student_id: UUID
    seen: str
    """The stamp of the mark that was shown."""
    outcome: Outcome | None
    """None for an empty row."""


@frozen
class Entered:
    """How many marks were recorded."""

    added: int
    corrected: int


class EntryConflictError(TeleservicesError):
    """Others have recorded something else for some students meanwhile; nothing was written."""

    def __init__(self, marks: Mapping[UUID, Mark | None]) -> None:
        self.marks = marks
        """What is recorded now, by student."""
        super().__init__(f"{len(marks)} marks have changed")


def grid(site: Site, viewer: Viewer, uai: Uai, assessment_id: UUID, opens: OpensClasses) -> Grid:
    """An assessment's marks. Raises what :func:`.require_course` raises."""
    with site.database.reading() as tx:
        store = opens(tx.connection)
        assessment, taught = the_assessment(site, tx, store, viewer, uai, assessment_id)
        marks = store.marks_at(assessment_id)
        pupils = store.pupils(taught.course, site.academie.today(site.now()))
        plan = store.plan(uai, assessment.school_year).plan
        shut = shut_to(site, tx, taught.course)
    rows = [
        GridRow(each.pupil, marks.get(each.pupil.id))
        for each in pupils
        if each.is_there or each.pupil.id in marks
    ]
    return Grid(assessment, taught, plan, tuple(rows), shut)


def enter_marks(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    assessment_id: UUID,
    rows: Sequence[EnteredRow],
    opens: OpensClasses,
) -> Entered:
    """Record what was typed, all of it or nothing.

    A row that nobody touched writes nothing. An emptied row records « non
    noté » over a mark. Raises what :func:`.require_course` raises,
    :exc:`NotFoundError` for a student of another class, and
    :exc:`EntryConflictError`.
    """
    now, zone = site.now(), site.academie.zone
    with site.database.writing() as tx:
        store = opens(tx.connection)
        assessment, taught = the_assessment(
            site, tx, store, viewer, uai, assessment_id, locking=True
        )
        recorded = store.marks_at(assessment_id)
        pupils = store.pupils(taught.course, site.academie.today(now))
        known = recorded.keys() | {each.pupil.id for each in pupils if each.is_there}
        if not known.issuperset(row.student_id for row in rows):
            raise NotFoundError("a student of another class")
        _check(assessment, rows)
        written = _written(assessment_id, rows, recorded, viewer.name, now, zone)
        entered = Entered(
            sum(mark.student_id not in recorded for mark in written),
            sum(mark.student_id in recorded for mark in written),
        )
        if written:
            store.save((), written)
            tx.audit.add(_audit(site, viewer, assessment, entered))
    return entered


def _check(assessment: Assessment, rows: Sequence[EnteredRow]) -> None:
    """Refuse what no longer goes with the assessment, which somebody has just changed."""
    for outcome in (row.outcome for row in rows if row.outcome is not None):
        strange = outcome.levels.keys() - set(assessment.competencies)
        if strange or (outcome.value or 0) > assessment.out_of:
            raise ConflictError(f"assessment {assessment.id} has changed")


def _written(
    assessment_id: UUID,
    rows: Sequence[EnteredRow],
    recorded: Mapping[UUID, Mark],
    entered_by: str,
    now: datetime,
    zone: ZoneInfo,
) -> list[Mark]:
    written: list[Mark] = []
    conflicts: dict[UUID, Mark | None] = {}
    for row in rows:
        mark, outcome = recorded.get(row.student_id), _typed(row, now)
        verdict = settle(row.seen, outcome, mark.outcome if mark else None)
        if verdict is Verdict.CONFLICT:
            conflicts[row.student_id] = mark
        elif verdict is Verdict.WRITE and outcome is not None:
            if mark is None:
                written.append(Mark.first(assessment_id, row.student_id, outcome, entered_by))
            else:
                # A file may have brought an entry that its clock dated later.
                at = max(now, mark.outcome.entered_at)
                written.append(succeed(mark, evolve(outcome, entered_at=at), entered_by, zone))
    if conflicts:
        raise EntryConflictError(conflicts)
    return written


def _typed(row: EnteredRow, now: datetime) -> Outcome | None:
    if row.outcome is None and row.seen != NOTHING:
        return Outcome(MarkStatus.UNMARKED, None, now)
    return None if row.outcome is None else evolve(row.outcome, entered_at=now)


def _audit(site: Site, viewer: Viewer, assessment: Assessment, entered: Entered) -> Any:
    return audited(
        "notes.marks_entered",
        site.now(),
        viewer,
        uai=assessment.uai,
        assessment=str(assessment.id),
        class_group=assessment.class_group,
        subject=assessment.subject.label,
        title=assessment.title,
        added=entered.added,
        corrected=entered.corrected,
    )
