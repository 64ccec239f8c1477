"""``teleservices notes digest``: write to families of what has appeared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from attrs import asdict

from teleservices_core.commands.options import dry_run
from teleservices_core.commands.stopping import Stopping
from teleservices_core.i18n import _
from teleservices_notes.rules import DAY_ENDS, DAY_STARTS
from teleservices_notes.store import DigestMarks
from teleservices_notes.usecases.digests import run_digests

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_notes.usecases.digests import DigestReport


@click.command()
@dry_run
@click.option("--json", "as_json", is_flag=True, help=_("Réponse en JSON."))
@click.pass_obj
def digest(services: Opener, dry_run: bool, as_json: bool) -> None:
    """Annoncer aux familles les notes publiées depuis le dernier message de chacune.

    À lancer toutes les heures. Peut être relancé ou arrêté à tout moment, et
    tourner deux fois côte à côte : une note n’est annoncée qu’une fois à chacun.
    Rien ne part entre 21 h et 7 h.
    """
    site = services().site

    def progress(done: int, total: int) -> None:
        if not as_json:
            click.echo(f"\r{done}/{total}", nl=done == total, err=True)

    with Stopping() as is_stopping:
        report = run_digests(
            site, DigestMarks, dry_run=dry_run, progress=progress, is_stopping=is_stopping
        )
    if as_json:
        click.echo(json.dumps({**asdict(report), "dry_run": dry_run}, indent=2))
        return
    for line in _said(report, dry_run=dry_run):
        click.echo(line)


def _said(report: DigestReport, *, dry_run: bool) -> list[str]:
    if report.is_held:
        said = _("Rien n’est envoyé de {ends} h à {starts} h.")
        return [said.format(ends=DAY_ENDS.hour, starts=DAY_STARTS.hour)]
    counts = _("Comptes à regarder : {due}, regardés : {looked_at}.")
    mails = _("Messages : {mails}, qui annoncent {marks} notes.")
    lines = [each.format_map(asdict(report)) for each in (counts, mails)]
    if dry_run:
        lines.append(_("Simulation : rien n’a été écrit."))
    if not report.is_finished:
        lines.append(_("Arrêté avant la fin : relancez la commande pour continuer."))
    return lines
