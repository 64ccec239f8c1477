"""The first page of an establishment's teachers."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import Access, Route
from teleservices_core.web.context import Context
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page
from teleservices_core.web.staff_links import staff_links


def teaching(context: Context, uai: str) -> Page:
    """Where a teacher begins, in one of his establishments."""
    site, viewer = context.site, context.me
    establishment = establishment_of(context, uai)
    others = set(viewer.classrooms) - {establishment.uai}
    with site.database.reading() as tx:
        known = tx.roster.establishments() if others else []
    return Page(
        "school/teaching.html",
        {
            "establishment": establishment,
            "elsewhere": [each for each in known if each.uai in others],
            "links": staff_links(site, viewer, establishment.uai),
        },
    )


ROUTES: Final = (Route("core.teaching", "/ecole/<uai>/enseignement/", teaching, Access.TEACHER),)
