"""``teleservices worker``: sends mails, does the works asked for, seals the journal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Final

import click
from attrs import asdict

from teleservices_core.backups.ledger import keep_ledger
from teleservices_core.commands.patience import keep_at_it
from teleservices_core.commands.stopping import Stopping
from teleservices_core.i18n import _
from teleservices_core.usecases.mailing import Delivered, deliver
from teleservices_core.usecases.sealing import seal_journal
from teleservices_core.usecases.working import tend, work_once

if TYPE_CHECKING:
    from teleservices_core.app import Teleservices
    from teleservices_core.commands.options import Opener

_SEAL_EVERY: Final = 600.0
"""Seconds: how long what was written to the journal is under its triggers only."""


@click.command()
@click.option("--once", is_flag=True, help=_("Faire ce qui est dû, puis s’arrêter."))
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
            tend(opened.site)

    with Stopping() as is_stopping:
        if once:
            pass_once()
            work()
            return
        # Beside the mails, which do not wait for a long work.
        working = _Half(partial(keep_at_it, work, is_stopping, every=every), is_stopping)
        working.start()
        try:
            keep_at_it(pass_once, is_stopping, every=every)
        finally:
            is_stopping.ask()
            working.join()
        if working.error is not None:
            raise working.error


class _Half(Thread):
    """Half of the worker, beside the other. A fault of it ends both, for the supervisor to see."""

    def __init__(self, work: Callable[[], None], is_stopping: Stopping) -> None:
        super().__init__()
        self._work, self._is_stopping = work, is_stopping
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - raised again by the other
            self.error = error
        finally:
            self._is_stopping.ask()


def _send_all(services: Teleservices, is_stopping: Stopping) -> Delivered:
    total = Delivered()
    while (done := deliver(services.site, services.mailer, is_stopping=is_stopping)).handled:
        total += done
    return total
