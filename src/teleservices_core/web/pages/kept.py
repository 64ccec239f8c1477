"""« Ce qui est conservé »: what a module had shown about a child before it was switched off."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from teleservices_core.contributions import Access, Route
from teleservices_core.usecases.kept import read_kept
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page


def kept(context: Context, student_id: UUID, module_id: str) -> Page:
    """To read only, year by year, each as it stood."""
    module, years = read_kept(context.site, context.me.account, student_id, module_id)
    return Page("kept.html", {"child": context.child, "module": module, "years": years})


ROUTES: Final = (
    Route("core.kept", "/eleves/<uuid:student_id>/garde/<module_id>/", kept, Access.CHILD),
)
