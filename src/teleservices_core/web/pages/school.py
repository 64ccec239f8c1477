"""The console of an establishment: which modules are open."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.matching import matches_waiting
from teleservices_core.usecases.opening import set_opening as record_opening
from teleservices_core.usecases.opening import switches
from teleservices_core.usecases.restoring import last_restore
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.staff_links import staff_links
from teleservices_core.words.restoring import show_to_school, show_went_back


def establishment_of(context: Context, uai: str) -> Establishment:
    """The establishment of the address. Raises :exc:`NotFoundError`."""
    with context.site.database.reading() as tx:
        found = tx.roster.establishment(Uai(uai))
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return found


def modules(context: Context, uai: str) -> Page:
    """Each module and audience: open or closed, why, and the switch (F04)."""
    establishment = establishment_of(context, uai)
    year = asked_year(context)
    by_module: dict[str, dict[str, Any]] = {}
    for switch in switches(context.site, establishment, year):
        entry = by_module.setdefault(switch.module.id, {"module": switch.module, "switches": []})
        entry["has_options"] = switch.module.id in context.site.catalogue.options
        entry["switches"].append(switch)
    may_choose = deciding(context, establishment.uai)
    with context.site.database.reading() as tx:
        restored = last_restore(context.site, tx)
    links = staff_links(context.site, context.me, establishment.uai, deciding=may_choose)
    return Page(
        "school/modules.html",
        {
            "establishment": establishment,
            "year": year,
            "modules": list(by_module.values()),
            "links": links,
            "years": years(context),
            "may_choose": may_choose,
            "audience_names": audience_names(),
            "restored": restored and show_went_back(restored, context.site.academie.zone),
            "after_restore": restored and show_to_school(),
            "matches": matches_waiting(context.site, establishment.uai),
        },
    )


def years(context: Context) -> tuple[SchoolYear, SchoolYear]:
    """The year under way and the one in preparation."""
    current = context.site.school_year()
    return current, current.next


def asked_year(context: Context) -> SchoolYear:
    """The school year of the address or of the form, the one under way by default."""
    return read_year(context, context.request.args.get("annee", ""))


def read_year(context: Context, typed: str) -> SchoolYear:
    """One of the two years that a school works on. Raises :exc:`NotFoundError` for others."""
    for year in years(context):
        if typed in {"", str(year.start)}:
            return year
    raise NotFoundError(f"no school year {typed!r} here")


def deciding(context: Context, uai: Uai) -> frozenset[str]:
    """The modules about which the viewer decides there: all for heads, else those delegated."""
    modules = frozenset(module.id for module in context.site.catalogue.modules)
    if context.me.heads(uai):
        return modules
    site, staff = context.site, context.me.account.holder_ids
    with site.database.reading() as tx:
        held = tx.delegations.held(staff, uai, site.academie.today(site.now()))
    return modules & held


def audience_names() -> dict[Audience, str]:
    """How the consoles call each audience."""
    return {Audience.GUARDIAN: _("Responsables"), Audience.STUDENT: _("Élèves")}


@frozen
class OpeningForm:
    """One switch: a module, an audience, and what is wanted."""

    module_id: str = text(31)
    audience: Audience = Audience.GUARDIAN
    stance: str = text(10)
    """``open``, ``closed``, or ``inherited``."""
    seen: str = text(10)
    """The choice recorded there when the page was shown; empty for none."""
    annee: str = text(4)
    level: str = text(10)
    class_group: str = text(20)


def _read_choice(form: OpeningForm, uai: Uai) -> tuple[Scope, Stance | None, Stance | None] | None:
    try:
        stance = None if form.stance == "inherited" else Stance(form.stance)
        return _scope_of(form, uai), stance, Stance(form.seen) if form.seen else None
    except ValueError:
        return None


def _scope_of(form: OpeningForm, uai: Uai) -> Scope:
    if form.class_group:
        return Scope.division(uai, form.class_group)
    return Scope.level(uai, ClassLevel(form.level)) if form.level else Scope.establishment(uai)


def set_opening(context: Context, uai: str) -> Redirect:
    """Record a choice for the establishment, a level or a class; families' pages change at once."""
    asked = read_form(context.request, OpeningForm).value
    choice = _read_choice(asked, Uai(uai)) if asked else None
    if asked is None or choice is None:
        context.tell("error", _("Choix inconnu : rien n’a été changé."))
        return context.redirect("core.school", uai=uai)
    scope, stance, seen = choice
    year = read_year(context, asked.annee)
    try:
        record_opening(
            context.site,
            context.me,
            scope,
            asked.module_id,
            asked.audience,
            stance,
            year,
            seen=seen,
        )
    except RefusedError:
        context.tell("error", _("Ce choix revient à l’académie : rien n’a été changé."))
    except ConflictError:
        context.tell(
            "warning",
            _(
                "Une autre personne vient de changer ce réglage : il est affiché tel qu’il est "
                "maintenant. Recommencez si vous voulez le changer."
            ),
        )
    else:
        context.tell("success", _chosen(context, asked, scope))
    if scope.part:
        return context.redirect("core.module", uai=uai, module_id=asked.module_id, annee=year.start)
    return context.redirect("core.school", uai=uai, annee=year.start)


def _chosen(context: Context, asked: OpeningForm, scope: Scope) -> str:
    module = context.site.catalogue.module(asked.module_id)
    said = {
        "open": _("« {module} » est maintenant ouvert aux {audience}{where}."),
        "closed": _("« {module} » est maintenant fermé aux {audience}{where}."),
    }.get(asked.stance, _("« {module} » suit de nouveau le réglage hérité, {audience}{where}."))
    return said.format(
        module=module.title if module else asked.module_id,
        audience=audience_names()[asked.audience].lower(),
        where=f" ({scope.label})" if scope.part else "",
    )


ROUTES: Final = (
    Route("core.school", "/ecole/<uai>/", modules, Access.SCHOOL),
    Route("core.set_opening", "/ecole/<uai>/modules", set_opening, Access.SCHOOL, ("POST",)),
)
