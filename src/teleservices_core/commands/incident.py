"""``teleservices incident``: what the académie does on the day when something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click
from attrs import asdict

from teleservices_core.commands.options import dry_run, read_uai
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.incidents import Population
from teleservices_core.domain.localtime import midnight
from teleservices_core.domain.values import Uai
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import cut_offs, incidents

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site

F = TypeVar("F", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help=_("Réponse en JSON."))
_REFUSALS = {
    "core": lambda: _("Le noyau ne peut pas être coupé."),
    "no_reason": lambda: _("Donnez un motif, avec --reason."),
    "already_cut": lambda: _("Cette extension est déjà coupée."),
    "not_cut": lambda: _("Cette extension n’est pas coupée."),
}


def _population(command: F) -> F:
    for option in (
        click.option(
            "--audience",
            type=click.Choice(["guardian", "student", "staff", "all"]),
            default="all",
            show_default=True,
            help=_("Public concerné."),
        ),
        click.option("--all", "everywhere", is_flag=True, help=_("Toute l’académie.")),
        click.option(
            "--establishment", "uai", callback=read_uai, help=_("UAI d’un seul établissement.")
        ),
    ):
        command = option(command)
    return command


def _read(
    site: Site, uai: Uai | None, audience: str, since: date | None = None, *, everywhere: bool
) -> Population:
    if everywhere is (uai is not None):
        raise click.UsageError(_("Dites --establishment UAI, ou --all pour toute l’académie."))
    return Population(
        uai,
        None if audience == "all" else Audience(audience),
        midnight(since, site.academie.zone) if since else None,
    )


def _show(said: Mapping[str, Any], words: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for name, label in words.items():
        click.echo(f"  {said[name]:>8}  {label}")


@click.group()
def incident() -> None:
    """Incidents : renouveler des mots de passe, fermer des connexions, couper une extension."""


@incident.command()
@_population
@click.option(
    "--changed-since",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help=_("Laisser les mots de passe choisis depuis ce jour (AAAA-MM-JJ)."),
)
@dry_run
@_JSON
@click.pass_obj
def renew(
    services: Opener,
    uai: Uai | None,
    everywhere: bool,
    audience: str,
    since: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Imposer un nouveau mot de passe à la prochaine connexion, et fermer les connexions."""
    site = services().site
    day = since.date() if since else None
    population = _read(site, uai, audience, day, everywhere=everywhere)
    if dry_run:
        words = {
            "to_renew": _("comptes à renouveler"),
            "already": _("déjà à renouveler"),
            "changed_since": _("laissés : mot de passe récent"),
            "federated": _("laissés : connexion par l’ENT seulement"),
            "unclaimed": _("laissés : jamais activés"),
            "sessions": _("connexions ouvertes"),
        }
        _show(asdict(incidents.plan(site, None, population)), words, as_json=as_json)
        return
    done = incidents.force_renewal(site, None, population)
    words = {"accounts": _("comptes à renouveler"), "sessions": _("connexions fermées")}
    _show(asdict(done), words, as_json=as_json)


@incident.command("close-sessions")
@_population
@dry_run
@_JSON
@click.pass_obj
def close_sessions(
    services: Opener,
    uai: Uai | None,
    everywhere: bool,
    audience: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fermer toutes les connexions."""
    site = services().site
    population = _read(site, uai, audience, everywhere=everywhere)
    if dry_run:
        said = {"sessions": incidents.plan(site, None, population).sessions}
        _show(said, {"sessions": _("connexions ouvertes")}, as_json=as_json)
        return
    done = incidents.close_sessions(site, None, population)
    _show({"sessions": done.sessions}, {"sessions": _("connexions fermées")}, as_json=as_json)


@incident.command()
@click.argument("plugin")
@click.option("--reason", default="", help=_("Ce qui se passe, pour le personnel."))
@dry_run
@_JSON
@click.pass_obj
def cut(services: Opener, plugin: str, reason: str, dry_run: bool, as_json: bool) -> None:
    """Couper une extension sans redémarrer : ses modules ferment partout."""
    site = services().site
    declared = site.catalogue.declared.get(plugin)
    modules = [module.id for module in declared.modules] if declared else []
    if not dry_run:
        _do(lambda: cut_offs.cut_off(site, None, plugin, reason))
    _tell(plugin, modules, _("coupée, avec ses modules :"), as_json=as_json)


@incident.command()
@click.argument("plugin")
@dry_run
@_JSON
@click.pass_obj
def restore(services: Opener, plugin: str, dry_run: bool, as_json: bool) -> None:
    """Remettre une extension en service."""
    site = services().site
    declared = site.catalogue.declared.get(plugin)
    modules = [module.id for module in declared.modules] if declared else []
    if not dry_run:
        _do(lambda: cut_offs.restore(site, None, plugin))
    _tell(plugin, modules, _("remise en service, avec ses modules :"), as_json=as_json)


def _do(act: Callable[[], Any]) -> None:
    try:
        act()
    except RefusedError as refused:
        raise click.ClickException(_REFUSALS[refused.code]()) from None


def _tell(plugin: str, modules: list[str], said: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"plugin": plugin, "modules": modules}, indent=2))
    else:
        click.echo(f"{plugin} {said} {', '.join(modules) or '-'}")
