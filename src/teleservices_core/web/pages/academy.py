"""The first page of the rectorat's console: the state of the modules, and what was done last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import frozen

from teleservices_core.academy_ports import AuditEntry
from teleservices_core.academy_words import Names, describe_act
from teleservices_core.contributions import Access, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.i18n import _
from teleservices_core.people_words import show_actor
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page


@frozen
class JournalLine:
    """One entry of the audit trail, as pages show it."""

    at: datetime
    act: str
    by: str
    school: str
    uai: str


def journal_lines(
    site: Site, entries: Iterable[AuditEntry], establishments: Iterable[Establishment]
) -> list[JournalLine]:
    """Entries in words."""
    schools = {each.uai.code: each.name for each in establishments}
    modules = {module.id: module.title for module in site.catalogue.modules}
    names = Names(modules, schools, site.academie.zone)
    return [
        JournalLine(
            at=entry.at,
            act=describe_act(entry, names),
            by=show_actor(entry) or _("ligne de commande"),
            school=schools.get(entry.uai.code, entry.uai.code) if entry.uai else "",
            uai=entry.uai.code if entry.uai else "",
        )
        for entry in entries
    ]


def overview(context: Context) -> Page:
    """Plugins and their state, recent failures, the latest acts."""
    site = context.site
    with site.database.reading() as tx:
        establishments = tx.roster.establishments()
        journal = tx.audit.latest(15)
    return Page(
        "academy/overview.html",
        {
            "reports": site.plugins.reports,
            "failures": list(site.plugins.failures)[::-1][:10],
            "journal": journal_lines(site, journal, establishments),
            "year": site.school_year(),
        },
    )


ROUTES: Final = (Route("core.academy", "/academie/", overview, Access.ACADEMY),)
