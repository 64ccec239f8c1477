"""The rectorat's page for the day when something is wrong: count first, then act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import asdict, frozen

from teleservices_core.catalogue import BUILTIN
from teleservices_core.contributions import FORM, Access, Message, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.incidents import Population
from teleservices_core.domain.localtime import midnight
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases import cut_offs, incidents
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, read_query, text
from teleservices_core.web.reading import read_day
from teleservices_core.web.responses import Page, Redirect

_AUDIENCES: Final[Mapping[str, Message]] = {
    "": lambda: _("Tous les comptes"),
    Audience.GUARDIAN: lambda: _("Les responsables"),
    Audience.STUDENT: lambda: _("Les élèves"),
    Audience.STAFF: lambda: _("Les personnels"),
}


@frozen
class PopulationForm:
    """Whose accounts: empty fields mean all."""

    uai: str = text(8)
    audience: str = text(10)
    since: str = text(10)
    """A day, as browsers send it."""


@frozen
class CutForm:
    """A plugin, and why it is cut off."""

    plugin: str = text(60)
    reason: str = text(300)


def overview(context: Context) -> Page:
    """What can be done, and what is cut off."""
    cut = cut_offs.known_cut_offs(context.site)
    declared = context.site.catalogue.declared
    labels = {name: _plugin(name, [m.title for m in d.modules]) for name, d in declared.items()}
    running = sorted(name for name in declared if name != BUILTIN and name not in cut)
    return Page(
        "academy/incidents.html",
        {
            "cut": [(labels.get(name, name), cut[name]) for name in sorted(cut)],
            "running": [{"value": name, "label": labels[name]} for name in running],
            "schools": _schools(context.site),
            "audiences": [{"value": value, "label": said()} for value, said in _AUDIENCES.items()],
        },
    )


def _plugin(name: str, titles: list[str]) -> str:
    return f"{name} ({', '.join(titles)})" if titles else name


def _schools(site: Site) -> list[dict[str, str]]:
    with site.database.reading() as tx:
        found = tx.roster.establishments()
    everywhere = {"value": "", "label": _("Toute l’académie")}
    schools = [{"value": x.uai.code, "label": f"{x.name}, {x.town}"} for x in found]
    return [everywhere, *schools]


def renewal(context: Context) -> Page | Redirect:
    """Count, then have passwords renewed."""
    return _act(context, "renewal", _renew)


def _renew(context: Context, population: Population) -> str:
    done = incidents.force_renewal(context.site, context.me, population)
    return ngettext(
        "{n} compte devra changer de mot de passe ; {closed} connexions fermées.",
        "{n} comptes devront changer de mot de passe ; {closed} connexions fermées.",
        done.accounts,
    ).format(n=done.accounts, closed=done.sessions)


def sessions(context: Context) -> Page | Redirect:
    """Count, then close sessions."""
    return _act(context, "sessions", _close)


def _close(context: Context, population: Population) -> str:
    done = incidents.close_sessions(context.site, context.me, population)
    return ngettext("{n} connexion fermée.", "{n} connexions fermées.", done.sessions).format(
        n=done.sessions
    )


def _act(context: Context, what: str, act: Callable[[Context, Population], str]) -> Page | Redirect:
    posted = context.request.method == "POST"
    form = (read_form if posted else read_query)(context.request, PopulationForm).value
    population = _population(context.site, form) if form else None
    if form is None or population is None:
        context.tell("error", _("La date ou l’établissement n’est pas valable."))
        return context.redirect("core.incidents")
    if posted:
        context.tell("success", act(context, population))
        return context.redirect("core.incidents")
    counts = incidents.plan(context.site, context.me, population)
    view = {
        "what": what,
        "typed": asdict(form),
        "who": _AUDIENCES[form.audience](),
        "where": _where(context.site, population),
        "since": read_day(form.since),
        "counts": counts,
        "hours": context.site.settings.durations.session_hours,
    }
    return Page("academy/incident.html", view)


def _population(site: Site, form: PopulationForm) -> Population | None:
    since = read_day(form.since)
    if form.since and since is None:
        return None
    try:
        return Population(
            Uai(form.uai) if form.uai else None,
            Audience(form.audience) if form.audience else None,
            midnight(since, site.academie.zone) if since else None,
        )
    except ValueError:
        return None


def _where(site: Site, population: Population) -> str:
    if population.uai is None:
        return _("toute l’académie")
    with site.database.reading() as tx:
        found = tx.roster.establishment(population.uai)
    if found is None:
        raise NotFoundError(f"no establishment {population.uai}")
    return found.name


def cut(context: Context) -> Redirect:
    """Cut a plugin off."""
    form = read_form(context.request, CutForm)
    plugin, reason = form.typed.get("plugin", ""), form.typed.get("reason", "")
    try:
        cut_offs.cut_off(context.site, context.me, plugin, reason)
    except RefusedError as refused:
        said = {
            "no_reason": _("Dites ce qui se passe : le motif s’affiche aux établissements."),
            "already_cut": _("Cette extension est déjà coupée."),
        }
        context.tell("error", said.get(refused.code, _("Le noyau ne peut pas être coupé.")))
    else:
        context.tell("success", _("Extension coupée : ses téléservices sont suspendus partout."))
    return context.redirect("core.incidents")


def restore(context: Context) -> Redirect:
    """Put a plugin back."""
    form = read_form(context.request, CutForm)
    try:
        cut_offs.restore(context.site, context.me, form.typed.get("plugin", ""))
    except RefusedError:
        context.tell("info", _("Cette extension n’était plus coupée."))
    else:
        context.tell("success", _("Extension remise en service."))
    return context.redirect("core.incidents")


_POST: Final = ("POST",)
ROUTES: Final = (
    Route("core.incidents", "/academie/incidents", overview, Access.ACADEMY),
    Route(
        "core.renewal",
        "/academie/incidents/renouvellement",
        renewal,
        Access.ACADEMY,
        FORM,
        is_grave=True,
    ),
    Route(
        "core.closing",
        "/academie/incidents/connexions",
        sessions,
        Access.ACADEMY,
        FORM,
        is_grave=True,
    ),
    Route(
        "core.cut_off",
        "/academie/incidents/couper",
        cut,
        Access.ACADEMY,
        _POST,
        is_grave=True,
    ),
    Route(
        "core.restore",
        "/academie/incidents/remettre",
        restore,
        Access.ACADEMY,
        _POST,
        is_grave=True,
    ),
)
