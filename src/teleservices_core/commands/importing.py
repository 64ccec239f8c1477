"""``teleservices import``: bring in what other systems know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from teleservices_core.commands.options import dry_run, establishment
from teleservices_core.commands.stopping import BeforeOrAfter
from teleservices_core.commands.undoing import list_imports, undo
from teleservices_core.errors import (
    ConflictError,
    ImportRefusedError,
    NotFoundError,
    RefusedError,
)
from teleservices_core.i18n import _, ngettext
from teleservices_core.importing import ImportReport, Stage, import_siecle
from teleservices_core.words.importing import (
    describe_blocked,
    describe_difference,
    sort_titles,
)

if TYPE_CHECKING:
    from teleservices_core.commands.options import Opener
    from teleservices_core.domain.records import Issue
    from teleservices_core.domain.values import Uai

_ALERTS_SHOWN: Final = 20


@click.group("import")
def import_group() -> None:
    """Importer les données d’un établissement."""


@import_group.command()
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR|FILES…",
)
@establishment
@dry_run
@click.option("--details", is_flag=True, help=_("Montrer toutes les différences et remarques."))
@click.option(
    "--allow-departures",
    is_flag=True,
    help=_("Accepter que plus d’un dixième des élèves ou des liens disparaissent."),
)
@click.pass_obj
def siecle(
    services: Opener,
    paths: tuple[Path, ...],
    uai: Uai,
    dry_run: bool,
    details: bool,
    allow_departures: bool,
) -> None:
    """Importer les exports XML de SIECLE : dossier, fichiers .xml ou .zip.

    Tout est comparé avant d’être écrit, et écrit en une fois : les personnes
    connectées n’attendent pas, et un arrêt (Ctrl-C) avant l’écriture ne laisse
    rien. Les enregistrements douteux sont écartés et listés ; le reste entre.
    """
    site = services().site
    with _Telling() as progress:
        try:
            report = import_siecle(
                site,
                uai,
                paths,
                dry_run=dry_run,
                allow_departures=allow_departures,
                keep=None if details else 20,
                progress=progress,
            )
        except ImportRefusedError as error:
            raise click.ClickException(_refused_file(error)) from None
        except NotFoundError:
            reason = _(
                "établissement {uai} inconnu : « teleservices establishments import » d’abord"
            )
            raise click.ClickException(reason.format(uai=uai)) from None
        except RefusedError as error:
            raise click.ClickException(_refusal(error)) from None
        except ConflictError:
            reason = _(
                "les données n’ont cessé de changer pendant la comparaison : rien n’a été "
                "écrit ; relancez l’importation"
            )
            raise click.ClickException(reason) from None
    show(report, details=details)
    progress.stopping.tell()


class _Telling:
    """A progress bar for each stage, whose length is known once it begins."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._stage: Stage | None = None
        self._done = 0
        self.stopping = BeforeOrAfter()

    def __enter__(self) -> _Telling:
        self.stopping.__enter__()
        return self

    def __call__(self, stage: Stage, done: int, total: int) -> None:
        """See :data:`~teleservices_core.usecases.importing.Progress`."""
        self.stopping.goes_on(writes=stage is Stage.WRITING)
        if stage is not self._stage or done < self._done:
            self._begin(stage, total)
        if self._bar is not None:
            self._bar.update(done - self._done)
        self._done = done

    def _begin(self, stage: Stage, total: int) -> None:
        self._end()
        self._stage, self._done = stage, 0
        if stage is Stage.WRITING:
            click.echo(_("Écriture"))
            return
        label = _("Lecture") if stage is Stage.READING else _("Comparaison")
        self._bar = click.progressbar(length=total, label=label, update_min_steps=total // 100)
        self._bar.__enter__()

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()
        self._bar = None

    def __exit__(self, *error: Any) -> None:
        self._end()
        self.stopping.__exit__(*error)


def _refused_file(error: ImportRefusedError) -> str:
    where = error.file
    if error.line is not None:
        where = _("{file}, ligne {line}").format(file=error.file, line=error.line)
    return _("fichier refusé : {where} : {reason}").format(where=where, reason=error.reason)


def _refusal(error: RefusedError) -> str:
    number, of = int(str(error.detail["number"])), int(str(error.detail["of"]))
    said = describe_blocked(error.code, number, of)
    return _("{reason}\nRien n’a été écrit. Si c’est voulu : --allow-departures.").format(
        reason=said
    )


def show(report: ImportReport, *, details: bool) -> None:
    """Print a report: counts, differences, records set aside, remarks."""
    heading = _("Simulation, rien n’a été écrit") if report.is_dry_run else _("Import")
    click.secho(f"{heading} : {report.uai}, {report.school_year}", bold=True)
    for file in report.files:
        exported = file.exported_on.strftime("%d/%m/%Y") if file.exported_on else "?"
        click.echo(
            _("  {name} ({kind}, export du {day})").format(
                name=file.name, kind=file.kind, day=exported
            )
        )
    _show_counts(report.counts)
    if report.changes_nothing:
        click.echo(_("Rien à changer."))
    if report.is_dry_run or details:
        _show_differences(report)
    _show_issues(_("Enregistrements écartés"), report.rejected, report.counts.get("rejected", 0))
    shown = report.alerts if details else report.alerts[:_ALERTS_SHOWN]
    _show_issues(_("À vérifier"), shown, report.counts.get("alerts", 0))
    if report.waiting:
        said = ngettext(
            "{n} rapprochement attend une réponse dans la console de l’établissement "
            "(« Rapprochements à vérifier »).",
            "{n} rapprochements attendent une réponse dans la console de l’établissement "
            "(« Rapprochements à vérifier »).",
            report.waiting,
        )
        click.secho(said.format(n=report.waiting), fg="yellow")
    for blocked in report.blocked:
        click.secho(describe_blocked(blocked.code, blocked.number, blocked.of), fg="red")
        if report.is_dry_run:
            click.echo(_("L’import sera refusé sans --allow-departures."))


def _show_counts(counts: Mapping[str, int]) -> None:
    for name, title in sort_titles().items():
        if number := counts.get(name, 0):
            click.echo(f"  {number:>7}  {title}")


def _show_differences(report: ImportReport) -> None:
    for name, title in sort_titles().items():
        shown = [d for d in report.differences if f"{d.subject}.{d.change}" == name]
        if not shown:
            continue
        click.secho(f"\n{title} ({report.counts[name]})", bold=True)
        for difference in shown:
            click.echo(f"  {describe_difference(difference)}")
        if rest := report.counts[name] - len(shown):
            click.echo(
                ngettext(
                    "  … et {n} autre (--details)", "  … et {n} autres (--details)", rest
                ).format(n=rest)
            )


def _show_issues(title: str, issues: tuple[Issue, ...], number: int) -> None:
    if not number:
        return
    click.secho(f"\n{title} ({number})", bold=True)
    for issue in issues:
        where = f"{issue.file}:{issue.line}" if issue.line else issue.file
        what = " ".join(filter(None, (issue.element, issue.key)))
        click.echo("  " + " ".join(filter(None, (where, what, "–", issue.reason))))
    if rest := number - len(issues):
        click.echo(ngettext("  … et {n} autre", "  … et {n} autres", rest).format(n=rest))


import_group.add_command(list_imports)
import_group.add_command(undo)
