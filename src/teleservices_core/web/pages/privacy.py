"""The public page about personal data, made of what every plugin declares."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import Access, Route
from teleservices_core.help_entries import figures
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page


def privacy(context: Context) -> Page:
    """What is kept, for how long, who sees it, what one may ask and whom."""
    known = figures(context.site.settings)
    return Page(
        "privacy.html",
        {
            "kept": [
                {
                    "title": each.title(),
                    "content": each.content(known),
                    "keep_for": each.keep_for(known),
                    "keep_days": each.keep_days,
                }
                for each in context.site.catalogue.personal_data
            ],
            "contact": context.site.settings.privacy_contact,
        },
    )


ROUTES: Final = (
    Route("core.privacy", "/donnees-personnelles", privacy, Access.PUBLIC, stands_alone=True),
)
