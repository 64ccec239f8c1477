"""How an establishment publishes its marks: what is chosen, a change tried, a change made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _, show_date, show_instant
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form
from teleservices_core.web.pages.school import deciding, establishment_of
from teleservices_core.web.reading import read_version
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.people import show_actor
from teleservices_notes.model import (
    GradingPeriodKind,
    PublicationPlan,
    PublicationRule,
    proposed_periods,
)
from teleservices_notes.pages.consequences import consequences_of, done_words
from teleservices_notes.pages.publication_forms import (
    PlanForm,
    asked_change,
    mode_choices,
    outside_year,
    reader_choices,
)
from teleservices_notes.publication_words import (
    period_name,
    plan_lines,
    publication_name,
    publication_sentence,
    reach_words,
    shut_words,
)
from teleservices_notes.usecases import publication as publishing
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.ports import Opens

CHANGES: Final = 5
"""Past changes that the page tells."""


@frozen
class RuleLine:
    """A rule of the plan."""

    reach: str
    name: str
    sentence: str
    class_group: str
    audience: str
    is_default: bool


@frozen
class PastChange:
    """Who changed what."""

    when: str
    who: str
    what: str
    """The assessment, for its own rules."""
    before: tuple[str, ...]
    after: tuple[str, ...]


@frozen
class PlanPages:
    """The handlers, given how to open the store."""

    opens: Opens

    def plan(self, context: Context, uai: str) -> Page | Redirect:
        """What is chosen; a choice sent is tried first, then made once confirmed."""
        establishment = establishment_of(context, uai)
        if context.request.method == "POST":
            return self._choose(context, establishment)
        return self._page(context, establishment, {}, {})

    def _choose(self, context: Context, establishment: Establishment) -> Page | Redirect:
        form = read_form(context.request, PlanForm)
        change, errors = asked_change(form)
        if change is not None:
            try:
                return self._try(context, establishment, form.typed, change)
            except RefusedError as refused:
                errors = {"end_1": outside_year(refused)}
        return self._page(context, establishment, form.typed, errors)

    def _try(
        self,
        context: Context,
        establishment: Establishment,
        typed: Mapping[str, str],
        change: publishing.Change,
    ) -> Page | Redirect:
        site, uai, conflict = context.site, establishment.uai, False
        if typed.get("confirmed"):
            try:
                seen = read_version(typed.get("version", ""))
                done = publishing.change_plan(site, context.me, uai, change, seen, self.opens)
            except ConflictError:
                conflict = True
            else:
                context.tell("success", done_words(done.shut))
                return context.redirect("notes.publication", uai=uai.code)
        tried = publishing.try_plan(site, context.me, uai, change, self.opens)
        return Page(
            "notes/publication_preview.html",
            {
                "establishment": establishment,
                "subject": "",
                "before": _without(plan_lines(tried.before.plan), plan_lines(tried.after)),
                "after": _without(plan_lines(tried.after), plan_lines(tried.before.plan)),
                "consequences": consequences_of(tried.flips),
                "kept": {**typed, "version": tried.before.version},
                "changes_nothing": tried.changes_nothing,
                "shut": shut_words(tried.shut),
                "conflict": conflict,
                "back": context.urls.to("notes.publication", uai=uai.code),
            },
            409 if conflict else 200,
        )

    def _page(
        self,
        context: Context,
        establishment: Establishment,
        typed: Mapping[str, str],
        errors: Mapping[str, str],
    ) -> Page:
        site, uai = context.site, establishment.uai
        recorded = publishing.publication_plan(site, uai, self.opens)
        plan = recorded.plan
        groups = publishing.class_groups(site, uai, self.opens)
        return Page(
            "notes/publication_plan.html",
            {
                "establishment": establishment,
                "year": site.school_year(),
                "rules": [
                    _rule_line(each) for each in (PublicationRule(plan.default), *plan.exceptions)
                ],
                "periods": _periods(plan),
                "typed": {**_typed(site, plan), **typed},
                "errors": errors,
                "version": recorded.version,
                "modes": mode_choices(),
                "readers": reader_choices(),
                "groups": [{"value": each, "label": each} for each in groups],
                "may_choose": MODULE_ID in deciding(context, uai),
                "changes": _past(site, publishing.last_changes(site, uai, CHANGES)),
            },
            422 if errors else 200,
        )


def _typed(site: Site, plan: PublicationPlan) -> dict[str, Any]:
    """What the forms hold before anything is typed: what is chosen, and proposed periods."""
    kind = plan.periods[0].kind if plan.periods else GradingPeriodKind.TRIMESTER
    starts = site.academie.year_starts
    periods = plan.periods or proposed_periods(kind, site.school_year(), starts)
    return {
        **dict.fromkeys(("class_group", "audience", "mode", "days"), ""),
        "default_mode": plan.default.mode.value,
        "default_days": str(plan.default.days or ""),
        "kind": kind.value if plan.periods else "",
        "starts_on": periods[0].starts_on.isoformat(),
        "end_3": "",
        **{f"end_{each.number}": each.ends_on.isoformat() for each in periods},
    }


def _rule_line(rule: PublicationRule) -> RuleLine:
    reach = reach_words(rule)
    return RuleLine(
        reach=reach[:1].upper() + reach[1:] if reach else _("Toutes les familles"),
        name=publication_name(rule.publication),
        sentence=publication_sentence(rule.publication),
        class_group=rule.class_group or "",
        audience=rule.audience or "",
        is_default=not reach,
    )


def _periods(plan: PublicationPlan) -> list[dict[str, str]]:
    said = _("du {first} au {last}")
    return [
        {
            "label": period_name(each),
            "value": said.format(first=show_date(each.starts_on), last=show_date(each.ends_on)),
        }
        for each in plan.periods
    ]


def _without(lines: list[str], others: list[str]) -> list[str]:
    return [each for each in lines if each not in others]


def _past(site: Site, entries: list[AuditEntry]) -> list[PastChange]:
    found = []
    for each in entries:
        before, after = (list(each.detail.get(name, ())) for name in ("before", "after"))
        about = (each.detail.get("assessment", ""), each.detail.get("class_group", ""))
        found.append(
            PastChange(
                when=show_instant(each.at, site.academie.zone),
                who=show_actor(each) or _("l’académie"),
                what=", ".join(filter(None, about)),
                before=tuple(_without(before, after)),
                after=tuple(_without(after, before)),
            )
        )
    return found
