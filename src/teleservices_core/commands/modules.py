"""``teleservices modules``: what is open in an establishment, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.commands.options import establishment
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _
from teleservices_core.usecases.opening import AUDIENCES, set_opening, switches

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site

_AUDIENCE = click.option(
    "--audience",
    type=click.Choice(["guardian", "student", "all"]),
    default="all",
    show_default=True,
    help=_("Public concerné."),
)


@click.group()
def modules() -> None:
    """Ouverture des téléservices d’un établissement."""


def _states(site: Site, uai: Uai) -> list[dict[str, Any]]:
    with site.database.reading() as tx:
        found = tx.roster.establishment(uai)
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return [
        {
            "module": each.module.id,
            "audience": each.audience.value,
            "is_open": each.decision.is_open,
            "reason": each.decision.reason.reason,
            "words": each.told.staff,
        }
        for each in switches(site, found, site.school_year())
    ]


@modules.command("list")
@establishment
@click.option("--json", "as_json", is_flag=True, help=_("Réponse en JSON."))
@click.pass_obj
def list_(services: Opener, uai: Uai, as_json: bool) -> None:
    """Dire ce qui est ouvert ou fermé, et pourquoi."""
    states = _states(services().site, uai)
    if as_json:
        click.echo(json.dumps(states, ensure_ascii=False, indent=2))
        return
    for each in states:
        state = _("ouvert") if each["is_open"] else _("fermé")
        click.echo(f"{each['module']:<16} {each['audience']:<9} {state:<7} {each['words']}")


def _set(services: Opener, uai: Uai, module_id: str, audience: str, stance: Stance) -> None:
    site = services().site
    wanted = AUDIENCES if audience == "all" else (Audience(audience),)
    for each in wanted:
        set_opening(site, None, Scope.establishment(uai), module_id, each, stance)
        click.echo(f"{module_id} {each.value}: {stance.value}")


@modules.command("open")
@click.argument("module_id")
@establishment
@_AUDIENCE
@click.pass_obj
def open_(services: Opener, module_id: str, uai: Uai, audience: str) -> None:
    """Ouvrir un module pour l’année en cours."""
    _set(services, uai, module_id, audience, Stance.OPEN)


@modules.command("close")
@click.argument("module_id")
@establishment
@_AUDIENCE
@click.pass_obj
def close(services: Opener, module_id: str, uai: Uai, audience: str) -> None:
    """Fermer un module pour l’année en cours."""
    _set(services, uai, module_id, audience, Stance.CLOSED)
