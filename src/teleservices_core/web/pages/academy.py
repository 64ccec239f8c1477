"""The first page of the rectorat's console: the state of the modules, and what was done last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.usecases.consultations import many_consultations
from teleservices_core.usecases.restoring import last_restore
from teleservices_core.usecases.site import Site
from teleservices_core.usecases.throttling import told_of_failures
from teleservices_core.web.context import Context
from teleservices_core.web.pages.academy_shared import names_of
from teleservices_core.web.responses import Page
from teleservices_core.words.academy import describe_act
from teleservices_core.words.people import show_actor
from teleservices_core.words.restoring import show_to_academy, show_went_back


@frozen
class JournalLine:
    """One entry of the audit trail, as pages show it."""

    at: datetime
    act: str
    by: str
    about: str
    school: str
    uai: str


def journal_lines(
    site: Site, tx: Transaction, entries: Sequence[AuditEntry], schools: Iterable[Establishment]
) -> list[JournalLine]:
    """Entries in words: one statement, for the names of the persons that they are about."""
    names = names_of(site, schools)
    persons = tx.audit.names(
        {id_ for e in entries for id_ in (e.subject_id, e.actor_id) if id_ is not None}
    )
    return [
        JournalLine(
            at=entry.at,
            act=describe_act(entry, names),
            by=_actor(entry, persons),
            about=persons.get(entry.subject_id, "") if entry.subject_id else "",
            school=names.schools.get(entry.uai.code, entry.uai.code) if entry.uai else "",
            uai=entry.uai.code if entry.uai else "",
        )
        for entry in entries
    ]


def _actor(entry: AuditEntry, persons: Mapping[UUID, str]) -> str:
    if entry.actor_id is None:
        return "" if entry.subject_id else _("ligne de commande")
    # Of a family the journal knows the account only.
    return show_actor(entry) or persons.get(entry.actor_id, "")


def _work(site: Site) -> tuple[str, ...]:
    """What schools and the rectorat do, without the thousands of sign-ins and looks of a day."""
    known = site.catalogue.audit_words.keys() - set(site.catalogue.consultations)
    return tuple(sorted(action for action in known if not action.startswith("account.")))


def overview(context: Context) -> Page:
    """Plugins and their state, recent failures, the latest acts."""
    site = context.site
    with site.database.reading() as tx:
        establishments = tx.roster.establishments()
        matches = tx.matches.count_open()
        restored = last_restore(site, tx)
        many_failures = told_of_failures(site, tx)
        consulted = many_consultations(site, tx)
        journal = journal_lines(
            site, tx, tx.audit.search(AuditSearch(actions=_work(site)), 15), establishments
        )
    return Page(
        "academy/overview.html",
        {
            "reports": site.plugins.reports,
            "failures": list(site.plugins.failures)[::-1][:10],
            "journal": journal,
            "year": site.school_year(),
            "matches": matches,
            "restored": restored and show_went_back(restored, site.academie.zone),
            "after_restore": restored and show_to_academy(restored.detail),
            "many_failures": many_failures,
            "consulted": [
                {"who": show_actor(each), "at": each.at, "login": each.detail["login"]}
                for each in consulted
            ],
            "consultations_per_day": site.settings.consultations_per_day,
        },
    )


ROUTES: Final = (Route("core.academy", "/academie/", overview, Access.ACADEMY),)
