"""What an establishment says to families, whom its head entrusts, and its change of year."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.school_pages import WELCOME_MAX
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases import delegations as delegating
from teleservices_core.usecases.plans import copy_choices
from teleservices_core.usecases.school_page import save_school_page, school_page
from teleservices_core.usecases.school_year import activity, year_check
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import (
    asked_year,
    audience_names,
    establishment_of,
    read_year,
    years,
)
from teleservices_core.web.reading import read_day, read_version
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.addresses import tell_bad_address


@frozen
class WelcomeForm:
    """The words and the contacts, and the version that they build upon."""

    welcome: str = text(WELCOME_MAX + 200)
    office_phone: str = text(30)
    office_email: str = text(254)
    office_hours: str = text(200)
    version: str = text(10)


def welcome(context: Context, uai: str) -> Page | Redirect:
    """The welcome that families read first, and how they reach the office."""
    establishment = establishment_of(context, uai)
    page = school_page(context.site, establishment.uai)
    typed = {
        "welcome": page.welcome,
        "office_phone": page.office_phone,
        "office_email": page.office_email,
        "office_hours": page.office_hours,
    }
    errors: dict[str, str] = {}
    conflict = False
    if context.request.method == "POST":
        form = read_form(context.request, WelcomeForm)
        typed |= {name: form.typed.get(name, "") for name in typed}
        errors = _too_long(form.errors)
        if form.value is not None:
            errors, conflict = _save(context, establishment.uai, form.value)
        if not errors and not conflict:
            context.tell("success", _("C’est enregistré : les familles le voient dès maintenant."))
            return context.redirect("core.welcome", uai=uai)
    return Page(
        "school/welcome.html",
        {
            "establishment": establishment,
            "page": page,
            "typed": typed,
            "errors": errors,
            "conflict": conflict,
            "most": WELCOME_MAX,
        },
        422 if errors or conflict else 200,
    )


def _too_long(errors: object) -> dict[str, str]:
    return dict.fromkeys(errors if isinstance(errors, dict) else (), _("Ce texte est trop long."))


def _save(context: Context, uai: Uai, form: WelcomeForm) -> tuple[dict[str, str], bool]:
    if len(form.welcome) > WELCOME_MAX:
        return {"welcome": _("Ce texte est trop long.")}, False
    try:
        save_school_page(
            context.site,
            context.me,
            uai,
            seen_version=read_version(form.version),
            welcome=form.welcome,
            office_phone=form.office_phone,
            office_email=form.office_email,
            office_hours=form.office_hours,
        )
    except ConflictError:
        return {}, True
    except RefusedError as refused:
        if refused.code == "bad_phone":
            return {"office_phone": _("Écrivez un numéro comme 03 80 00 00 00.")}, False
        return {"office_email": tell_bad_address(refused)}, False
    return {}, False


@frozen
class DelegationForm:
    """Whom, what, and from when to when."""

    staff_id: str = text(36)
    module_id: str = text(31)
    from_on: str = text(10)
    until_on: str = text(10)


def delegations(context: Context, uai: str) -> Page | Redirect:
    """Entrust a module to a member of the staff, for a time."""
    establishment = establishment_of(context, uai)
    site, errors, typed = context.site, dict[str, str](), dict[str, str]()
    if context.request.method == "POST":
        form = read_form(context.request, DelegationForm)
        typed = dict(form.typed)
        errors = _delegate(context, establishment.uai, form.value or DelegationForm())
        if not errors:
            context.tell("success", _("La délégation est donnée."))
            return context.redirect("core.delegations", uai=uai)
    return Page(
        "school/delegations.html",
        {
            "establishment": establishment,
            "known": delegating.delegations(site, establishment.uai),
            "modules": [m for m in site.catalogue.modules if establishment.kind in m.kinds],
            "titles": {module.id: module.title for module in site.catalogue.modules},
            "typed": typed,
            "errors": errors,
            "today": site.academie.today(site.now()),
        },
        422 if errors else 200,
    )


def _delegate(context: Context, uai: Uai, form: DelegationForm) -> dict[str, str]:
    errors: dict[str, str] = {}
    dates: dict[str, date] = {}
    for name in ("from_on", "until_on"):
        day = read_day(getattr(form, name))
        if day is not None:
            dates[name] = day
        else:
            errors[name] = _("Écrivez une date, par exemple 24/11/2026.")
    try:
        staff_id = UUID(form.staff_id)
    except ValueError:
        errors["staff_id"] = _("Choisissez une personne de la liste.")
    if errors:
        return errors
    try:
        delegating.delegate(
            context.site,
            context.me,
            uai,
            form.module_id,
            staff_id,
            dates["from_on"],
            dates["until_on"],
        )
    except NotFoundError:
        return {"module_id": _("Choisissez un téléservice de la liste.")}
    except RefusedError as refused:
        if refused.code == "not_staff":
            return {"staff_id": _("Cette personne n’a pas de fonction dans l’établissement.")}
        return {"until_on": _("La fin doit venir après le début, et ne pas être passée.")}
    return {}


def end_delegation(context: Context, uai: str, delegation_id: UUID) -> Redirect:
    """Take a delegation back."""
    try:
        delegating.end_delegation(context.site, context.me, Uai(uai), delegation_id)
    except ConflictError:
        context.tell("info", _("Cette délégation était déjà terminée."))
    else:
        context.tell("success", _("La délégation est retirée."))
    return context.redirect("core.delegations", uai=uai)


def school_year(context: Context, uai: str) -> Page:
    """The checklist of a school year, and how the téléservices are used."""
    establishment, year = establishment_of(context, uai), asked_year(context)
    return Page(
        "school/year.html",
        {
            "establishment": establishment,
            "year": year,
            "years": years(context),
            "check": year_check(context.site, establishment.uai, year),
            "activity": activity(context.site, establishment.uai),
            "audience_names": audience_names(),
            "is_head": context.me.heads(establishment.uai),
        },
    )


@frozen
class YearForm:
    """The year to copy into, and what was seen of it."""

    annee: str = text(4)
    seen: str = text(64)


def copy_year(context: Context, uai: str) -> Redirect:
    """Make last year's choices again."""
    form = read_form(context.request, YearForm)
    year = read_year(context, form.typed.get("annee", ""))
    before, seen = SchoolYear(year.start - 1), form.typed.get("seen", "")
    try:
        number = len(copy_choices(context.site, context.me, before, year, Uai(uai), seen=seen))
    except ConflictError:
        context.tell("warning", _("Des choix viennent d’être faits : vérifiez, puis recommencez."))
    else:
        context.tell(
            "success",
            ngettext(
                "{n} choix de l’année précédente est repris.",
                "{n} choix de l’année précédente sont repris.",
                number,
            ).format(n=number),
        )
    return context.redirect("core.school_year", uai=uai, annee=year.start)


ROUTES: Final = (
    Route("core.school_year", "/ecole/<uai>/annee", school_year, Access.SCHOOL),
    Route("core.copy_year", "/ecole/<uai>/annee/reprendre", copy_year, Access.HEAD, ("POST",)),
    Route("core.welcome", "/ecole/<uai>/accueil", welcome, Access.SCHOOL, FORM),
    Route(
        "core.delegations",
        "/ecole/<uai>/delegations",
        delegations,
        Access.HEAD,
        FORM,
        is_grave=True,
    ),
    Route(
        "core.end_delegation",
        "/ecole/<uai>/delegations/<uuid:delegation_id>/fin",
        end_delegation,
        Access.HEAD,
        ("POST",),
        is_grave=True,
    ),
)
