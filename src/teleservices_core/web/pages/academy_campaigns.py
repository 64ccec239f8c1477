"""Campaigns: the rounds of each module, added, extended and cancelled with a preview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.policy import Campaign
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.adoption import read_landscape
from teleservices_core.usecases.campaigns import (
    RoundPlan,
    carry_out,
    find_campaign,
    plan_cancel,
    plan_extension,
    plan_round,
)
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, read_query, text
from teleservices_core.web.pages.academy_shared import names_of, one_school
from teleservices_core.web.pages.school import asked_year, read_year, years
from teleservices_core.web.previews import preview
from teleservices_core.web.reading import read_moment
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.academy import DOUBT_WORDS, REFUSAL_WORDS, show_span

_MINUTE: Final = timedelta(minutes=1)


@frozen
class RoundForm:
    """A new round, or a change to one, as typed."""

    annee: str = text(4)
    module: str = text(31)
    titre: str = text(100)
    ouvre: str = text(16)
    ferme: str = text(16)
    uai: str = text(100)
    acte: str = text(9)
    """``ajouter``, ``prolonger`` or ``annuler``; nothing is previewed without."""
    seen: str = text(16)


@frozen
class RoundLine:
    """One round in a list."""

    campaign: Campaign
    module: str
    title: str
    span: str
    school: str
    state: str


def campaigns(context: Context) -> Page | Redirect:
    """The rounds of a school year, and a new one with its preview."""
    if context.request.method == "POST":
        typed = read_form(context.request, RoundForm).value or RoundForm()
        return _do(context, typed, None)
    year = asked_year(context)
    site = context.site
    place = read_landscape(site, year)
    typed = read_query(context.request, RoundForm).value or RoundForm()
    view, errors = _preview(context, typed, None, place.establishments)
    names = names_of(site, place.establishments)
    rounds = [
        _line(site, each, names)
        for module in site.catalogue.modules
        for each in place.policy.rounds(module.id, year)
    ]
    ordered = sorted(site.catalogue.modules, key=lambda m: not m.has_campaign)
    return Page(
        "academy/campaigns.html",
        {
            **view,
            "year": year,
            "years": years(context),
            "typed": typed,
            "errors": errors,
            "rounds": rounds,
            "modules": [{"value": m.id, "label": m.title} for m in ordered],
        },
        422 if errors else 200,
    )


def campaign(context: Context, campaign_id: UUID) -> Page | Redirect:
    """One round: extend it for all or for one establishment, or cancel it."""
    shown = find_campaign(context.site, campaign_id)
    if context.request.method == "POST":
        typed = read_form(context.request, RoundForm).value or RoundForm()
        return _do(context, typed, shown)
    place = read_landscape(context.site, shown.school_year)
    typed = read_query(context.request, RoundForm).value or RoundForm()
    view, errors = _preview(context, typed, shown, place.establishments)
    return Page(
        "academy/campaign.html",
        {
            **view,
            "line": _line(context.site, shown, names_of(context.site, place.establishments)),
            "typed": typed,
            "errors": errors,
        },
        422 if errors else 200,
    )


def _line(site: Site, each: Campaign, names: Any) -> RoundLine:
    now, window = site.now(), each.window
    state = "coming" if window.is_before(now) else "over" if window.is_after(now) else "running"
    return RoundLine(
        campaign=each,
        module=names.modules.get(each.module_id, each.module_id),
        title=each.title or _("Sans nom"),
        span=show_span(window.from_at, window.until_at, site.academie.zone),
        school=names.schools.get(each.uai.code, each.uai.code) if each.uai else "",
        state=state,
    )


def _plan(
    context: Context,
    typed: RoundForm,
    shown: Campaign | None,
    schools: Sequence[Establishment],
) -> tuple[RoundPlan | None, dict[str, str]]:
    """What is asked for, planned; or what is wrong, by field."""
    site, errors = context.site, dict[str, str]()
    if shown is not None and typed.acte == "annuler":
        return plan_cancel(site, shown), errors
    school = None
    if typed.uai:
        school, problem = one_school(schools, typed.uai)
        if school is None:
            errors["uai"] = problem
    closes = _local(typed.ferme, "ferme", errors)
    opens = closes if shown else _local(typed.ouvre, "ouvre", errors)
    if shown is None and typed.module not in site.catalogue.by_id:
        errors["module"] = _("Choisissez le module concerné.")
    if errors or opens is None or closes is None:
        return None, errors
    uai = school.uai if school else None
    try:
        if shown is not None:
            return plan_extension(site, shown, closes, uai), errors
        year = read_year(context, typed.annee)
        return plan_round(site, typed.module, year, opens, closes, uai, typed.titre), errors
    except RefusedError as refused:
        field, words = REFUSAL_WORDS[refused.code]
        return None, {field: words()}


def _local(typed: str, name: str, errors: dict[str, str]) -> datetime | None:
    day, _separator, hour = typed.strip().replace(" ", "T").partition("T")
    found = read_moment(day, hour or "00:00")
    if found is None:
        errors[name] = _("Indiquez un jour et une heure, par exemple 2027-06-29 14:30.")
        return None
    return found


def _preview(
    context: Context,
    typed: RoundForm,
    shown: Campaign | None,
    schools: Sequence[Establishment],
) -> tuple[dict[str, Any], dict[str, str]]:
    view: dict[str, Any] = {"plan": None}
    if not typed.acte:
        return view, {}
    plan, errors = _plan(context, typed, shown, schools)
    if plan is not None:
        names = names_of(context.site, schools)
        view = {
            "plan": plan,
            "doubts": [DOUBT_WORDS[doubt]() for doubt in plan.doubts],
            "then": _line(context.site, plan.after, names) if plan.after else None,
            "preview": preview(plan.consequence, names),
        }
    return view, errors


def _do(context: Context, typed: RoundForm, shown: Campaign | None) -> Redirect:
    """Do what was previewed."""
    with context.site.database.reading() as tx:
        schools = tx.roster.establishments()
    plan, errors = _plan(context, typed, shown, schools)
    if plan is None:
        context.tell("error", " ".join(errors.values()))
        return context.redirect("core.academy_campaigns", annee=typed.annee)
    told = plan.after or plan.before
    year = told.school_year.start if told else ""
    try:
        carry_out(context.site, context.me, plan, seen=typed.seen)
    except ConflictError:
        context.tell(
            "warning",
            _("Les tours de ce module viennent de changer. Rien n’a été fait : recommencez."),
        )
    else:
        done = {"ajouter": _("Le tour est ajouté."), "annuler": _("Le tour est annulé.")}
        context.tell("success", done.get(typed.acte, _("Le tour est prolongé.")))
    return context.redirect("core.academy_campaigns", annee=year)


ROUTES: Final = (
    Route("core.academy_campaigns", "/academie/campagnes", campaigns, Access.ACADEMY, FORM),
    Route(
        "core.academy_campaign",
        "/academie/campagnes/<uuid:campaign_id>",
        campaign,
        Access.ACADEMY,
        FORM,
    ),
)
