"""``teleservices backup`` and ``teleservices restore``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from attrs import asdict

from teleservices_core.commands.options import as_json, dry_run, print_json
from teleservices_core.errors import RefusedError, UnavailableError
from teleservices_core.i18n import _, show_timestamp
from teleservices_core.words.restoring import RESTORED_WORDS, show_to_do

if TYPE_CHECKING:
    from teleservices_core.app import Teleservices
    from teleservices_core.backups.archive import Manifest
    from teleservices_core.backups.restoring import Plan
    from teleservices_core.commands.options import Opener
    from teleservices_core.contributions import Message
    from teleservices_core.usecases.restoring import Restored

_REFUSALS: Final[Mapping[str, Message]] = {
    "not_migrated": lambda: _("La base n’a pas nos tables : lancez d’abord teleservices migrate."),
    "in_memory": lambda: _("Une base en mémoire ne se sauvegarde ni ne se remet en place."),
    "no_tool": lambda: _(
        "« {tool} » est introuvable. Installez les outils de PostgreSQL (paquet "
        "postgresql-client), ou donnez leur dossier : postgresql_tools dans les réglages."
    ),
    "old_tool": lambda: _(
        "{tool} est plus ancien que le serveur (PostgreSQL {server}). Installez les outils de "
        "cette version, ou donnez leur dossier : postgresql_tools dans les réglages."
    ),
    "tool_failed": lambda: _("{tool} a échoué : {said}"),
    "not_a_backup": lambda: _("{path} n’est pas une sauvegarde de « teleservices backup »."),
    "other_format": lambda: _("{path} vient d’un programme plus récent : mettez celui-ci à jour."),
    "other_key": lambda: _(
        "{path} n’a pas été faite avec la clé de ce site, ou a été modifiée. Si la clé a "
        "changé depuis, mettez l’ancienne dans former_secret_keys."
    ),
    "damaged": lambda: _("{path} est abîmée : prenez une autre sauvegarde."),
    "other_engine": lambda: _(
        "Cette sauvegarde est celle d’une base {engine}, que database_url n’est pas."
    ),
    "other_academie": lambda: _(
        "Cette sauvegarde est celle d’un autre site, de l’académie {academie}."
    ),
    "other_site": lambda: _(
        "Cette base est celle d’un autre site que la sauvegarde. Donnez dans database_url la "
        "base du site, ou une base vide."
    ),
    "newer": lambda: _(
        "Cette sauvegarde vient d’une version plus récente du programme ({revisions}) : "
        "installez cette version d’abord."
    ),
    "present_newer": lambda: _(
        "La base présente vient d’une version plus récente du programme : installez cette "
        "version, ou donnez une base vide."
    ),
    "unknown_plugin": lambda: _(
        "Cette sauvegarde contient les données d’extensions qui ne sont pas chargées "
        "({prefixes}) : installez-les, et retirez-les de disabled_plugins le temps de la remettre."
    ),
    "broken": lambda: _(
        "Le fichier de la base, {path}, est illisible : mettez-le de côté avec ses voisins "
        "« -wal » et « -shm », puis recommencez."
    ),
    "taken": lambda: _(
        "La base présente a déjà ces tables, d’un autre programme ou d’une version plus ancienne "
        "de celui-ci : {tables}. Lancez d’abord teleservices migrate, ou donnez une base vide."
    ),
    "depended": lambda: _(
        "D’autres tables de la base dépendent des nôtres, et seraient rompues : {said}"
    ),
    "not_owner": lambda: _(
        "Le rôle de database_url ne possède pas les tables ({said}) : donnez à --settings un "
        "fichier où il est celui qui lance migrate."
    ),
    "ledger": lambda: _(
        "Le registre {path} ne peut pas être lu ou écrit ({said}) : sans lui, ce qui a été effacé "
        "reviendrait. Corrigez ses droits d’accès, ou le réglage ledger."
    ),
}


def _refused(error: RefusedError) -> click.ClickException:
    said = _("{reason}\nRien n’a été changé.")
    return click.ClickException(
        said.format(reason=_REFUSALS[error.code]().format_map(error.detail))
    )


@click.command()
@click.argument("path", metavar="VERS", type=click.Path(path_type=Path))
@as_json
@click.pass_obj
def backup(services: Opener, path: Path, as_json: bool) -> None:
    """Sauvegarder tout le site dans un fichier, pendant qu’il sert.

    VERS est un fichier, ou un dossier où il portera la date. Il contient les données
    des familles : gardez-le chiffré, sur une autre machine.
    """
    from teleservices_core.backups.making import make_backup

    opened = services()
    if path.is_dir():
        path /= _dated(opened, "sauvegarde")
    if path.exists():
        raise click.ClickException(
            _("{path} existe déjà : donnez un autre nom, ou un dossier.").format(path=path)
        )
    try:
        manifest = make_backup(opened, path)
    except RefusedError as error:
        raise _refused(error) from None
    except OSError as error:
        said = _("{path} ne peut pas être écrit : {said}.")
        raise click.ClickException(said.format(path=path, said=error.strerror)) from error
    if as_json:
        print_json({"path": str(path), **manifest.to_json()})
        return
    click.echo(_("{path} écrit").format(path=path))
    _tell(opened, manifest)


def _dated(services: Teleservices, stem: str) -> str:
    local = services.site.now().astimezone(services.settings.academie.zone)
    return f"{stem}-{services.settings.academie.code}-{local:%Y%m%d-%H%M%S}.zip"


def _tell(services: Teleservices, manifest: Manifest) -> None:
    said = _("  {accounts} comptes, {rows} lignes, {size:.1f} Mo ; le {when} ; {revisions}")
    click.echo(
        said.format(
            accounts=manifest.rows.get("core_accounts", 0),
            rows=sum(manifest.rows.values()),
            size=manifest.size / 1e6,
            when=show_timestamp(manifest.taken_at, services.settings.academie.zone),
            revisions=", ".join(manifest.revisions.values()),
        )
    )


@click.command()
@click.argument(
    "path", metavar="FICHIER", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--check", is_flag=True, help=_("Vérifier la sauvegarde, sans regarder la base."))
@dry_run
@click.option("--yes", is_flag=True, help=_("Ne pas demander de confirmation."))
@click.option(
    "--without-copy", is_flag=True, help=_("Ne pas sauvegarder d’abord ce qui est remplacé.")
)
@as_json
@click.pass_obj
def restore(
    services: Opener,
    path: Path,
    check: bool,
    dry_run: bool,
    yes: bool,
    without_copy: bool,
    as_json: bool,
) -> None:
    """Remettre une sauvegarde en place, en entier ou pas du tout.

    Toutes les connexions, tous les liens et toutes les notifications non utilisées
    s’éteignent ; ce qui a été effacé depuis la sauvegarde l’est de nouveau. « teleservices
    doctor » dit ensuite ce qui a été fait, et ce qui reste à faire.
    """
    from teleservices_core.backups.restoring import check_backup, plan_restore
    from teleservices_core.backups.restoring import restore as bring_back

    opened = services()
    try:
        manifest = check_backup(opened, path)
        if check:
            _tell_checked(opened, path, manifest, as_json=as_json)
            return
        plan = plan_restore(opened, manifest)
        if not as_json:
            _tell_plan(opened, plan)
        if dry_run:
            if as_json:
                print_json({**manifest.to_json(), "is_complete": plan.is_complete})
            return
        if not yes:
            click.confirm(_("Remettre cette sauvegarde en place ?"), abort=True)
        copy = path.absolute().with_name(_dated(opened, "avant-restauration"))
        _manifest, done = bring_back(opened, path, copy_to=None if without_copy else copy)
    except RefusedError as error:
        raise _refused(error) from None
    except UnavailableError as away:
        said = _(
            "La base n’a pas pu être remplacée ({reason}). Si d’autres s’en servent, arrêtez le "
            "site, puis recommencez.\nRien n’a été changé."
        )
        raise click.ClickException(said.format(reason=away.reason)) from away
    except OSError as error:
        said = _("{path} ne peut pas être lu ou écrit : {said}.\nRien n’a été changé.")
        where = error.filename or path
        raise click.ClickException(said.format(path=where, said=error.strerror)) from error
    if as_json:
        print_json(asdict(done))
        return
    _tell_done(done, copy)


def _tell_done(done: Restored, copy: Path) -> None:
    click.secho(_("C’est fait. Époque {epoch} du site.").format(epoch=done.epoch), bold=True)
    for name, words in RESTORED_WORDS.items():
        if number := done.counts.get(name):
            click.echo(f"  {number:>7}  {words()}")
    if copy.exists():
        said = _("Ce qui a été remplacé est dans {path} : effacez-le dès que possible.")
        click.echo(said.format(path=copy))
    click.echo(show_to_do(asdict(done)))


def _tell_checked(services: Teleservices, path: Path, manifest: Manifest, *, as_json: bool) -> None:
    if as_json:
        print_json(manifest.to_json())
        return
    click.echo(_("{path} est entière, et peut être remise en place.").format(path=path))
    _tell(services, manifest)


def _tell_plan(services: Teleservices, plan: Plan) -> None:
    _tell(services, plan.manifest)
    if plan.is_complete:
        said = _(
            "La base présente est lisible ({n} comptes) : ce qui y a été effacé ou changé "
            "depuis la sauvegarde est connu."
        )
        click.echo(said.format(n=plan.present.accounts))
    else:
        click.secho(
            _(
                "La base présente est vide, abîmée, modifiée ou plus ancienne que le registre : "
                "quels mots de passe ont changé depuis n’est pas su. Par prudence, qui a une "
                "adresse électronique devra passer par « Mot de passe oublié »."
            ),
            fg="yellow",
        )
