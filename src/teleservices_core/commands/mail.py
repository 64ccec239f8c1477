"""``teleservices mail``: learn which of the mails that were sent came back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from teleservices_core.exchange.bounces import BounceFile, read_folder
from teleservices_core.i18n import _
from teleservices_core.usecases.mailing import note_bounce

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site


@click.group()
def mail() -> None:
    """Suites des messages envoyés."""


@mail.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def bounces(services: Opener, folder: Path) -> None:
    """Noter les messages revenus : rapports de non-remise d’un dossier .eml ou Maildir.

    Le dossier n’est que lu ; le relire ne change rien.
    """
    site = services().site
    found = Counter(_note(site, each) for each in read_folder(folder))
    said = _("{noted} retours notés, {known} déjà connus ou étrangers, {other} autres messages")
    click.echo(said.format(noted=found["noted"], known=found["known"], other=found["other"]))
    if found["unreadable"]:
        click.echo(_("{n} fichiers illisibles").format(n=found["unreadable"]))


def _note(site: Site, file: BounceFile) -> str:
    if file.bounce is None:
        return "other" if file.is_readable else "unreadable"
    return "noted" if note_bounce(site, file.bounce.message_ids, file.bounce.reason) else "known"
