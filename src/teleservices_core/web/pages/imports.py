"""Imports that were made, and « Annuler cet import », after what it would do was read.

The same pages serve an establishment and the académie, each at its own address.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _, ngettext
from teleservices_core.ports.undoing import ImportRun
from teleservices_core.usecases.undoing import import_runs, preview_undo, undo_import
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.desks import Desk, both
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.importing import sort_titles
from teleservices_core.words.undoing import (
    HELD,
    REFUSED,
    changed_meanwhile,
    counted,
    rows_kept,
)

NAMED: Final = 100
"""Persons who stay that the page names; the others are counted."""


@frozen
class UndoForm:
    """The preview that was read."""

    seen: str = text(16)


def imports(context: Context, uai: str | None = None) -> Page:
    """The imports of an establishment, or the latest of all."""
    desk = Desk.of(context, uai)
    runs = [_shown(desk, run) for run in import_runs(context.site, desk.uai)]
    return desk.page("imports.html", {"runs": runs})


def _shown(desk: Desk, run: ImportRun) -> dict[str, Any]:
    titles = sort_titles()
    told = [f"{titles[name]} : {run.counts[name]}" for name in titles if run.counts.get(name)]
    return {
        "run": run,
        "url": desk.url("import", import_id=run.id) if run.may_be_undone else "",
        "by": run.actor or _("commande"),
        "files": ", ".join(run.files),
        "changes": ", ".join(told),
    }


def preview(context: Context, import_id: UUID, uai: str | None = None) -> Page | Redirect:
    """What taking an import back would do."""
    desk = Desk.of(context, uai)
    try:
        told = preview_undo(context.site, import_id, desk.uai)
    except RefusedError as refused:
        context.tell("warning", REFUSED[refused.code]())
        return desk.go("imports")
    persons = list(told.plan.persons_kept.items())[:NAMED]
    context.shows(*(id_ for id_, _held in persons))
    return desk.page(
        "import.html",
        {
            "shown": _shown(desk, told.run),
            "counts": counted(told.plan),
            "kept": [(told.names.get(id_, ""), HELD[held]()) for id_, held in persons],
            "more": len(told.plan.persons_kept) - len(persons),
            "others": rows_kept(told.plan),
            "seen": told.plan.seen,
            "undo_url": desk.url("undo_import", import_id=import_id),
            "list_url": desk.url("imports"),
        },
    )


def undo(context: Context, import_id: UUID, uai: str | None = None) -> Redirect:
    """Take an import back, as the preview said."""
    desk = Desk.of(context, uai)
    form = read_form(context.request, UndoForm).value
    seen = form.seen if form is not None else ""
    try:
        done = undo_import(context.site, import_id, seen=seen, viewer=context.me, uai=desk.uai)
    except ConflictError:
        context.tell("warning", changed_meanwhile())
        return desk.go("import", import_id=import_id)
    except RefusedError as refused:
        context.tell("warning", REFUSED[refused.code]())
        return desk.go("imports")
    staying = len(done.plan.persons_kept)
    said = _("L’importation est annulée.")
    if staying:
        said = ngettext(
            "L’importation est annulée ; {n} personne reste, comme l’aperçu le disait.",
            "L’importation est annulée ; {n} personnes restent, comme l’aperçu le disait.",
            staying,
        ).format(n=staying)
    context.tell("success", said)
    return desk.go("imports")


_ONE: Final = "/importations/<uuid:import_id>"
ROUTES: Final = (
    *both("imports", "/importations", imports),
    *both("import", _ONE, preview, consults="consulted.import", is_grave=True),
    *both("undo_import", f"{_ONE}/annuler", undo, ("POST",), is_grave=True),
)
