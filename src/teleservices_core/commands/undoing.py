"""``teleservices import list`` and ``import undo``: what was imported, and the way back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.commands.options import as_json, dry_run, print_json, read_uai
from teleservices_core.commands.stopping import BeforeOrAfter
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.i18n import _, show_timestamp
from teleservices_core.usecases.undoing import import_runs, preview_undo, undo_import
from teleservices_core.words.importing import sort_titles
from teleservices_core.words.undoing import (
    HELD,
    REFUSED,
    changed_meanwhile,
    counted,
    rows_kept,
)

if TYPE_CHECKING:
    from uuid import UUID

    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.values import Uai
    from teleservices_core.ports.undoing import ImportRun
    from teleservices_core.usecases.undoing import UndoPreview


@click.command("list")
@click.option("--establishment", "uai", callback=read_uai, help=_("UAI d’un établissement."))
@as_json
@click.pass_obj
def list_imports(services: Opener, uai: Uai | None, as_json: bool) -> None:
    """Lister les dernières importations, avec ce que chacune a changé."""
    site = services().site
    runs = import_runs(site, uai)
    if as_json:
        print_json([_as_json(run) for run in runs])
        return
    for run in runs:
        at = show_timestamp(run.at, site.academie.zone)
        click.secho(f"{run.id}  {run.uai}  {run.school_year}  {at}", bold=True)
        for name, title in sort_titles().items():
            if number := run.counts.get(name, 0):
                click.echo(f"  {number:>7}  {title}")
        if run.undone_at is not None:
            click.echo(
                _("  annulée le {at}").format(at=show_timestamp(run.undone_at, site.academie.zone))
            )
        elif run.may_be_undone:
            click.echo(_("  teleservices import undo {id}").format(id=run.id))
    if not runs:
        click.echo(_("Aucune importation."))


def _as_json(run: ImportRun) -> dict[str, Any]:
    return {
        "id": str(run.id),
        "uai": run.uai.code,
        "school_year": str(run.school_year),
        "at": run.at.isoformat(),
        "actor": run.actor,
        "files": list(run.files),
        "counts": dict(run.counts),
        "may_be_undone": run.may_be_undone,
        "undone_at": run.undone_at.isoformat() if run.undone_at else None,
    }


@click.command()
@click.argument("run", type=click.UUID, metavar="IMPORT")
@dry_run
@click.option("--yes", is_flag=True, help=_("Ne pas demander confirmation."))
@click.pass_obj
def undo(services: Opener, run: UUID, dry_run: bool, yes: bool) -> None:
    """Annuler une importation : ce qu’elle a changé redevient comme avant.

    Ce qui a servi depuis reste et est listé : un compte activé, des notes, une
    réponse, ce qu’une autre importation a repris. « import list » donne les
    identifiants.
    """
    site = services().site
    try:
        told = preview_undo(site, run)
        _show_undo(told)
        if dry_run:
            click.echo(_("Simulation, rien n’a été écrit."))
            return
        if not yes:
            click.confirm(_("Annuler cette importation ?"), abort=True)
        click.echo(_("Annulation"))
        with BeforeOrAfter() as stopping:
            undo_import(
                site,
                run,
                seen=told.plan.seen,
                before_writing=partial(stopping.goes_on, writes=True),
            )
    except NotFoundError:
        reason = _("importation {id} inconnue : « teleservices import list » les donne")
        raise click.ClickException(reason.format(id=run)) from None
    except ConflictError:
        raise click.ClickException(changed_meanwhile()) from None
    except RefusedError as error:
        raise click.ClickException(REFUSED[error.code]()) from None
    click.secho(_("L’importation est annulée."), fg="green")
    stopping.tell()


def _show_undo(told: UndoPreview) -> None:
    click.secho(f"{told.run.uai}, {told.run.school_year}", bold=True)
    for said, number in counted(told.plan):
        click.echo(f"  {number:>7}  {said}")
    if persons := told.plan.persons_kept:
        click.secho(_("\nPersonnes qui restent ({n})").format(n=len(persons)), bold=True)
        for id_, held in persons.items():
            click.echo(f"  {told.names.get(id_, id_)} : {HELD[held]()}")
    if others := rows_kept(told.plan):
        click.echo(others)
