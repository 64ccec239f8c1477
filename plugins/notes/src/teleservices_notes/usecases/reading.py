"""What a family sees of a student's marks, on a page or in a copy of its data."""

from __future__ import annotations

from typing import Any

from teleservices_core.contributions import DataScope
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.families import Child
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site
from teleservices_notes.rules import MarkBook, Shown, Viewpoint, mark_book
from teleservices_notes.usecases.ports import Opens
from teleservices_notes.words import COUNTING_WORDS, STATUS_WORDS


def audience_of(child: Child) -> Audience:
    """For whom a child's marks are shown: a guardian, or the student himself."""
    return Audience.STUDENT if child.link is None else Audience.GUARDIAN


def student_marks(site: Site, child: Child, opens: Opens) -> MarkBook:
    """What the family sees now of a child's marks: one statement.

    For the establishment and school year of the child's schooling. Nothing that
    is not yet published goes any further than here.
    """
    schooling = child.schooling
    with site.database.reading() as tx:
        plan, entries = opens(tx.connection).of_student(
            child.student.id, schooling.uai, schooling.school_year
        )
    eyes = Viewpoint(plan, audience_of(child), site.now(), site.academie.zone)
    return mark_book(eyes.look(entries), plan, eyes.rule(schooling.class_group))


def export_marks(tx: Transaction, scope: DataScope, opens: Opens) -> dict[str, Any]:
    """The marks of a copy: those that the pages show at that instant, and no other."""
    told: list[dict[str, Any]] = []
    for child in scope.children:
        schooling = child.schooling
        plan, entries = opens(tx.connection).of_student(
            child.student.id, schooling.uai, schooling.school_year
        )
        seen = Viewpoint(plan, audience_of(child), scope.at, scope.zone).look(entries)
        told += [_told(child, each) for each in seen]
    return {_("notes"): told}


def _told(child: Child, shown: Shown) -> dict[str, Any]:
    assessment, outcome = shown.assessment, shown.outcome
    return {
        _("élève"): child.student.full_name,
        _("matière"): assessment.subject.label,
        _("évaluation"): assessment.title,
        _("description"): assessment.description,
        _("faite le"): assessment.given_on,
        _("enseignant"): assessment.teacher,
        _("note"): STATUS_WORDS[outcome.status]() if outcome.value is None else outcome.value,
        _("sur"): assessment.out_of,
        _("coefficient"): assessment.weight,
        _("compte"): COUNTING_WORDS[assessment.counting](),
        _("appréciation"): outcome.remark,
        _("niveaux"): dict(outcome.levels),
        _("saisie le"): outcome.entered_at,
        _("corrigée"): shown.is_corrected,
    }
