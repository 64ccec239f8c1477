"""``teleservices data``: answer a written request for a copy of one's data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from teleservices_core.documents.personal_data import data_archive
from teleservices_core.i18n import _
from teleservices_core.usecases.personal_data import data_of

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener


@click.group()
def data() -> None:
    """Données personnelles : répondre à une demande écrite."""


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
    path.write_bytes(data_archive(site.settings, copy))
    click.echo(_("{path} écrit").format(path=path))
    for section in copy.sections:
        if section.values is None:
            click.echo(
                _("incomplet : « {title} » n’a pas pu être lu").format(title=section.data.title())
            )
