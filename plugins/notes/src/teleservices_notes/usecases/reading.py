"""What a family sees of a student's marks, on a page or in a copy of its data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from attrs import frozen

from teleservices_core.contributions import DataScope
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear, local_date
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site
from teleservices_notes.model import Assessment, Entry, GradingPeriod, Mark, PublicationPlan
from teleservices_notes.rules import (
    NO_FIGURES,
    YEAR,
    ClassFigures,
    MarkBook,
    Shown,
    SubjectAverage,
    Viewpoint,
    by_label,
    chosen_period,
    class_figures,
    in_order,
    mark_book,
    subject_average,
    within,
)
from teleservices_notes.usecases.past import Since, changes_since
from teleservices_notes.usecases.ports import Marked, Opens, Store
from teleservices_notes.words import COUNTING_WORDS, level_lines, outcome_words


def audience_of(child: Child) -> Audience:
    """For whom a child's marks are shown: a guardian, or the student himself."""
    return Audience.STUDENT if child.link is None else Audience.GUARDIAN


def student_marks(site: Site, child: Child, opens: Opens, period: str = YEAR) -> MarkBook:
    """What the family sees now of a child's marks: one statement.

    For the establishment and school year of the child's schooling; ``period`` as
    :func:`.rules.chosen_period` reads it.
    """
    with site.database.reading() as tx:
        plan, entries = _of_student(opens(tx.connection), child)
    return shown_book(site, child, plan, entries, period)


def shown_book(
    site: Site, child: Child, plan: PublicationPlan, entries: Iterable[Entry], period: str
) -> MarkBook:
    """What the family sees now of some marks: what is not published goes no further."""
    eyes = _eyes(site, child, plan)
    shown = eyes.look(entries)
    chosen = chosen_period(plan, period, local_date(eyes.at, eyes.zone), shown)
    return mark_book(shown, plan, eyes.rule(child.schooling.class_group), chosen)


@frozen
class SubjectMarks:
    """What a family sees of one subject, beside its class if it may."""

    plan: PublicationPlan
    period: GradingPeriod | None
    """What the average is about; None for the year."""
    shown: tuple[Shown, ...]
    """Of the whole year, oldest first."""
    average: SubjectAverage | None
    """Of the period; None when nothing of it is shown."""
    class_group: str
    """The class that the last assessment was given to."""
    compares: bool
    """Whether the establishment shows figures of the class."""
    figures: ClassFigures
    """Of the period too."""

    def average_of(self, period: GradingPeriod | None) -> SubjectAverage | None:
        """The average of a period, or of the year."""
        found = self.shown if period is None else within(self.shown, period)
        return subject_average(list(found)) if found else None


def subject_marks(
    site: Site, child: Child, opens: Opens, code: str, period: str = YEAR
) -> SubjectMarks:
    """What the family sees now of a subject: two statements.

    Raises :exc:`NotFoundError` for a subject of which nothing is published: for a
    family it does not exist.
    """
    with site.database.reading() as tx:
        store = opens(tx.connection)
        plan, entries = _of_student(store, child)
        eyes = _eyes(site, child, plan)
        mine = [each for each in entries if each.assessment.subject.code == code]
        shown = in_order(eyes.look(mine))
        if not shown:
            raise NotFoundError("no published mark in this subject")
        last = shown[-1].assessment
        floor, marked = store.comparison(last.uai, last.school_year, last.class_group, code)
    chosen = chosen_period(plan, period, local_date(eyes.at, eyes.zone), shown)
    figures = class_figures(_within(marked, chosen), eyes, floor) if floor else NO_FIGURES
    found = shown if chosen is None else within(shown, chosen)
    average = subject_average(found) if found else None
    return SubjectMarks(plan, chosen, tuple(shown), average, last.class_group, floor > 0, figures)


def _of_student(store: Store, child: Child) -> tuple[PublicationPlan, list[Entry]]:
    schooling = child.schooling
    return store.of_student(child.student.id, schooling.uai, schooling.school_year)


def _eyes(site: Site, child: Child, plan: PublicationPlan) -> Viewpoint:
    return Viewpoint(plan, audience_of(child), site.now(), site.academie.zone)


def _within(
    marked: Iterable[Marked], period: GradingPeriod | None
) -> Iterator[tuple[Assessment, tuple[Mark, ...]]]:
    for each in marked:
        if period is None or each.assessment.given_on in period:
            yield each.assessment, each.marks


def export_marks(tx: Transaction, scope: DataScope, opens: Opens) -> dict[str, Any]:
    """The marks of a copy: those that the pages show at that instant, and no other.

    Of an instant gone by, under the rules that were in force then: one more
    statement for each establishment and year.
    """
    told: list[dict[str, Any]] = []
    since: dict[tuple[Uai, SchoolYear], Since] = {}
    for child in scope.children:
        plan, entries = _of_student(opens(tx.connection), child)
        place = child.schooling.uai, child.schooling.school_year
        if place not in since:
            since[place] = changes_since(tx, *place, scope.at)
        plan, entries = since[place].undone(plan, entries)
        seen = Viewpoint(plan, audience_of(child), scope.at, scope.zone).look(entries)
        told += [_told(child, plan, each) for each in sorted(seen, key=_by_subject)]
    return {_("notes"): told}


def _by_subject(shown: Shown) -> tuple[Any, ...]:
    return *by_label(shown.assessment.subject), shown.assessment.given_on


def _told(child: Child, plan: PublicationPlan, shown: Shown) -> dict[str, Any]:
    assessment, outcome = shown.assessment, shown.outcome
    return {
        _("élève"): child.student.full_name,
        _("matière"): assessment.subject.label,
        _("évaluation"): assessment.title,
        _("description"): assessment.description,
        _("faite le"): assessment.given_on,
        _("enseignant"): assessment.teacher,
        _("note"): outcome_words(outcome) if outcome.value is None else outcome.value,
        _("sur"): assessment.out_of,
        _("coefficient"): assessment.weight,
        _("compte"): COUNTING_WORDS[assessment.counting](),
        _("appréciation"): outcome.remark,
        _("niveaux"): dict(level_lines(plan, outcome.levels)),
        _("saisie le"): outcome.entered_at,
        _("corrigée"): shown.is_corrected,
    }
