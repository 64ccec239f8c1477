"""Bring in the marks of a file: try it, read what it would do, confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from attrs import frozen
from werkzeug.exceptions import BadRequest

from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, ImportRefusedError
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page, Redirect
from teleservices_notes.teaching_words import IMPORT_STATES
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.runs import ImportRun, ImportState
from teleservices_notes.usecases.upload_job import AT_ONCE, ask_import, ask_try
from teleservices_notes.usecases.uploads import (
    SHOWN_FAULTS,
    TRIED_AT_ONCE,
    UPLOAD_LIFE,
    Reads,
    can_confirm,
    confirm_upload,
    drop_upload,
    import_run,
    imports,
    keep_untried,
    try_upload,
)

LARGEST_FILE: Final = 10_000_000
"""Bytes. The command line takes more."""


@frozen
class UploadForm:
    """The file comes beside it."""


@frozen
class ConfirmForm:
    """What to do with the file."""

    choice: str = text(10)


@frozen
class ImportLine:
    """An import of the list."""

    file_name: str
    href: str
    run: ImportRun
    state: str
    kind: str


@frozen
class Figure:
    """A figure of a report."""

    label: str
    value: str


@frozen
class ImportPages:
    """The handlers, given how to open the store and how to read a file."""

    opens: OpensClasses
    reads: Callable[[Site], Reads]
    columns: tuple[str, ...]
    """Those that a file usually has."""

    def imports(self, context: Context, uai: str) -> Page | Redirect:
        """Give a file, and see what became of the latest."""
        establishment = establishment_of(context, uai)
        site, viewer = context.site, context.me
        errors: dict[str, str] = {}
        if context.request.method == "POST":
            taken = self._take(context, establishment.uai, errors)
            if taken is not None:
                return taken
        runs = imports(site, viewer, establishment.uai, self.opens)
        return Page(
            "notes/imports.html",
            {
                "establishment": establishment,
                "errors": errors,
                "columns": self.columns,
                "jobs": context.urls.to("core.jobs", uai=uai),
                "megabytes": LARGEST_FILE // 1_000_000,
                "imports": [
                    ImportLine(
                        run.file_name or _("fichier sans nom"),
                        context.urls.to("notes.import", uai=uai, import_id=run.id),
                        run,
                        IMPORT_STATES[run.state](),
                        _KINDS[run.state],
                    )
                    for run in runs
                ],
            },
            422 if errors else 200,
        )

    def _take(self, context: Context, uai: Uai, errors: dict[str, str]) -> Redirect | None:
        read_form(context.request, UploadForm)
        name, content = sent_file(context)
        if not name:
            errors["file"] = _("Choisissez un fichier.")
            return None
        site, me, reads = context.site, context.me, self.reads(context.site)
        try:
            if len(content) > TRIED_AT_ONCE:
                run = keep_untried(site, me, uai, name, content, reads, self.opens)
                job = ask_try(site, me, run)
                return context.redirect("core.job", uai=uai.code, job_id=job.id)
            run = try_upload(site, me, uai, name, content, reads, self.opens)
            return context.redirect("notes.import", uai=uai.code, import_id=run.id)
        except ImportRefusedError as refused:
            errors["file"] = _("Ce n’est pas un fichier de notes : {reason}.").format(
                reason=refused.reason
            )
            return None

    def run(self, context: Context, uai: str, import_id: UUID) -> Page | Redirect:
        """What a file would do, or did; confirm it or drop it."""
        site, viewer = context.site, context.me
        establishment = establishment_of(context, uai)
        if context.request.method == "POST":
            return self._settle(context, establishment.uai, import_id)
        found, faults = import_run(site, viewer, establishment.uai, import_id, self.opens)
        number = found.counts.get("faults", 0)
        return Page(
            "notes/import.html",
            {
                "establishment": establishment,
                "run": found,
                "state": IMPORT_STATES[found.state](),
                "is_tried": found.state is not ImportState.TRYING,
                "jobs": context.urls.to("core.jobs", uai=uai),
                "is_waiting": found.state is ImportState.WAITING,
                "can_confirm": can_confirm(found, site.now()),
                "until": found.started_at + UPLOAD_LIFE,
                "figures": _figures(found),
                "faults": faults,
                "more": max(0, number - SHOWN_FAULTS),
                "back": context.urls.to("notes.imports", uai=uai),
            },
        )

    def _settle(self, context: Context, uai: Uai, import_id: UUID) -> Redirect:
        form = read_form(context.request, ConfirmForm).value
        site, viewer = context.site, context.me
        if form is None or form.choice not in {"confirm", "drop"}:
            raise BadRequest("no such choice")
        try:
            if form.choice == "drop":
                drop_upload(site, viewer, uai, import_id, self.opens)
                context.tell("success", _("Le fichier est effacé : rien n’a été enregistré."))
                return context.redirect("notes.imports", uai=uai.code)
            found, _faults = import_run(site, viewer, uai, import_id, self.opens)
            if can_confirm(found, site.now()) and found.counts.get("lines", 0) > AT_ONCE:
                job = ask_import(site, viewer, found)
                return context.redirect("core.job", uai=uai.code, job_id=job.id)
            report = confirm_upload(site, viewer, uai, import_id, self.reads(site), self.opens)
        except ConflictError:
            context.tell(
                "warning",
                _("Ce fichier n’est plus à confirmer : voici où en est son import."),
            )
        else:
            said = ngettext(
                "{n} note enregistrée ou corrigée.",
                "{n} notes enregistrées ou corrigées.",
                report.marks_added + report.marks_changed,
            )
            context.tell("success", said.format(n=report.marks_added + report.marks_changed))
        return context.redirect("notes.import", uai=uai.code, import_id=import_id)


_KINDS: Final = {
    ImportState.TRYING: "info",
    ImportState.WAITING: "warning",
    ImportState.RUNNING: "warning",
    ImportState.DONE: "success",
    ImportState.STOPPED: "error",
}


def sent_file(context: Context) -> tuple[str, bytes]:
    """The name and the content of the file of a form; no name where none was chosen."""
    file = context.request.files.get("file")
    name, content = (file.filename or "", file.read()) if file else ("", b"")
    # It is in memory: nothing of it stays on the disk meanwhile.
    context.request.close()
    return name, content


def _figures(run: ImportRun) -> list[Figure]:
    labels = {
        "lines": _("Lignes lues"),
        "assessments_added": _("Évaluations nouvelles"),
        "assessments_changed": _("Évaluations modifiées"),
        "marks_added": _("Notes nouvelles"),
        "marks_changed": _("Notes corrigées"),
        "marks_unchanged": _("Notes déjà enregistrées ainsi"),
        "marks_outdated": _("Notes gardées : une saisie plus récente existe"),
        "faults": _("Lignes laissées de côté"),
    }
    return [Figure(label, str(run.counts.get(name, 0))) for name, label in labels.items()]
