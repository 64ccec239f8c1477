"""``teleservices worker`` sends mails; ``teleservices mail`` learns which came back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

import click
from attrs import asdict

from teleservices_core.backups.ledger import keep_ledger
from teleservices_core.commands.patience import keep_at_it
from teleservices_core.commands.stopping import Stopping
from teleservices_core.exchange.bounces import BounceFile, read_folder
from teleservices_core.i18n import _
from teleservices_core.usecases.mailing import Delivered, deliver, note_bounce
from teleservices_core.usecases.sealing import seal_journal
from teleservices_core.usecases.working import tend, work_once

if TYPE_CHECKING:
    from teleservices_core.app import Teleservices
    from teleservices_core.commands.options import Opener
    from teleservices_core.usecases.site import Site


_SEAL_EVERY: Final = 600.0
"""Seconds: how long what was written to the journal is under its triggers only."""


@click.command()
@click.option("--once", is_flag=True, help=_("Envoyer ce qui est dû, puis s’arrêter."))
@click.option("--every", default=5.0, show_default=True, help=_("Secondes entre deux passages."))
@click.pass_obj
def worker(services: Opener, once: bool, every: float) -> None:
    """Envoyer les messages en attente, faire les travaux demandés, sceller le journal.

    Plusieurs peuvent tourner côte à côte. Un signal d’arrêt laisse finir le message et
    l’étape en cours ; le reste attend. Si la base ne répond plus, le programme attend
    qu’elle revienne.
    """
    opened = services()
    sealed_at = 0.0

    def pass_once() -> None:
        nonlocal sealed_at
        done = _send_all(opened, is_stopping)
        if monotonic() - sealed_at >= _SEAL_EVERY:
            seal_journal(opened.site, is_stopping)
            keep_ledger(opened.site)
            sealed_at = monotonic()
        if once or done.handled > done.resolved:
            said = _(
                "{sent} envoyés, {retried} à réessayer, {failed} abandonnés, "
                "{dropped} au lien périmé"
            )
            click.echo(said.format_map(asdict(done)))

    def work() -> None:
        tend(opened.site)
        while not is_stopping() and work_once(opened.site, is_stopping) is not None:
            pass

    with Stopping() as is_stopping:
        if once:
            pass_once()
            work()
            return
        # Beside the mails, which do not wait for a long work.
        working = Thread(target=keep_at_it, args=(work, is_stopping), kwargs={"every": every})
        working.start()
        keep_at_it(pass_once, is_stopping, every=every)
        working.join()


def _send_all(services: Teleservices, is_stopping: Stopping) -> Delivered:
    total = Delivered()
    while (done := deliver(services.site, services.mailer, is_stopping=is_stopping)).handled:
        total += done
    return total


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
