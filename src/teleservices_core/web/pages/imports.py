"""Imports that were made, and « Annuler cet import », after what it would do was read.

The same pages serve an establishment and the académie, each at its own address.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _, ngettext
from teleservices_core.ports.undoing import ImportRun
from teleservices_core.usecases.undoing import import_runs, preview_undo, undo_import
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.school import establishment_of
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


def school_list(context: Context, uai: str) -> Page:
    """The imports of an establishment."""
    establishment = establishment_of(context, uai)
    view = {"runs": _listed(context, establishment.uai), "establishment": establishment}
    return Page("school/imports.html", view)


def academy_list(context: Context) -> Page:
    """The latest imports of every establishment."""
    return Page("academy/imports.html", {"runs": _listed(context, None)})


def _listed(context: Context, uai: Uai | None) -> list[dict[str, Any]]:
    return [_shown(context, run, uai) for run in import_runs(context.site, uai)]


def _shown(context: Context, run: ImportRun, uai: Uai | None) -> dict[str, Any]:
    titles = sort_titles()
    told = [f"{titles[name]} : {run.counts[name]}" for name in titles if run.counts.get(name)]
    return {
        "run": run,
        "url": _url(context, "import", uai, import_id=run.id) if run.may_be_undone else "",
        "by": run.actor or _("commande"),
        "files": ", ".join(run.files),
        "changes": ", ".join(told),
    }


def _route(page: str, uai: Uai | None, **values: Any) -> tuple[str, dict[str, Any]]:
    if uai is None:
        return f"core.academy_{page}", values
    return f"core.{page}", {"uai": uai.code, **values}


def _url(context: Context, page: str, uai: Uai | None, **values: Any) -> str:
    route, found = _route(page, uai, **values)
    return context.urls.to(route, **found)


def _go(context: Context, page: str, uai: Uai | None, **values: Any) -> Redirect:
    route, found = _route(page, uai, **values)
    return context.redirect(route, **found)


def school_import(context: Context, uai: str, import_id: UUID) -> Page | Redirect:
    """What taking an import of an establishment back would do."""
    establishment = establishment_of(context, uai)
    view = _preview(context, import_id, establishment.uai)
    if isinstance(view, Redirect):
        return view
    return Page("school/import.html", {**view, "establishment": establishment})


def academy_import(context: Context, import_id: UUID) -> Page | Redirect:
    """The same for the académie."""
    view = _preview(context, import_id, None)
    return view if isinstance(view, Redirect) else Page("academy/import.html", view)


def _preview(context: Context, import_id: UUID, uai: Uai | None) -> dict[str, Any] | Redirect:
    try:
        told = preview_undo(context.site, import_id, uai)
    except RefusedError as refused:
        context.tell("warning", REFUSED[refused.code]())
        return _go(context, "imports", uai)
    persons = list(told.plan.persons_kept.items())[:NAMED]
    context.shows(*(id_ for id_, _held in persons))
    return {
        "shown": _shown(context, told.run, uai),
        "counts": counted(told.plan),
        "kept": [(told.names.get(id_, ""), HELD[held]()) for id_, held in persons],
        "more": len(told.plan.persons_kept) - len(persons),
        "others": rows_kept(told.plan),
        "seen": told.plan.seen,
        "undo_url": _url(context, "undo_import", uai, import_id=import_id),
        "list_url": _url(context, "imports", uai),
    }


def school_undo(context: Context, uai: str, import_id: UUID) -> Redirect:
    """An establishment takes an import back."""
    return _undo(context, import_id, Uai(uai))


def academy_undo(context: Context, import_id: UUID) -> Redirect:
    """The académie does."""
    return _undo(context, import_id, None)


def _undo(context: Context, import_id: UUID, uai: Uai | None) -> Redirect:
    form = read_form(context.request, UndoForm).value
    seen = form.seen if form is not None else ""
    try:
        done = undo_import(context.site, import_id, seen=seen, viewer=context.me, uai=uai)
    except ConflictError:
        context.tell("warning", changed_meanwhile())
        return _go(context, "import", uai, import_id=import_id)
    except RefusedError as refused:
        context.tell("warning", REFUSED[refused.code]())
        return _go(context, "imports", uai)
    staying = len(done.plan.persons_kept)
    said = _("L’importation est annulée.")
    if staying:
        said = ngettext(
            "L’importation est annulée ; {n} personne reste, comme l’aperçu le disait.",
            "L’importation est annulée ; {n} personnes restent, comme l’aperçu le disait.",
            staying,
        ).format(n=staying)
    context.tell("success", said)
    return _go(context, "imports", uai)


_SCHOOL: Final = "/ecole/<uai>/importations"
_ACADEMY: Final = "/academie/importations"
ROUTES: Final = (
    Route("core.imports", _SCHOOL, school_list, Access.SCHOOL),
    Route(
        "core.import",
        f"{_SCHOOL}/<uuid:import_id>",
        school_import,
        Access.SCHOOL,
        consults="consulted.import",
    ),
    Route(
        "core.undo_import",
        f"{_SCHOOL}/<uuid:import_id>/annuler",
        school_undo,
        Access.SCHOOL,
        ("POST",),
    ),
    Route("core.academy_imports", _ACADEMY, academy_list, Access.ACADEMY),
    Route(
        "core.academy_import",
        f"{_ACADEMY}/<uuid:import_id>",
        academy_import,
        Access.ACADEMY,
        consults="consulted.import",
    ),
    Route(
        "core.academy_undo_import",
        f"{_ACADEMY}/<uuid:import_id>/annuler",
        academy_undo,
        Access.ACADEMY,
        ("POST",),
    ),
)
