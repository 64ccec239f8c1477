"""``teleservices establishments`` and ``teleservices staff``: CSV files of the académie."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from teleservices_core.i18n import _
from teleservices_core.usecases.directory import import_establishments, import_staff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.establishments import Establishment

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def establishments() -> None:
    """Établissements de l’académie."""


@establishments.command("import")
@_FILE
@click.pass_obj
def import_(services: Opener, file: Path) -> None:
    """Créer ou mettre à jour les établissements d’un fichier CSV (tout ou rien).

    La colonne « adhere » compte tant que personne n’a choisi dans la console de
    l’académie ; ensuite, c’est ce choix qui vaut.
    """
    done = import_establishments(services().site, file)
    click.echo(_("{n} établissements enregistrés.").format(n=done.number))
    _list(_("Adhèrent désormais :"), done.joined)
    _list(_("N’adhèrent plus :"), done.left)
    kept = _(
        "Gardent l’adhésion choisie dans la console de l’académie, que le fichier ne change pas :"
    )
    _list(kept, done.kept)


def _list(title: str, found: Sequence[Establishment]) -> None:
    if found:
        click.echo(title)
    for each in found:
        click.echo(f"  {each.uai}  {each.name}")


@establishments.command("list")
@click.pass_obj
def list_(services: Opener) -> None:
    """Lister les établissements."""
    with services().site.database.reading() as tx:
        for each in tx.roster.establishments():
            joined = "" if each.takes_part else _("  (n’adhère pas)")
            click.echo(f"{each.uai}  {each.name}, {each.town}{joined}")


@click.group()
def staff() -> None:
    """Personnels : chefs d’établissement, secrétariats, rectorat."""


@staff.command("import")
@_FILE
@click.pass_obj
def import_staff_(services: Opener, file: Path) -> None:
    """Créer ou mettre à jour les personnels d’un fichier CSV, avec leur compte (tout ou rien).

    Leurs identifiants s’impriment ensuite avec « teleservices letters --staff ».
    """
    number = import_staff(services().site, file)
    click.echo(_("{n} personnels enregistrés.").format(n=number))
