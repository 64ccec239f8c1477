"""``teleservices notes``: import a school's marks, choose how they are published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from teleservices_core.commands.options import dry_run, establishment
from teleservices_core.commands.stopping import Stopping
from teleservices_core.i18n import _, ngettext, show_timestamp
from teleservices_notes.commands.publication import publication
from teleservices_notes.exchange import read_marks, read_services
from teleservices_notes.store import ClassMarks
from teleservices_notes.teaching_words import IMPORT_STATES
from teleservices_notes.usecases import ImportReport, import_marks
from teleservices_notes.usecases.entering import KEPT_FOR
from teleservices_notes.usecases.runs import MOST_FAULTS, ClassesMet
from teleservices_notes.usecases.teaching import import_services
from teleservices_notes.usecases.uploads import UPLOAD_LIFE, strange_classes

if TYPE_CHECKING:
    from uuid import UUID

    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.values import Uai
    from teleservices_notes.usecases import Fault


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
    enregistrées, par lots. Le même fichier peut être repris sans risque, aussi
    après un arrêt (Ctrl-C) : ce qui est enregistré le reste.
    """
    site = services().site
    with Stopping() as stopping, _bar(file) as bar:
        lines = read_marks(
            file, uai, site.school_year(), site.academie, site.now(), progress=bar.update
        )
        met = ClassesMet()
        report = import_marks(
            site,
            None,
            uai,
            met.passing(lines),
            ClassMarks,
            dry_run=dry_run,
            file_name=file.name,
            stopping=stopping,
        )
    _quote(file, report.faults)
    if (more := report.left_out - len(report.faults)) > 0:
        said = ngettext("… et {n} autre ligne.", "… et {n} autres lignes.", more)
        click.echo(said.format(n=more), err=True)
    for line in _summary(report):
        click.echo(line)
    with site.database.reading() as tx:
        strange = strange_classes(site, tx, uai, met)
    if strange:
        said = _("Classes où personne n’est inscrit (groupes, ou fautes de frappe ?) : {names}")
        click.echo(said.format(names=", ".join(strange)))
    if report.is_stopped:
        click.echo(_("Arrêté avant la fin. La même commande reprend là où elle en est."))
    if dry_run:
        click.echo(_("Simulation : rien n’a été écrit."))


def _bar(file: Path) -> Any:
    return click.progressbar(length=file.stat().st_size, label=_("Notes"))


def _quote(file: Path, faults: list[Fault]) -> None:
    for fault in faults:
        said = _("{file}, ligne {line} : {reason}")
        click.echo(said.format(file=file.name, line=fault.line, reason=fault.reason), err=True)


@notes.command("services")
@click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@establishment
@dry_run
@click.pass_obj
def services_(services: Opener, file: Path | None, uai: Uai, dry_run: bool) -> None:
    """Dire qui enseigne quoi, ou l’enregistrer depuis un fichier CSV.

    Le fichier dit tout : un service qui n’y est plus est retiré, sauf si une
    ligne est fautive. Ses enseignants saisissent alors les notes de leurs classes.
    """
    site = services().site
    if file is None:
        with site.database.reading() as tx:
            found = ClassMarks(tx.connection).services(uai, site.school_year())
        for each in found:
            course = each.course
            known = "" if each.staff_id else _(" (sans compte)")
            click.echo(f"{course.class_group};{course.subject.label};{each.teacher}{known}")
        return
    report = import_services(site, None, uai, read_services(file), ClassMarks, dry_run=dry_run)
    _quote(file, report.faults)
    click.echo(
        _(
            "Services nouveaux : {added}, modifiés : {changed}, retirés : {removed}, "
            "inchangés : {unchanged} ; sans compte : {alone}."
        ).format(
            added=report.added,
            changed=report.changed,
            removed=report.removed,
            unchanged=report.unchanged,
            alone=report.without_account,
        )
    )
    if dry_run:
        click.echo(_("Simulation : rien n’a été écrit."))


@notes.command("imports")
@establishment
@click.option("--faults", "import_id", type=click.UUID, help=_("Citer les lignes d’un import."))
@click.pass_obj
def imports_(services: Opener, uai: Uai, import_id: UUID | None) -> None:
    """Lister les derniers imports, ou les lignes que l’un d’eux a laissées de côté."""
    site = services().site
    with site.database.reading() as tx:
        store = ClassMarks(tx.connection)
        runs = store.imports(uai)
        faults = store.faults(import_id, MOST_FAULTS) if import_id else []
    if import_id is not None:
        for fault in faults if import_id in {run.id for run in runs} else ():
            click.echo(_("ligne {line} : {reason}").format(line=fault.line, reason=fault.reason))
        return
    for run in runs:
        when = show_timestamp(run.started_at, site.academie.zone)
        left = run.counts.get("faults", 0)
        said = _("{id}  {when}  {state}  {file}  ({n} lignes laissées de côté)")
        state = IMPORT_STATES[run.state]()
        click.echo(said.format(id=run.id, when=when, state=state, file=run.file_name, n=left))


@notes.command("purge")
@click.pass_obj
def purge(services: Opener) -> None:
    """Effacer les fichiers et les saisies qui attendent depuis plus d’un jour."""
    site = services().site
    with site.database.writing() as tx:
        store = ClassMarks(tx.connection)
        gone = store.forget_waiting(site.now() - UPLOAD_LIFE)
        store.forget_typed_before(site.now() - KEPT_FOR)
    click.echo(ngettext("{n} fichier effacé.", "{n} fichiers effacés.", gone).format(n=gone))


def _summary(report: ImportReport) -> list[str]:
    said = [
        _("Évaluations nouvelles : {added}, modifiées : {changed}.").format(
            added=report.assessments_added, changed=report.assessments_changed
        ),
        _("Notes nouvelles : {added}, modifiées : {changed}, inchangées : {unchanged}.").format(
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
    if number := report.left_out:
        text = ngettext("{n} ligne laissée de côté.", "{n} lignes laissées de côté.", number)
        said.append(text.format(n=number))
    return said


notes.add_command(publication)
