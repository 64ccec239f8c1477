"""Describe an assessment: add it, change it, remove it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.i18n import _, show_short_date
from teleservices_core.web.context import Context
from teleservices_core.web.forms import Form, chosen, read_form, several, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.reading import read_day
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.model import Assessment, Counting, PublicationPlan
from teleservices_notes.model.assessments import LONGEST_DESCRIPTION
from teleservices_notes.pages.courses import asked_course, course_href
from teleservices_notes.pages.when_shown import when_shown
from teleservices_notes.rules.written import read_number
from teleservices_notes.teaching_words import COUNTING_CHOICES
from teleservices_notes.usecases.assessing import (
    AssessmentPage,
    Described,
    add_assessment,
    assessment_page,
    change_assessment,
    course_page,
    remove_assessment,
)
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.words import COUNTING_WORDS, show_figure

_LONGEST_TITLE: Final = 200


@frozen
class AssessmentForm:
    """What a teacher types; ``seen`` is the stamp of what was shown."""

    title: str = text(1_000)
    given_on: str = text(20)
    out_of: str = text(20)
    weight: str = text(20)
    counting: str = text(20)
    publish_on: str = text(20)
    description: str = text(5_000)
    competencies: tuple[str, ...] = several(50)
    seen: str = text(16)


@frozen
class RemoveForm:
    """Nothing but the button."""


@frozen
class Choice:
    """A choice of a list."""

    value: str
    label: str


@frozen
class Assessments:
    """The handlers, given how to open the store."""

    opens: OpensClasses

    def new(self, context: Context, uai: str) -> Page | Redirect:
        """Add an assessment to a course."""
        site, viewer = context.site, context.me
        group, code = asked_course(context)
        page = course_page(site, viewer, Uai(uai), group, code, self.opens)
        today = site.academie.today(site.now())
        typed: dict[str, Any] = {**_EMPTY, "given_on": today.isoformat()}
        errors: dict[str, str] = {}
        if context.request.method == "POST":
            typed, described, errors = _read(context)
            if described is not None:
                try:
                    added = add_assessment(
                        site, viewer, Uai(uai), group, code, described, self.opens
                    )
                except RefusedError as refused:
                    errors = _refusal(refused.code)
                else:
                    context.tell("success", _("L’évaluation est ajoutée : saisissez les notes."))
                    return context.redirect("notes.grid", uai=uai, assessment_id=added.id)
        back = context.urls.to("notes.course", uai=uai, classe=group, matiere=code)
        here = context.urls.to("notes.new_assessment", uai=uai, classe=group, matiere=code)
        course = page.taught.course
        return _page(context, uai, course, page.plan, typed, errors, back=back, action=here)

    def change(self, context: Context, uai: str, assessment_id: UUID) -> Page | Redirect:
        """Change what is said of an assessment."""
        site, viewer = context.site, context.me
        page = assessment_page(site, viewer, Uai(uai), assessment_id, self.opens)
        recorded = Described.of(page.assessment)
        typed, errors = _typed(recorded), dict[str, str]()
        conflict: list[tuple[str, str, str]] = []
        if context.request.method == "POST":
            typed, described, errors = _read(context)
            if described is not None:
                try:
                    change_assessment(
                        site,
                        viewer,
                        Uai(uai),
                        assessment_id,
                        str(typed["seen"]),
                        described,
                        self.opens,
                    )
                except RefusedError as refused:
                    errors = _refusal(refused.code)
                except ConflictError:
                    # Read again: what was read above may be what somebody has just changed.
                    page = assessment_page(site, viewer, Uai(uai), assessment_id, self.opens)
                    conflict = _side_by_side(described, Described.of(page.assessment))
                else:
                    context.tell("success", _("L’évaluation est enregistrée."))
                    return Redirect("notes.course", _course(page.assessment))
        return _page(
            context,
            uai,
            page.taught.course,
            page.plan,
            typed,
            errors,
            back=course_href(context, page.assessment),
            action=context.urls.to("notes.assessment", uai=uai, assessment_id=assessment_id),
            found=page,
            conflict=conflict,
        )

    def remove(self, context: Context, uai: str, assessment_id: UUID) -> Redirect:
        """Remove an assessment that has no mark yet."""
        read_form(context.request, RemoveForm)
        try:
            gone = remove_assessment(context.site, context.me, Uai(uai), assessment_id, self.opens)
        except RefusedError:
            context.tell(
                "error", _("Cette évaluation a des notes : elle ne peut pas être supprimée.")
            )
            return context.redirect("notes.assessment", uai=uai, assessment_id=assessment_id)
        context.tell("success", _("L’évaluation est supprimée."))
        return Redirect("notes.course", _course(gone))


def _course(assessment: Assessment) -> dict[str, str]:
    return {
        "uai": assessment.uai.code,
        "classe": assessment.class_group,
        "matiere": assessment.subject.code,
    }


_EMPTY: Final[Mapping[str, Any]] = {
    "title": "",
    "given_on": "",
    "out_of": "20",
    "weight": "1",
    "counting": Counting.COMPULSORY.value,
    "publish_on": "",
    "description": "",
    "competencies": (),
    "seen": "",
}


def _typed(described: Described) -> dict[str, Any]:
    return {
        "title": described.title,
        "given_on": described.given_on.isoformat(),
        "out_of": show_figure(described.out_of),
        "weight": show_figure(described.weight),
        "counting": described.counting.value,
        "publish_on": described.publish_on.isoformat() if described.publish_on else "",
        "description": described.description,
        "competencies": described.competencies,
        "seen": described.stamp,
    }


def _read(context: Context) -> tuple[dict[str, Any], Described | None, dict[str, str]]:
    """What was typed; the assessment it describes, or what is wrong by field."""
    form: Form[AssessmentForm] = read_form(context.request, AssessmentForm)
    typed = {**_EMPTY, "out_of": "", "weight": "", **form.typed}
    if form.value is None:
        return typed, None, dict.fromkeys(form.errors, _("Ce texte est trop long."))
    value = form.value
    typed["competencies"] = value.competencies
    title, description = " ".join(value.title.split()), value.description.strip()
    given_on, publish_on = read_day(value.given_on), read_day(value.publish_on)
    out_of, weight = read_number(value.out_of), read_number(value.weight)
    counting = chosen(Counting, value.counting)
    wrong = {
        "title": not title and _("Donnez un titre à l’évaluation."),
        "given_on": given_on is None and _("Écrivez une date comme 24/11/2026."),
        "out_of": not out_of and _("Écrivez un barème, comme 20 ou 10."),
        "weight": weight is None and _("Écrivez un coefficient, comme 1 ou 0,5."),
        "counting": counting is None and _("Choisissez comment la note compte."),
        "publish_on": value.publish_on.strip()
        and publish_on is None
        and _("Écrivez une date comme 24/11/2026, ou rien."),
        "description": len(description) > LONGEST_DESCRIPTION and _("Ce texte est trop long."),
    }
    if len(title) > _LONGEST_TITLE:
        wrong["title"] = _("Ce titre est trop long.")
    errors = {name: str(reason) for name, reason in wrong.items() if reason}
    if errors or given_on is None or out_of is None or weight is None or counting is None:
        return typed, None, errors
    return (
        typed,
        Described(
            title,
            given_on,
            out_of,
            weight,
            counting,
            publish_on,
            description,
            value.competencies,
        ),
        {},
    )


def _refusal(code: str) -> dict[str, str]:
    said: Mapping[str, tuple[str, Message]] = {
        "exists": (
            "title",
            lambda: _("Cette classe a déjà une évaluation de ce titre à cette date."),
        ),
        "other_year": ("given_on", lambda: _("Cette date n’est pas dans l’année scolaire.")),
        "above_scale": ("out_of", lambda: _("Une note déjà saisie dépasse ce barème.")),
        "no_competency": (
            "competencies",
            lambda: _("L’établissement n’évalue plus une de ces compétences."),
        ),
    }
    if code not in said:
        raise NotFoundError(code)
    field, words = said[code]
    return {field: words()}


def _side_by_side(mine: Described, theirs: Described) -> list[tuple[str, str, str]]:
    """(what, mine, theirs) for what differs."""
    rows = [
        (label(), _shown(getattr(mine, name)), _shown(getattr(theirs, name)))
        for name, label in _LABELS.items()
    ]
    return [row for row in rows if row[1] != row[2]]


_LABELS: Final[Mapping[str, Message]] = {
    "title": lambda: _("Titre"),
    "given_on": lambda: _("Date"),
    "out_of": lambda: _("Barème"),
    "weight": lambda: _("Coefficient"),
    "counting": lambda: _("La note compte"),
    "publish_on": lambda: _("Date de publication"),
    "description": lambda: _("Description"),
    "competencies": lambda: _("Compétences"),
}


def _shown(value: Any) -> str:
    if isinstance(value, Counting):
        return COUNTING_WORDS[value]()
    if isinstance(value, date):
        return show_short_date(value)
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return ", ".join(value)
    return "" if value is None else show_figure(value)


def _page(
    context: Context,
    uai: str,
    course: Any,
    plan: PublicationPlan,
    typed: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    back: str,
    action: str,
    found: AssessmentPage | None = None,
    conflict: list[tuple[str, str, str]] | None = None,
) -> Page:
    site = context.site
    seen = Described.of(found.assessment).stamp if found and conflict else typed["seen"]
    return Page(
        "notes/assessment.html",
        {
            "establishment": establishment_of(context, uai),
            "course": course,
            "assessment": found.assessment if found else None,
            "typed": {**typed, "seen": seen},
            "errors": errors,
            "conflict": conflict,
            "countings": [Choice(each.value, COUNTING_CHOICES[each]()) for each in Counting],
            "competencies": plan.competencies,
            "longest": LONGEST_DESCRIPTION,
            "shown": when_shown(found.assessment, plan, found.shut, site.now(), site.academie.zone)
            if found
            else (),
            "back": back,
            "action": action,
        },
        422 if errors or conflict else 200,
    )
