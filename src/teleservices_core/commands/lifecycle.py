"""``teleservices lifecycle``: warn, close what nobody uses, erase what is over."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.backups.ledger import keep_ledger
from teleservices_core.commands.options import dry_run
from teleservices_core.commands.stopping import Stopping
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, show_timestamp
from teleservices_core.usecases.lifecycle import (
    last_runs,
    plan_erasing,
    plan_lifecycle,
    run_lifecycle,
)
from teleservices_core.words.reasons import LIFECYCLE_WORDS

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.contributions import PersonalData
    from teleservices_core.domain.lifecycle import LifecycleRun
    from teleservices_core.usecases.site import Site

_JSON = click.option("--json", "as_json", is_flag=True, help=_("Réponse en JSON."))


@click.group()
def lifecycle() -> None:
    """Fin de vie des comptes : prévenir, supprimer, effacer. À lancer chaque jour."""


@lifecycle.command()
@dry_run
@click.option(
    "--force", is_flag=True, help=_("Passer outre la limite du nombre et le contrôle de l’heure.")
)
@_JSON
@click.pass_obj
def run(services: Opener, dry_run: bool, force: bool, as_json: bool) -> None:
    """Prévenir et supprimer les comptes inutilisés, effacer ce qui est périmé.

    Peut être relancé ou arrêté à tout moment, et tourner deux fois côte à côte.
    """
    site = services().site
    if dry_run:
        _show_plan(site, as_json=as_json)
        return
    try:
        with Stopping() as is_stopping:
            progress = _progress(quiet=as_json)
            done = run_lifecycle(
                site,
                force=force,
                progress=progress,
                erasing=_erasing(quiet=as_json),
                is_stopping=is_stopping,
            )
        keep_ledger(site)
    except RefusedError as error:
        reason = _("{reason}\nRien n’a été fait. Si c’est voulu : --force.")
        raise click.ClickException(reason.format(reason=refusal(site, error))) from None
    if as_json:
        click.echo(json.dumps(_described(done), ensure_ascii=False, indent=2))
    else:
        _show_counts(site, done.counts)
        if done.finished_at is None:
            click.echo(_("Arrêté avant la fin : relancez la commande pour continuer."))


@lifecycle.command()
@click.option("--number", default=10, show_default=True, help=_("Combien de passages."))
@_JSON
@click.pass_obj
def last(services: Opener, number: int, as_json: bool) -> None:
    """Montrer les derniers passages."""
    site = services().site
    runs = last_runs(site, number)
    if as_json:
        click.echo(json.dumps([_described(each) for each in runs], ensure_ascii=False, indent=2))
        return
    if not runs:
        click.echo(_("Aucun passage : lancez « teleservices lifecycle run » chaque jour."))
    for each in runs:
        state = "" if each.finished_at else _(" (non terminé)")
        click.secho(f"{show_timestamp(each.at, site.academie.zone)}{state}", bold=True)
        _show_counts(site, each.counts)


def _show_plan(site: Site, *, as_json: bool) -> None:
    plan = plan_lifecycle(site)
    counts = plan.counts + plan_erasing(site)
    if as_json:
        reason = plan.refusal.code if plan.refusal else None
        described = {"counts": dict(counts), "living": plan.living, "refusal": reason}
        click.echo(json.dumps(described, ensure_ascii=False, indent=2))
        return
    click.secho(_("Simulation, rien n’a été écrit"), bold=True)
    _show_counts(site, counts)
    if plan.refusal is not None:
        click.secho(refusal(site, plan.refusal), fg="red")
        click.echo(_("Le passage sera refusé sans --force."))


def _show_counts(site: Site, counts: Mapping[str, int]) -> None:
    erased = {data.id: _erased(data) for data in site.catalogue.personal_data}
    for name, words in {**LIFECYCLE_WORDS, **erased}.items():
        if number := counts.get(name, 0):
            click.echo(f"  {number:>7}  {words()}")
    if not any(counts.values()):
        click.echo(_("  Rien à faire."))


def _erased(data: PersonalData) -> Callable[[], str]:
    return lambda: _("lignes effacées, leur durée passée : {title}").format(title=data.title())


def _described(run: LifecycleRun) -> dict[str, Any]:
    return {
        "at": run.at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
        "counts": dict(run.counts),
    }


def refusal(site: Site, error: RefusedError) -> str:
    """Why a run is refused, in words."""
    if error.code == "too_many":
        said = _("{number} comptes sur {of} seraient supprimés d’un coup, plus d’un dixième.")
        return said.format_map(error.detail)
    said = {
        "clock_back": _("L’horloge est avant le dernier passage, du {last}."),
        "clock_ahead": _("Le dernier passage est du {last} : est-ce bien l’heure ?"),
    }[error.code]
    last_at: Any = error.detail["last"]
    return said.format(last=show_timestamp(last_at, site.academie.zone))


def _progress(*, quiet: bool) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        if not quiet and total:
            click.echo(f"\r{done}/{total}", nl=done == total, err=True)

    return show


def _erasing(*, quiet: bool) -> Callable[[PersonalData, int], None]:
    def show(data: PersonalData, rows: int) -> None:
        if not quiet:
            said = _("{title} : {rows} lignes effacées")
            click.echo(said.format(title=data.title(), rows=rows), err=True)

    return show
