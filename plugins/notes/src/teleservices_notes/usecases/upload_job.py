"""A large file of marks: tried by the worker, then, once confirmed, recorded by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from attrs import evolve

from teleservices_core.contributions import JobKind, Worked
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.jobs import Job, JobState
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _, ngettext
from teleservices_core.ports import Transaction
from teleservices_core.usecases.jobs import ask_job
from teleservices_core.usecases.rights import require_module
from teleservices_core.usecases.site import Site
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.importing import BATCH, import_marks
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.runs import ClassesMet, ImportReport, ImportRun, ImportState
from teleservices_notes.usecases.uploads import Reads, kept_content, strange_classes, tried

NAME: Final = "notes.import"
TRYING: Final = "notes.try"
AT_ONCE: Final = BATCH
"""Lines that are recorded while a page is waited for: one transaction."""


def ask_import(site: Site, viewer: Viewer, run: ImportRun) -> Job:
    """Have a file that was confirmed recorded; asked twice, it is one job.

    Raises :exc:`NotAllowedError`, :exc:`ConflictError` where somebody else has asked for it.
    """
    return _ask(site, viewer, NAME, run)


def ask_try(site: Site, viewer: Viewer, run: ImportRun) -> Job:
    """Have a file that was kept tried. Raises :exc:`NotAllowedError`."""
    return _ask(site, viewer, TRYING, run)


def _ask(site: Site, viewer: Viewer, name: str, run: ImportRun) -> Job:
    about = str(run.id)
    input_ = {"import": about}
    return ask_job(site, viewer, name, run.uai, id_=site.new_id(), about=about, input_=input_)


def try_job(opens: OpensClasses, reads: Callable[[Site], Reads]) -> JobKind:
    """The kind of job that tries: one step, which reads the whole and writes what it would do."""

    def run(work: Worked) -> Mapping[str, Any]:
        site, uai, import_id = work.site, work.job.uai, UUID(work.job.input["import"])
        with site.database.reading() as tx:
            store = opens(tx.connection)
            found, content = store.import_run(import_id), kept_content(store, import_id)
        if found is None or content is None:
            raise _gone(found)
        met = ClassesMet()
        try:
            with reads(site)(content, uai, found.started_at) as lines:
                report = import_marks(
                    site,
                    work.viewer,
                    uai,
                    met.passing(lines),
                    opens,
                    dry_run=True,
                    stopping=work.is_stopping,
                )
        except ImportRefusedError:
            with work.writing() as tx:
                opens(tx.connection).forget_import(import_id)
            raise
        if not report.is_stopped:
            with work.writing() as tx:
                strange = strange_classes(site, tx, uai, met)
                found = evolve(tried(found, report), strange_classes=strange)
                opens(tx.connection).record_import(found, report.faults)
                work.advance(tx, 1, 1)
        return {"lines": report.lines}

    return JobKind(
        TRYING, lambda: _("Essai d’un fichier de notes"), run, _require, _tell_lines, _page
    )


def _gone(run: ImportRun | None) -> ImportRefusedError:
    name = run.file_name if run else ""
    return ImportRefusedError(name, _("il n’est plus gardé ; donnez-le à nouveau"))


def import_job(opens: OpensClasses, reads: Callable[[Site], Reads]) -> JobKind:
    """The kind of job."""

    def run(work: Worked) -> Mapping[str, Any]:
        site, uai, import_id = work.site, work.job.uai, UUID(work.job.input["import"])
        with work.writing() as tx:
            store = opens(tx.connection)
            found, content = store.import_run(import_id), kept_content(store, import_id)
            if found is None or content is None:
                if found is not None and found.state is ImportState.DONE:
                    return {"marks": work.job.memo.get("marks", 0)}
                raise _gone(found)
            begun = evolve(found, state=ImportState.RUNNING, last_at=site.now())
            store.change_import(begun, found.state)
            store.forget_faults(import_id)
        with reads(site)(content, uai, found.started_at) as lines:
            report = import_marks(
                site,
                work.viewer,
                uai,
                lines,
                opens,
                file_name=found.file_name,
                import_id=import_id,
                stopping=work.is_stopping,
                writing=_steps(work, found.counts.get("lines", 0)),
            )
        if not report.is_stopped:
            # Else it is left to the next worker, or to who takes the work up again within a day.
            with work.writing() as tx:
                opens(tx.connection).forget_upload(import_id)
        return {"marks": work.job.memo.get("marks", 0)}

    return JobKind(NAME, lambda: _("Import de notes"), run, _require, _tell, _page)


def _steps(work: Worked, lines: int) -> Callable[[ImportReport], Any]:
    """Transactions of the import, each of which is a step of the job.

    Who goes on after a stop reads the file from its beginning, and finds unchanged what was
    recorded before: neither the progress nor the number of marks goes back.
    """
    # The lines of a run that was begun are those read so far.
    total, before = work.job.total or -(-lines // BATCH), work.job.memo.get("marks", 0)
    done = 0

    @contextmanager
    def step(report: ImportReport) -> Iterator[Transaction]:
        nonlocal done
        with work.writing() as tx:
            yield tx
            done = min(total, done + 1)
            marks = before + report.marks_added + report.marks_changed
            work.advance(tx, max(done, work.job.done), total, {"marks": marks})

    return step


def _require(site: Site, tx: Transaction, account: Account, uai: Uai) -> None:
    require_module(site, tx, account, uai, MODULE_ID)


def _tell(said: Mapping[str, Any]) -> str:
    number = said.get("marks", 0)
    text = ngettext(
        "{n} note enregistrée ou corrigée.", "{n} notes enregistrées ou corrigées.", number
    )
    return text.format(n=number)


def _tell_lines(said: Mapping[str, Any]) -> str:
    number = said.get("lines", 0)
    text = ngettext(
        "{n} ligne lue. Rien n’est enregistré : lisez ce que ferait le fichier, puis confirmez.",
        "{n} lignes lues. Rien n’est enregistré : lisez ce que ferait le fichier, puis confirmez.",
        number,
    )
    return text.format(n=number)


def _page(job: Job) -> tuple[str, Mapping[str, Any]] | None:
    # A file that could not be read is kept no longer, and what it did was nothing.
    if job.kind == TRYING and job.state is not JobState.DONE:
        return None
    return "notes.import", {"uai": job.uai.code, "import_id": job.input["import"]}
