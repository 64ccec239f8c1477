"""``teleservices journal``: seal the audit trail, check its seals, keep a copy of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import asdict

from teleservices_core.backups.ledger import is_behind, read_ledger
from teleservices_core.commands.options import as_json, print_json
from teleservices_core.errors import RefusedError
from teleservices_core.exchange.seals import read_seals, write_seals
from teleservices_core.i18n import _, show_timestamp
from teleservices_core.usecases.sealing import check_journal, missing_seals, seal_journal, seals_of
from teleservices_core.words.sealing import show_behind, show_fault, show_gap, show_mending

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site


@click.group()
def journal() -> None:
    """Journal : le sceller, vérifier que personne n’y a touché."""


@journal.command()
@click.pass_obj
def seal(services: Opener) -> None:
    """Sceller ce qui ne l’est pas encore. Le passage quotidien et le worker le font aussi."""
    number = seal_journal(services().site)
    click.echo(_("{n} lignes scellées.").format(n=number))


@journal.command()
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=_("Une copie des sceaux, faite par « journal export » et gardée ailleurs."),
)
@as_json
@click.pass_context
def check(ctx: click.Context, against: Path | None, as_json: bool) -> None:
    """Comparer chaque ligne du journal à son sceau. Ne change rien.

    Le code de sortie est 1 si quelque chose a été modifié, ou si rien ne protège plus les
    lignes qui ne sont pas encore scellées ; 0 sinon.
    """
    opener: Opener = ctx.obj
    site = opener().site
    checked = check_journal(site)
    try:
        missing = missing_seals(site, read_seals(against)) if against else []
    except RefusedError as error:
        said = _("{path} n’est pas une copie des sceaux du journal.")
        raise click.ClickException(said.format_map(error.detail)) from None
    behind = _behind(site)
    is_sound = not (checked.faults or checked.gaps or missing or behind)
    if as_json:
        print_json({**asdict(checked), "missing": missing, "behind": behind})
    else:
        said = _("{rows} lignes sous {seals} sceaux, {unsealed} pas encore scellées.")
        click.echo(said.format_map(asdict(checked)))
        if checked.traces.first_at and checked.traces.last_at:
            said = _("La première est du {first}, la dernière du {last}.")
            first, last = (
                show_timestamp(at, site.academie.zone)
                for at in (checked.traces.first_at, checked.traces.last_at)
            )
            click.echo(said.format(first=first, last=last))
        for fault in checked.faults:
            click.secho(show_fault(fault, site.academie.zone), fg="red")
        for number in missing:
            text = _("Le sceau {number} de la copie n’est plus dans la base, ou n’y est plus tel.")
            click.secho(text.format(number=number), fg="red")
        if behind:
            click.secho(show_behind(behind, site.academie.zone), fg="red")
        for gap in checked.gaps:
            click.secho(show_gap(gap), fg="red")
        for todo in dict.fromkeys(map(show_mending, checked.gaps)):
            click.echo(f"  → {todo}")
        if is_sound:
            click.echo(_("Rien n’a été modifié."))
    ctx.exit(0 if is_sound else 1)


def _behind(site: Site) -> datetime | None:
    """When the ledger knew of a seal that the database has no more; None for a sound one."""
    try:
        head = read_ledger(site.settings).head
    except OSError as error:
        said = _("{path} ne peut pas être lu : {reason}.")
        path, reason = site.settings.ledger, error.strerror
        raise click.ClickException(said.format(path=path, reason=reason)) from None
    return head.at if head is not None and is_behind(site, head) else None


@journal.command()
@click.argument("path", metavar="FICHIER", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(services: Opener, path: Path) -> None:
    """Écrire les sceaux dans un fichier, à garder sur une autre machine.

    Il ne contient ni nom ni acte : des empreintes, que « journal check --against »
    compare à la base. Les derniers sceaux ne peuvent alors plus être retirés sans bruit.
    """
    seals = seals_of(services().site)
    write_seals(path, seals)
    click.echo(_("{n} sceaux écrits dans {path}.").format(n=len(seals), path=path))
