"""The console of the académie: establishments, and the state of the modules."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import Access, Route
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page
from teleservices_core.words import show_act


def overview(context: Context) -> Page:
    """Plugins and their state, recent failures, establishments."""
    site = context.site
    with site.database.reading() as tx:
        establishments = tx.roster.establishments()
        journal = tx.audit.latest(15)
    return Page(
        "academy/overview.html",
        {
            "reports": site.plugins.reports,
            "failures": list(site.plugins.failures)[::-1][:10],
            "establishments": establishments,
            "journal": [
                {
                    "at": entry.at,
                    "act": show_act(entry.action),
                    "actor": entry.actor,
                    "uai": entry.uai,
                }
                for entry in journal
            ],
            "year": site.school_year(),
        },
    )


ROUTES: Final = (Route("core.academy", "/academie/", overview, Access.ACADEMY),)
