"""``teleservices data``: answer written requests, and see to what a removed plugin left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from teleservices_core.backups.ledger import keep_ledger
from teleservices_core.commands.options import as_json, dry_run, print_json, school_year
from teleservices_core.commands.stopping import Stopping
from teleservices_core.documents.personal_data import data_archive
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.files import write_private
from teleservices_core.help_entries import figures
from teleservices_core.i18n import _
from teleservices_core.usecases.erasing import (
    FAILED,
    Request,
    count_about,
    erase_about,
    erasure_request,
)
from teleservices_core.usecases.personal_data import data_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.localtime import SchoolYear
    from teleservices_core.leftovers import Leftover
    from teleservices_core.usecases.site import Site


@click.group()
def data() -> None:
    """Données : répondre à une demande écrite, s’occuper de celles d’une extension retirée."""


@data.command()
@click.argument("login_name", metavar="IDENTIFIANT")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Fichier ZIP à écrire ; par défaut, donnees-IDENTIFIANT.zip."),
)
@click.pass_obj
def export(services: Opener, login_name: str, out: Path | None) -> None:
    """Écrire tout ce que le site conserve sur un compte.

    Vérifiez d’abord l’identité de qui le demande. L’acte est inscrit au
    journal, que la famille peut lire.
    """
    site = services().site
    copy = data_of(site, login_name)
    path = out or Path(f"donnees-{copy.account.login_name}.zip")
    write_private(path, data_archive(site.settings, copy))
    click.echo(_("{path} écrit").format(path=path))
    for section in copy.sections:
        if section.values is None:
            click.echo(
                _("incomplet : « {title} » n’a pas pu être lu").format(title=section.data.title())
            )


@data.command()
@click.argument("key", metavar="ÉLÈVE")
@click.option(
    "--section",
    "ids",
    multiple=True,
    metavar="RUBRIQUE",
    help=_("Rubrique à effacer, par exemple notes.marks ; plusieurs fois si besoin."),
)
@school_year
@click.option("--reason", default="", help=_("Qui l’a demandé et quand : inscrit au journal."))
@click.option("--yes", is_flag=True, help=_("Ne pas demander de confirmation."))
@dry_run
@as_json
@click.pass_obj
def erase(
    services: Opener,
    key: str,
    ids: tuple[str, ...],
    school_year: SchoolYear | None,
    reason: str,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Effacer ce que des téléservices conservent sur un élève, sur demande écrite.

    ÉLÈVE est son INE, l’identifiant de son propre compte, ou son numéro interne.
    Vérifiez d’abord qui le demande, et que rien n’oblige à conserver ces données.
    Sans --section, chaque rubrique est proposée. Avec --year, seulement les
    années scolaires jusqu’à celle-là. L’acte est inscrit au journal.
    """
    site = services().site
    try:
        request = erasure_request(site, key)
    except NotFoundError:
        raise click.ClickException(
            _("Aucun élève ne correspond à « {key} ».").format(key=key)
        ) from None
    if not as_json:
        click.secho(request.student.full_name, bold=True)
    try:
        chosen = ids or _asked(request, everything=dry_run or as_json)
        counts = count_about(site, request, chosen, school_year)
        if dry_run or not chosen:
            _tell_plan(site, request, counts, as_json=as_json)
            return
        if not reason:
            raise click.UsageError(_("Dites qui l’a demandé et quand : --reason"))
        if not yes:
            _tell_plan(site, request, counts, as_json=False)
            click.confirm(_("Effacer pour toujours ?"), abort=True)
        with Stopping() as is_stopping:
            counts = erase_about(
                site, request, chosen, reason=reason, up_to=school_year, is_stopping=is_stopping
            )
        keep_ledger(site)
    except RefusedError as error:
        said = _("« {data} » n’est pas une rubrique que l’on peut effacer.")
        raise click.ClickException(said.format_map(error.detail)) from None
    if as_json:
        print_json({"erased": dict(counts)})
        return
    click.echo(
        _(
            "C’est fait. Une sauvegarde plus ancienne les contient encore : remise par "
            "« teleservices restore », elle serait effacée de même."
        )
    )
    _tell_counts(request, counts)


def _asked(request: Request, *, everything: bool) -> tuple[str, ...]:
    question = _("Effacer « {title} » ({id}) ?")
    return tuple(
        each.id
        for each in request.erasable
        if everything or click.confirm(question.format(title=each.title(), id=each.id))
    )


def _tell_counts(request: Request, counts: Mapping[str, int]) -> None:
    for each in request.erasable:
        if number := counts.get(each.id, 0):
            click.echo(f"  {number:>7}  {each.title()} ({each.id})")
    if counts.get(FAILED):
        click.secho(_("  Une extension n’a pas pu compter ou effacer : voir l’état."), fg="red")
    elif not any(counts.values()):
        click.echo(_("  Rien à effacer."))


def _tell_plan(site: Site, request: Request, counts: Mapping[str, int], *, as_json: bool) -> None:
    known = figures(site.settings)
    if as_json:
        kept = {each.id: each.keep_for(known) for each in request.kept}
        print_json({"counts": dict(counts), "kept": kept})
        return
    click.echo(_("Seraient effacées :"))
    _tell_counts(request, counts)
    click.echo(_("Ne s’effacent pas ainsi :"))
    for each in request.kept:
        click.echo(f"  {each.title()} : {each.keep_for(known)}")


@data.command("export-left")
@click.argument("prefix", metavar="PRÉFIXE")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help=_("Dossier où écrire un fichier CSV par table."),
)
@click.pass_obj
def export_left(services: Opener, prefix: str, folder: Path) -> None:
    """Écrire en CSV les tables qu’une extension retirée a laissées.

    « teleservices doctor » donne le PRÉFIXE. Arrêtée, la commande reprend où elle en était.
    """
    from teleservices_core import leftovers

    def progress(table: str, rows: int) -> None:
        click.echo(f"  {rows:>9}  {table}.csv")

    try:
        with Stopping() as is_stopping:
            done = leftovers.export_left(
                services(), prefix, folder, progress=progress, is_stopping=is_stopping
            )
    except (NotFoundError, RefusedError) as error:
        raise click.ClickException(_refusal(prefix, error)) from None
    if done is None:
        click.echo(_("Arrêté avant la fin : relancez la commande pour continuer."))
        return
    click.echo(_("Tout est dans {folder}. Gardez ce dossier en lieu sûr.").format(folder=folder))


@data.command("drop-left")
@click.argument("prefix", metavar="PRÉFIXE")
@click.option("--without-export", is_flag=True, help=_("Même si rien n’a été exporté."))
@click.option("--yes", is_flag=True, help=_("Ne pas demander de confirmation."))
@dry_run
@click.pass_obj
def drop_left(
    services: Opener, prefix: str, without_export: bool, yes: bool, dry_run: bool
) -> None:
    """Supprimer pour toujours les tables qu’une extension retirée a laissées."""
    from teleservices_core import leftovers

    try:
        left = leftovers.leftover(services(), prefix)
        _tell_left(left)
        if dry_run:
            return
        if not without_export:
            left.require_export()
        if not yes:
            click.confirm(_("Supprimer ces tables pour toujours ?"), abort=True)
        leftovers.drop_left(services(), prefix, without_export=without_export)
    except (NotFoundError, RefusedError) as error:
        raise click.ClickException(_refusal(prefix, error)) from None
    click.echo(_("C’est fait."))


def _tell_left(left: Leftover) -> None:
    for name, rows in left.rows.items():
        click.echo(f"  {rows:>9}  {name}")
    exported = _("Exportées, avec le même nombre de lignes.")
    click.echo(exported if left.is_exported else _("Pas encore exportées telles quelles."))


def _refusal(prefix: str, error: NotFoundError | RefusedError) -> str:
    if isinstance(error, NotFoundError):
        return _("Aucune table d’une extension retirée ne commence par « {prefix} ».").format(
            prefix=prefix
        )
    said = {
        "installed": _("L’extension « {plugin} » est installée : désinstallez-la d’abord."),
        "not_exported": _(
            "Rien n’a été supprimé. Exportez d’abord : teleservices data export-left {prefix} "
            "--to DOSSIER ; ou, si c’est voulu : --without-export."
        ),
    }[error.code]
    return said.format_map(error.detail)
