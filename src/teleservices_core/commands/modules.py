"""``teleservices modules``: what is open, why, and the decisions of heads and of the rectorat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click
from attrs import frozen

from teleservices_core.commands.options import (
    as_json,
    audiences,
    chosen_audiences,
    departement,
    division,
    dry_run,
    level,
    print_json,
    read_uai,
    school_year,
)
from teleservices_core.commands.showing import show_consequence, show_trace, trace_json
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.changes import Change
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.adoption import module_spread, read_landscape
from teleservices_core.usecases.explaining import Asked, explain
from teleservices_core.usecases.opening import set_openings, switches
from teleservices_core.usecases.plans import plan_changes
from teleservices_core.words.academy import OPENING_WORDS, show_scope, show_stance

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site


@click.group()
def modules() -> None:
    """Ouverture des téléservices : établissements, départements, académie."""


@modules.command("list")
@click.option("--establishment", "uai", callback=read_uai, help=_("UAI de l’établissement."))
@school_year
@as_json
@click.pass_obj
def list_(services: Opener, uai: Uai | None, school_year: SchoolYear | None, as_json: bool) -> None:
    """Dire ce qui est ouvert et pourquoi ; sans établissement, ce que décide l’académie."""
    site = services().site
    year = school_year or site.school_year()
    states = _of_academie(site, year) if uai is None else _states(site, uai, year)
    if as_json:
        print_json(states)
        return
    for each in states:
        click.echo(
            f"{each['module']:<16} {each['audience']:<9} {each['state']:<18} {each['words']}"
        )


def _states(site: Site, uai: Uai, year: SchoolYear) -> list[dict[str, Any]]:
    with site.database.reading() as tx:
        found = tx.roster.establishment(uai)
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return [
        {
            "module": each.module.id,
            "audience": each.audience.value,
            "is_open": each.decision.is_open,
            "state": _("ouvert") if each.decision.is_open else _("fermé"),
            "reason": each.decision.reason.reason,
            "words": each.told.staff,
        }
        for each in switches(site, found, year)
    ]


def _of_academie(site: Site, year: SchoolYear) -> list[dict[str, Any]]:
    place = read_landscape(site, year)
    names = {each.uai.code: each.name for each in place.establishments}
    lines = []
    for spread in module_spread(site, place):
        decided = [
            f"{show_scope(o.scope, names)} : {show_stance(o.stance).lower()}"
            for o in place.policy.of_rectorat(spread.module.id)
            if o.audience is spread.audience
        ]
        said = _("{open} sur {concerned} ouverts")
        lines.append(
            {
                "module": spread.module.id,
                "audience": spread.audience.value,
                "open": spread.open,
                "concerned": spread.concerned,
                "state": said.format(open=spread.open, concerned=spread.concerned),
                "words": " ; ".join(decided) or OPENING_WORDS[spread.module.opening_mode](),
            }
        )
    return lines


@modules.command("explain")
@click.argument("uai", callback=read_uai)
@click.argument("module_id", metavar="MODULE")
@click.option(
    "--audience",
    type=click.Choice(["guardian", "student"]),
    default="guardian",
    show_default=True,
    help=_("Public concerné."),
)
@level
@division
@click.option("--at", help=_("Instant, par exemple 2027-06-29T14:30 ; maintenant par défaut."))
@click.option(
    "--student", "siecle_id", default="", help=_("ELEVE_ID d’un élève dans la base élèves.")
)
@as_json
@click.pass_obj
def explain_(
    services: Opener,
    uai: Uai,
    module_id: str,
    audience: str,
    level: ClassLevel | None,
    division: str,
    at: str | None,
    siecle_id: str,
    as_json: bool,
) -> None:
    """Expliquer une décision : chaque règle, depuis quand, jusqu’à quand, qui peut la changer."""
    site = services().site
    asked = Asked(
        uai=uai,
        module_id=module_id,
        audience=Audience(audience),
        at=_instant(site, at) if at else None,
        level=level,
        class_group=division,
        siecle_id=siecle_id,
    )
    answered = explain(site, asked)
    if as_json:
        print_json(trace_json(answered))
    else:
        show_trace(answered)


def _instant(site: Site, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(_("attendu : 2027-06-29T14:30"), param_hint="--at") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=site.academie.zone)


# -- decisions ----------------------------------------------------------------------------


@frozen
class _Place:
    """Where a decision is made, as options say it."""

    departement: str | None
    uai: Uai | None
    level: ClassLevel | None
    division: str
    rectorat: bool

    def scope(self, stance: Stance | None) -> Scope:
        """The scope; imposing, forbidding and allowing are the rectorat's alone."""
        if self.uai is None:
            if self.level is not None or self.division:
                raise click.UsageError(_("--level et --division demandent --establishment."))
            if self.departement is not None:
                return Scope.departement(self.departement)
            return Scope.academie()
        if self.departement is not None:
            raise click.UsageError(_("Indiquez --departement ou --establishment, pas les deux."))
        if self.rectorat or stance in {Stance.IMPOSED, Stance.FORBIDDEN, Stance.ALLOWED}:
            if self.level is not None or self.division:
                raise click.UsageError(_("Le rectorat décide pour tout l’établissement."))
            return Scope.named(self.uai)
        if self.division:
            return Scope.division(self.uai, self.division)
        if self.level is not None:
            return Scope.level(self.uai, self.level)
        return Scope.establishment(self.uai)


def _decision(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments and options of every decision."""
    options = (
        click.argument("module_id", metavar="MODULE"),
        departement,
        click.option(
            "--establishment", "uai", callback=read_uai, help=_("UAI de l’établissement.")
        ),
        level,
        division,
        click.option(
            "--rectorat",
            is_flag=True,
            help=_("Décision du rectorat pour l’établissement, et non de son chef."),
        ),
        audiences,
        school_year,
        dry_run,
        as_json,
        click.pass_obj,
    )
    for option in reversed(options):
        command = option(command)
    return command


def _decide(
    services: Opener,
    stance: Stance | None,
    module_id: str,
    departement: str | None,
    uai: Uai | None,
    level: ClassLevel | None,
    division: str,
    rectorat: bool,
    audience: str,
    school_year: SchoolYear | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    site = services().site
    scope = _Place(departement, uai, level, division, rectorat).scope(stance)
    module = site.catalogue.by_id.get(module_id)
    if module is None:
        raise NotFoundError(f"no module {module_id!r}")
    wanted = chosen_audiences(audience, sorted(module.audiences))
    year = school_year or site.school_year()
    plan = plan_changes(site, [Change(scope, module_id, each, stance) for each in wanted], year)
    if not dry_run:
        try:
            set_openings(site, None, plan.changes, year, seen=plan.seen)
        except RefusedError as refused:
            said = _("{module} : la décision ne revient pas à cet établissement ({code}).")
            raise click.ClickException(
                said.format(module=module.title, code=refused.code)
            ) from None
    show_consequence(plan, dry_run=dry_run, as_json=as_json)


@modules.command("open")
@_decision
def open_(services: Opener, **options: Any) -> None:
    """Ouvrir : par le chef d’un établissement, ou par défaut pour l’académie."""
    _decide(services, Stance.OPEN, **options)


@modules.command("close")
@_decision
def close(services: Opener, **options: Any) -> None:
    """Fermer : par le chef d’un établissement, ou par défaut pour l’académie."""
    _decide(services, Stance.CLOSED, **options)


@modules.command("inherit")
@_decision
def inherit(services: Opener, **options: Any) -> None:
    """Annuler une décision : ce qui est hérité vaut de nouveau."""
    _decide(services, None, **options)


@modules.command("impose")
@_decision
def impose(services: Opener, **options: Any) -> None:
    """Imposer l’ouverture : nul ne peut fermer en dessous."""
    _decide(services, Stance.IMPOSED, **options)


@modules.command("forbid")
@_decision
def forbid(services: Opener, **options: Any) -> None:
    """Interdire : nul ne peut ouvrir en dessous."""
    _decide(services, Stance.FORBIDDEN, **options)


@modules.command("allow")
@_decision
def allow(services: Opener, **options: Any) -> None:
    """Laisser le choix : le réglage d’origine du module vaut, les établissements décident."""
    _decide(services, Stance.ALLOWED, **options)
