"""Pages of guardians and students."""

from __future__ import annotations

from teleservices_core.usecases.home import family_home
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page


def home(context: Context) -> Page:
    """The children and each child's modules, open or closed with the reason (F03, F41)."""
    viewer = context.me
    answers = family_home(context.site, viewer)
    return Page(
        "home.html",
        {
            "answers": answers,
            "first_name": viewer.name.split(" ")[0],
            "is_guardian": viewer.is_guardian,
            "links": context.site.catalogue.first_pages,
            "email_pending": viewer.account.pending_email,
            "without_email": viewer.account.email is None and viewer.account.pending_email is None,
        },
    )
