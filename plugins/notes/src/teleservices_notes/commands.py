"""``teleservices notes``: import a school's marks, choose how they are published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import evolve

from teleservices_core.commands.options import dry_run, establishment
from teleservices_core.i18n import _, ngettext
from teleservices_notes.exchange import read_marks
from teleservices_notes.model import Publication, PublicationMode
from teleservices_notes.store import MarkStore
from teleservices_notes.usecases import ImportReport, import_marks, publication_plan, set_plan
from teleservices_notes.words import MODE_NAMES, MODE_WORDS

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.values import Uai


@click.group()
def notes() -> None:
    """Notes : import et publication."""


@notes.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@establishment
@dry_run
@click.pass_obj
def import_(services: Opener, file: Path, uai: Uai, dry_run: bool) -> None:
    """Enregistrer les notes d’un fichier CSV, pour l’année en cours.

    Les lignes fautives sont laissées de côté et citées ; les autres sont
    enregistrées. Le même fichier peut être repris sans risque.
    """
    site = services().site
    with click.progressbar(length=file.stat().st_size, label=_("Notes")) as bar:
        lines = read_marks(file, uai, site.school_year(), site.academie, progress=bar.update)
        report = import_marks(site, None, uai, lines, MarkStore, dry_run=dry_run)
    for fault in report.faults:
        said = _("{file}, ligne {line} : {reason}")
        click.echo(said.format(file=file.name, line=fault.line, reason=fault.reason), err=True)
    for line in _summary(report):
        click.echo(line)
    if dry_run:
        click.echo(_("Simulation : rien n’a été écrit."))


def _summary(report: ImportReport) -> list[str]:
    said = [
        _("Évaluations : {added} nouvelles, {changed} modifiées.").format(
            added=report.assessments_added, changed=report.assessments_changed
        ),
        _("Notes : {added} nouvelles, {changed} modifiées, {unchanged} inchangées.").format(
            added=report.marks_added,
            changed=report.marks_changed,
            unchanged=report.marks_unchanged,
        ),
    ]
    if number := report.marks_outdated:
        text = ngettext(
            "{n} note gardée : une saisie plus récente est déjà enregistrée.",
            "{n} notes gardées : une saisie plus récente est déjà enregistrée.",
            number,
        )
        said.append(text.format(n=number))
    if number := len(report.faults):
        text = ngettext("{n} ligne laissée de côté.", "{n} lignes laissées de côté.", number)
        said.append(text.format(n=number))
    return said


@notes.group()
def publication() -> None:
    """Dire ou choisir quand les familles voient les notes de l’année en cours."""


@publication.command()
@establishment
@click.pass_obj
def show(services: Opener, uai: Uai) -> None:
    """La publication choisie par un établissement."""
    recorded = publication_plan(services().site, uai, MarkStore)
    click.echo(_said(uai, recorded.plan.default))


@publication.command("set")
@click.argument("mode", type=click.Choice([each.value for each in PublicationMode]))
@click.option("--days", default=0, help="Jours après la période, pour after_period.")
@establishment
@click.pass_obj
def set_(services: Opener, mode: str, days: int, uai: Uai) -> None:
    """Choisir la publication d’un établissement.

    immediate : dès la saisie.
    rolling : au fil de l’eau, le lendemain de la saisie.
    scheduled : à échéance, à la date de publication de chaque évaluation.
    after_period : après chaque trimestre ou semestre.
    """
    site = services().site
    chosen = Publication(PublicationMode(mode), days)
    recorded = publication_plan(site, uai, MarkStore)
    set_plan(site, None, uai, evolve(recorded.plan, default=chosen), recorded.version, MarkStore)
    click.echo(_said(uai, chosen))


def _said(uai: Uai, publication: Publication) -> str:
    return _("{uai} : publication {name}. {words}").format(
        uai=uai, name=MODE_NAMES[publication.mode](), words=MODE_WORDS[publication.mode]()
    )
