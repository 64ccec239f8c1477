"""The establishments of the académie: figures, adherence, and acts upon several at once."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.changes import Change
from teleservices_core.domain.establishments import Establishment, EstablishmentKind
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.errors import ConflictError
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases.adoption import SchoolSearch, list_schools
from teleservices_core.usecases.participation import plan_participation, set_participation
from teleservices_core.usecases.plans import landscape, make_changes, plan_upon
from teleservices_core.web.context import Context
from teleservices_core.web.forms import chosen, read_form, read_query, several, text
from teleservices_core.web.pages.academy_choices import INHERITED, changed_meanwhile
from teleservices_core.web.pages.academy_shared import departement_options, names_of
from teleservices_core.web.pages.school import asked_year, audience_names, read_year, years
from teleservices_core.web.previews import change_lines, preview
from teleservices_core.web.reading import whole_number
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.academy import KIND_WORDS, STANCE_WORDS

JOIN: Final = "adherer"
LEAVE: Final = "quitter"


@frozen
class SchoolsForm:
    """A search, a selection among what it found, and what to do with it."""

    annee: str = text(4)
    q: str = text(100)
    type: str = text(20)
    departement: str = text(3)
    adhere: str = text(3)
    page: str = text(6)
    uai: tuple[str, ...] = several(100)
    tous: str = text(3)
    """Every establishment of the search, instead of those ticked."""
    acte: str = text(10)
    module: str = text(31)
    public: tuple[str, ...] = several(2)
    seen: str = text(16)

    @property
    def search(self) -> SchoolSearch:
        """What the fields ask for."""
        return SchoolSearch(
            text=self.q,
            kind=chosen(EstablishmentKind, self.type),
            departement=self.departement,
            takes_part={"oui": True, "non": False}.get(self.adhere),
        )

    @property
    def searched(self) -> dict[str, str]:
        """The fields of the search that are filled in, for addresses."""
        names = ("annee", "q", "type", "departement", "adhere")
        return {name: value for name in names if (value := getattr(self, name))}

    def selected(self, every: tuple[Establishment, ...]) -> list[Establishment]:
        """The establishments that are meant."""
        search = self.search
        if self.tous:
            return [each for each in every if search.found(each)]
        return [each for each in every if each.uai.code in self.uai]


def schools(context: Context) -> Page | Redirect:
    """The list with its figures; the preview of an act; and on POST, the act."""
    if context.request.method == "POST":
        return _act(context)
    year = asked_year(context)
    typed = read_query(context.request, SchoolsForm).value or SchoolsForm()
    if typed.acte:
        return _preview(context, typed)
    number = whole_number(typed.page) or 1
    found = list_schools(context.site, typed.search, year, number)
    return Page(
        "academy/schools.html",
        {
            "typed": typed,
            "year": year,
            "years": years(context),
            "found": found,
            "total": found.total,
            "kinds": [{"value": k.value, "label": words()} for k, words in KIND_WORDS.items()],
            "kind_words": {kind: words() for kind, words in KIND_WORDS.items()},
            "departements": departement_options(found.every),
            **_choices(context),
        },
    )


def _choices(context: Context) -> dict[str, Any]:
    acts = [{"value": s.value, "label": words()} for s, words in STANCE_WORDS.items()]
    return {
        "acts": [
            *acts,
            {"value": INHERITED, "label": _("Annuler la décision prise pour l’établissement")},
            {"value": JOIN, "label": _("Adhérer aux téléservices")},
            {"value": LEAVE, "label": _("Ne plus adhérer")},
        ],
        "modules": [{"value": m.id, "label": m.title} for m in context.site.catalogue.modules],
        "audiences": list(audience_names().items()),
    }


def _preview(context: Context, typed: SchoolsForm) -> Page:
    """What an act would do to a selection."""
    year = read_year(context, typed.annee)
    site = context.site
    with site.database.reading() as tx:
        place = landscape(site, tx, year)
    names = names_of(site, place.establishments)
    selected = typed.selected(place.establishments)
    problem = _problem(context, typed, selected)
    view: dict[str, Any] = {"moved": (), "lines": (), "preview": None, "seen": ""}
    if not problem and typed.acte in {JOIN, LEAVE}:
        uais = {each.uai for each in selected}
        joining = plan_participation(site, uais, typed.acte == JOIN, year)
        view |= {"moved": joining.establishments, "seen": joining.seen}
        view["preview"] = preview(joining.consequence, names)
    elif not problem:
        plan = plan_upon(site, place, _changes(context, typed, selected))
        view |= {"lines": change_lines(plan, names), "seen": plan.seen}
        view["preview"] = preview(plan.consequence, names)
    return Page(
        "academy/schools_preview.html",
        {
            **view,
            "typed": typed,
            "year": year,
            "problem": problem,
            "number": len(selected),
            "is_joining": typed.acte == JOIN,
        },
        422 if problem else 200,
    )


def _problem(context: Context, typed: SchoolsForm, selected: list[Establishment]) -> str:
    if not selected:
        return _("Cochez au moins un établissement.")
    if typed.acte in {JOIN, LEAVE}:
        return ""
    if typed.acte != INHERITED and chosen(Stance, typed.acte) is None:
        return _("Choisissez un acte dans la liste.")
    module = context.site.catalogue.by_id.get(typed.module)
    if module is None:
        return _("Choisissez le module concerné.")
    if not module.audiences & {chosen(Audience, each) for each in typed.public}:
        return _("Choisissez au moins un public de ce module.")
    return ""


def _changes(context: Context, typed: SchoolsForm, selected: list[Establishment]) -> list[Change]:
    module = context.site.catalogue.by_id[typed.module]
    audiences = [a for a in sorted(module.audiences) if a in typed.public]
    stance = chosen(Stance, typed.acte)
    return [
        Change(Scope.named(each.uai), module.id, audience, stance)
        for each in selected
        if each.kind in module.kinds
        for audience in audiences
    ]


def _act(context: Context) -> Redirect:
    """Do what was previewed: all of it or nothing."""
    site = context.site
    typed = read_form(context.request, SchoolsForm).value or SchoolsForm()
    year = read_year(context, typed.annee)
    with site.database.reading() as tx:
        every = tuple(tx.roster.establishments())
    selected = typed.selected(every)
    if problem := _problem(context, typed, selected):
        context.tell("error", problem)
        return context.redirect("core.academy_schools", **typed.searched)
    try:
        if typed.acte in {JOIN, LEAVE}:
            done = _move(context, typed, selected)
        else:
            changes = _changes(context, typed, selected)
            done = len(make_changes(site, context.me, changes, year, seen=typed.seen))
    except ConflictError:
        context.tell("warning", changed_meanwhile())
        return context.redirect("core.academy_schools", **_again(typed))
    said = ngettext("C’est fait : {n} changement.", "C’est fait : {n} changements.", done)
    context.tell("success", said.format(n=done))
    return context.redirect("core.academy_schools", **typed.searched)


def _move(context: Context, typed: SchoolsForm, selected: list[Establishment]) -> int:
    year = read_year(context, typed.annee)
    uais = {each.uai for each in selected}
    plan = plan_participation(context.site, uais, typed.acte == JOIN, year)
    if plan.seen != typed.seen:
        raise ConflictError("one of these establishments has moved meanwhile")
    moved = {each.uai for each in plan.establishments}
    set_participation(context.site, context.me, moved, plan.takes_part)
    return len(moved)


def _again(typed: SchoolsForm) -> dict[str, Any]:
    """The address of the same preview, made anew."""
    blank = evolve(typed, seen="", page="")
    names = SchoolsForm.__annotations__
    return {
        name: list(v) if isinstance(v, tuple) else v
        for name in names
        if (v := getattr(blank, name))
    }


ROUTES: Final = (
    Route("core.academy_schools", "/academie/etablissements", schools, Access.ACADEMY, FORM),
)
