"""One module for the rectorat: what was decided where, and a new choice with its preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from attrs import evolve, frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.changes import Change
from teleservices_core.domain.consequences import Landscape
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _
from teleservices_core.usecases.adoption import departements_of, read_landscape
from teleservices_core.usecases.plans import make_changes, plan_upon
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, read_query, several, text
from teleservices_core.web.pages.academy_shared import (
    module_of,
    names_of,
    one_school,
)
from teleservices_core.web.pages.school import asked_year, audience_names, read_year, years
from teleservices_core.web.previews import change_lines, preview
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.academy import (
    OPENING_WORDS,
    STANCE_HINTS,
    STANCE_WORDS,
    show_departement,
    show_scope,
    show_stance,
)

INHERITED: Final = "inherited"
"""Sent in the place of a stance: undo what was decided there."""
_STANCES: Final[dict[str, Stance | None]] = {**{s.value: s for s in Stance}, INHERITED: None}


@frozen
class ChoiceForm:
    """A choice as typed; its preview and its confirmation read the same."""

    annee: str = text(4)
    portee: str = text(13)
    """``academie``, the three digits of a département, or ``etablissement``."""
    uai: str = text(100)
    public: tuple[str, ...] = several(2)
    decision: str = text(9)
    seen: str = text(16)


@frozen
class DecidedLine:
    """A decision of the rectorat in force, with the choice that undoes it."""

    where: str
    audience: str
    stance: Stance
    words: str
    by: str
    at: datetime | None
    undo: dict[str, Any]


def module(context: Context, module_id: str) -> Page:
    """What was decided about a module, the form, and the preview of what it asks for."""
    shown, year = module_of(context, module_id), asked_year(context)
    place = read_landscape(context.site, year)
    typed = read_query(context.request, ChoiceForm).value or ChoiceForm()
    view: dict[str, Any] = {"plan": None, "errors": {}}
    if typed.decision:
        changes, view["errors"] = _changes(shown, typed, place)
        if not view["errors"]:
            view |= _preview(context, changes, place)
    names = names_of(context.site, place.establishments)
    return Page(
        "academy/module.html",
        {
            **view,
            "module": shown,
            "year": year,
            "years": years(context),
            "typed": typed if typed.decision else evolve(typed, public=_everybody(shown)),
            "default": OPENING_WORDS[shown.opening_mode](),
            "decided": [
                DecidedLine(
                    where=show_scope(each.scope, names.schools),
                    audience=audience_names()[each.audience],
                    stance=each.stance,
                    words=show_stance(each.stance),
                    by=each.set_by or _("ligne de commande"),
                    at=each.set_at,
                    undo={**_typed(each.scope), "public": each.audience, "decision": INHERITED},
                )
                for each in place.policy.of_rectorat(shown.id)
            ],
            "heads": _heads(place, shown),
            "audiences": [(a, audience_names()[a]) for a in sorted(shown.audiences)],
            "stances": [
                {"value": stance.value, "label": words(), "hint": STANCE_HINTS[stance]()}
                for stance, words in STANCE_WORDS.items()
            ],
            "places": _places(place),
        },
        422 if view["errors"] else 200,
    )


def _places(place: Landscape) -> list[dict[str, str]]:
    said = _("Le département {code}")
    return [
        {"value": "academie", "label": _("Toute l’académie")},
        *(
            {"value": code, "label": said.format(code=show_departement(code))}
            for code in departements_of(place.establishments)
        ),
        {"value": "etablissement", "label": _("Un seul établissement, à préciser")},
    ]


def _everybody(module: ModuleDefinition) -> tuple[str, ...]:
    return tuple(sorted(module.audiences))


def _typed(scope: Scope) -> dict[str, str]:
    match scope.rank:
        case Rank.DEPARTEMENT:
            return {"portee": scope.place}
        case Rank.NAMED:
            return {"portee": "etablissement", "uai": scope.place}
    return {"portee": "academie"}


def _heads(place: Landscape, module: ModuleDefinition) -> dict[str, int]:
    """How many establishments have opened and closed it themselves, for some audience."""
    found = {
        stance: {
            opening.scope.place
            for opening in place.policy.openings
            if opening.scope.rank is Rank.ESTABLISHMENT
            and (opening.module_id, opening.stance) == (module.id, stance)
        }
        for stance in (Stance.OPEN, Stance.CLOSED)
    }
    return {stance.value: len(places) for stance, places in found.items()}


def _changes(
    module: ModuleDefinition, typed: ChoiceForm, place: Landscape
) -> tuple[list[Change], dict[str, str]]:
    """The choices that a form asks for, or what is wrong in it by field."""
    errors = {}
    scope, problem = _scope(typed, place)
    if scope is None:
        errors["uai" if typed.portee == "etablissement" else "portee"] = problem
    if not typed.public:
        errors["public"] = _("Choisissez au moins un public.")
    if typed.decision not in _STANCES:
        errors["decision"] = _("Choisissez une décision.")
    if scope is None or errors:
        return [], errors
    stance = _STANCES[typed.decision]
    wanted = [Audience(each) for each in typed.public if each in module.audiences]
    return [Change(scope, module.id, audience, stance) for audience in wanted], {}


def _scope(typed: ChoiceForm, place: Landscape) -> tuple[Scope | None, str]:
    if typed.portee in {"", "academie"}:
        return Scope.academie(), ""
    if typed.portee == "etablissement":
        school, problem = one_school(place.establishments, typed.uai)
        return (Scope.named(school.uai) if school else None), problem
    if typed.portee in departements_of(place.establishments):
        return Scope.departement(typed.portee), ""
    return None, _("Choisissez où la décision s’applique.")


def _preview(context: Context, changes: list[Change], place: Landscape) -> dict[str, Any]:
    plan = plan_upon(context.site, place, changes)
    names = names_of(context.site, place.establishments)
    return {
        "plan": plan,
        "lines": change_lines(plan, names),
        "preview": preview(plan.consequence, names),
    }


def decide(context: Context, module_id: str) -> Redirect:
    """Make the choice that was previewed."""
    shown = module_of(context, module_id)
    typed = read_form(context.request, ChoiceForm).value or ChoiceForm()
    year = read_year(context, typed.annee)
    back: dict[str, Any] = {"module_id": module_id, "annee": year.start}
    place = read_landscape(context.site, year)
    changes, errors = _changes(shown, typed, place)
    if errors:
        context.tell("error", _("Choix incomplet : rien n’a été changé."))
        return context.redirect("core.academy_module", **back)
    try:
        make_changes(context.site, context.me, changes, year, seen=typed.seen)
    except ConflictError:
        context.tell("warning", changed_meanwhile())
        asked = {"portee": typed.portee, "uai": typed.uai, "decision": typed.decision}
        again = {**asked, "public": list(typed.public)}
        return context.redirect("core.academy_module", **back, **again)
    context.tell("success", _done(changes, year, names_of(context.site, place.establishments)))
    return context.redirect("core.academy_module", **back)


def changed_meanwhile() -> str:
    """What is told when somebody else decided between the preview and its confirmation."""
    return _(
        "Quelqu’un d’autre vient de décider de la même chose. Rien n’a été changé : relisez "
        "l’aperçu, il est à jour."
    )


def _done(changes: list[Change], year: SchoolYear, names: Any) -> str:
    said = _("C’est décidé pour {year}, {where} : {stance}.")
    stance = changes[0].stance
    return said.format(
        year=year,
        where=show_scope(changes[0].scope, names.schools),
        stance=show_stance(stance).lower() if stance else _("ce qui est hérité vaut de nouveau"),
    )


ROUTES: Final = (
    Route("core.academy_module", "/academie/modules/<module_id>", module, Access.ACADEMY),
    Route(
        "core.academy_decide",
        "/academie/modules/<module_id>/decision",
        decide,
        Access.ACADEMY,
        ("POST",),
    ),
)
