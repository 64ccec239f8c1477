"""The assessments of a class and how each is published; one with a rule of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _, ngettext, show_date
from teleservices_core.web.context import Context
from teleservices_core.web.forms import Form, read_form
from teleservices_core.web.pages.school import deciding, establishment_of
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.model import (
    FAMILIES,
    Assessment,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.pages.consequences import consequences_of, done_words
from teleservices_notes.pages.publication_forms import (
    FieldError,
    OwnRuleForm,
    mode_choices,
    read_publication,
    read_reader,
    reader_choices,
)
from teleservices_notes.publication_words import READERS, rule_lines, shut_words
from teleservices_notes.rules import Tally, Viewpoint, publication_day
from teleservices_notes.usecases import publication as publishing
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.ports import Opens
from teleservices_notes.words import MODE_NAMES


@frozen
class AssessmentLine:
    """An assessment in the list of its class."""

    title: str
    hint: str
    href: str
    marks: str
    states: tuple[str, ...]
    has_own: bool


@frozen
class OwnRulePages:
    """The handlers, given how to open the store."""

    opens: Opens

    def assessments(self, context: Context, uai: str) -> Page:
        """The assessments of a class, and from when families see each."""
        establishment = establishment_of(context, uai)
        site, asked = context.site, context.request.args.get("classe", "")
        found = publishing.class_assessments(site, establishment.uai, asked, self.opens)
        at, zone = site.now(), site.academie.zone
        return Page(
            "notes/publication_assessments.html",
            {
                "establishment": establishment,
                "class_group": found.class_group,
                "groups": found.class_groups,
                "lines": [
                    _line(context, uai, each, found.plan, at, zone) for each in found.tallies
                ],
            },
        )

    def assessment(self, context: Context, uai: str, assessment_id: UUID) -> Page | Redirect:
        """One assessment: as its class, or by a rule of its own, tried before it is made."""
        establishment = establishment_of(context, uai)
        site = context.site
        tally, plan = publishing.assessment_of(site, establishment.uai, assessment_id, self.opens)
        form: Form[OwnRuleForm] = Form(None, {})
        errors: Mapping[str, str] = {}
        if context.request.method == "POST":
            form = read_form(context.request, OwnRuleForm)
            rules, errors = _asked(form, tally.assessment)
            if rules is not None:
                return self._try(context, establishment, form.typed, tally.assessment, rules)
        assessment = tally.assessment
        return Page(
            "notes/publication_assessment.html",
            {
                "establishment": establishment,
                "assessment": assessment,
                "line": _line(context, uai, tally, plan, site.now(), site.academie.zone),
                "rules": rule_lines(assessment.own_rules),
                "typed": {**dict.fromkeys(("audience", "mode", "days", "on"), ""), **form.typed},
                "errors": errors,
                "seen": publishing.stamp_of(assessment.own_rules),
                "modes": mode_choices(),
                "readers": reader_choices(),
                "may_choose": MODULE_ID in deciding(context, establishment.uai),
                "back": _list(context, uai, assessment),
            },
            422 if errors else 200,
        )

    def _try(
        self,
        context: Context,
        establishment: Establishment,
        typed: Mapping[str, str],
        assessment: Assessment,
        rules: tuple[PublicationRule, ...],
    ) -> Page | Redirect:
        site, uai, conflict = context.site, establishment.uai, False
        what = (site, context.me, uai, assessment.id, rules)
        address: dict[str, Any] = {"uai": uai.code, "assessment_id": assessment.id}
        if typed.get("confirmed"):
            try:
                done = publishing.change_own_rules(*what, typed.get("seen", ""), self.opens)
            except ConflictError:
                conflict = True
            else:
                context.tell("success", done_words(done.shut))
                return context.redirect("notes.assessment_publication", **address)
        tried = publishing.try_own_rules(*what, self.opens)
        as_class = [_("Comme la classe")]
        return Page(
            "notes/publication_preview.html",
            {
                "establishment": establishment,
                "subject": _("{title}, {group}").format(
                    title=assessment.title, group=assessment.class_group
                ),
                "before": rule_lines(tried.assessment.own_rules) or as_class,
                "after": rule_lines(rules) or as_class,
                "consequences": consequences_of(tried.flips),
                "kept": {**typed, "seen": publishing.stamp_of(tried.assessment.own_rules)},
                "changes_nothing": tried.changes_nothing,
                "shut": shut_words(tried.shut),
                "conflict": conflict,
                "back": context.urls.to("notes.assessment_publication", **address),
            },
            409 if conflict else 200,
        )


def _asked(
    form: Form[OwnRuleForm], assessment: Assessment
) -> tuple[tuple[PublicationRule, ...] | None, dict[str, str]]:
    asked = form.value
    if asked is None:
        return None, dict.fromkeys(form.errors, _("Cette réponse est trop longue."))
    try:
        audience = read_reader(asked.audience)
        others = tuple(each for each in assessment.own_rules if each.audience is not audience)
        if not asked.mode:
            return others, {}
        publication = read_publication(asked.mode, asked.days, asked.on)
    except FieldError as error:
        return None, {error.name: error.text}
    return (*others, PublicationRule(publication, audience)), {}


def _list(context: Context, uai: str, assessment: Assessment) -> str:
    return context.urls.to("notes.publication_assessments", uai=uai, classe=assessment.class_group)


def _line(
    context: Context,
    uai: str,
    tally: Tally,
    plan: PublicationPlan,
    at: datetime,
    zone: ZoneInfo,
) -> AssessmentLine:
    assessment = tally.assessment
    states = [_state(tally, Viewpoint(plan, each, at, zone)) for each in FAMILIES]
    if len(set(states)) == 1:
        said = tuple(states[:1])
    else:
        with_readers = _("Pour {readers} : {state}")
        said = tuple(
            with_readers.format(readers=READERS[audience](), state=state)
            for audience, state in zip(FAMILIES, states, strict=True)
        )
    return AssessmentLine(
        title=assessment.title,
        hint=_("{subject}, {day}").format(
            subject=assessment.subject.label, day=show_date(assessment.given_on)
        ),
        href=context.urls.to("notes.assessment_publication", uai=uai, assessment_id=assessment.id),
        marks=ngettext("{n} note", "{n} notes", tally.marks).format(n=tally.marks),
        states=said,
        has_own=bool(assessment.own_rules),
    )


def _state(tally: Tally, eyes: Viewpoint) -> str:
    assessment = tally.assessment
    publication = eyes.publication_of(assessment)
    name = MODE_NAMES[publication.mode]()
    if publication.mode in {PublicationMode.IMMEDIATE, PublicationMode.ROLLING}:
        return name
    day = publication_day(assessment, publication, eyes.plan)
    if day is None:
        return _("{name} ; sans date, elle ne s’affiche pas").format(name=name)
    said = (
        _("{name} ; affichée depuis le {day}")
        if eyes.published_at(assessment, publication)
        else _("{name} ; affichée à partir du {day}")
    )
    return said.format(name=name, day=show_date(day))
