"""The journal: who did what, where and when, searched and read page by page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import end_of_day, midnight
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.usecases.hotline import VIEWED
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_query, text
from teleservices_core.web.pages.academy import journal_lines
from teleservices_core.web.pages.academy_shared import one_school
from teleservices_core.web.reading import read_day, whole_number
from teleservices_core.web.responses import Page
from teleservices_core.words.reasons import show_act

PAGE: Final = 50
CONSULTED: Final = "consulted"
"""The group of acts that are looks, of every plugin."""


@frozen
class JournalQuery:
    """What to look for, as typed."""

    uai: str = text(100)
    personne: str = text(100)
    acte: str = text(60)
    module: str = text(31)
    du: str = text(10)
    au: str = text(10)
    avant: str = text(80)
    """Where the page before ended."""


def journal(context: Context) -> Page:
    """A page of the journal, the newest entries first."""
    site = context.site
    typed = read_query(context.request, JournalQuery).value or JournalQuery()
    with site.database.reading() as tx:
        schools = tx.roster.establishments()
        wanted, errors = _search(site, tx, typed, schools)
        entries = [] if errors else tx.audit.search(wanted, PAGE + 1)
        lines = journal_lines(site, tx, entries[:PAGE], schools)
    asked = {name: value for name, value in _asked(typed).items() if value and name != "avant"}
    return Page(
        "academy/journal.html",
        {
            "typed": typed,
            "errors": errors,
            "lines": lines,
            "older": {**asked, "avant": _mark(entries[PAGE - 1])} if len(entries) > PAGE else None,
            "newest": asked if typed.avant else None,
            "acts": _acts(site),
            "modules": [{"value": m.id, "label": m.title} for m in site.catalogue.modules],
        },
        422 if errors else 200,
    )


def _asked(typed: JournalQuery) -> dict[str, str]:
    return {name: getattr(typed, name) for name in JournalQuery.__annotations__}


def _search(
    site: Site, tx: Transaction, typed: JournalQuery, schools: list[Establishment]
) -> tuple[AuditSearch, dict[str, str]]:
    errors: dict[str, str] = {}
    found: dict[str, Any] = {"module_id": typed.module, "actions": _actions(site, typed)}
    if typed.uai:
        school, errors["uai"] = one_school(schools, typed.uai)
        found["uai"] = school.uai if school else None
    if typed.personne:
        account = tx.accounts.by_login(typed.personne.strip())
        if account is None:
            errors["personne"] = _("Aucun compte n’a cet identifiant.")
        else:
            found["persons"] = (account.id, *account.holder_ids)
    zone = site.academie.zone
    for name, key, bound in (("du", "from_at", midnight), ("au", "until_at", end_of_day)):
        if typed_day := getattr(typed, name):
            if day := read_day(typed_day):
                found[key] = bound(day, zone)
            else:
                errors[name] = _("Cette date n’existe pas.")
    if typed.avant:
        found["before"] = _unmark(typed.avant)
    return AuditSearch(**found), {name: text for name, text in errors.items() if text}


def _groups(site: Site) -> dict[str, str]:
    titles = {m.plugin: m.title for m in site.catalogue.modules}
    own = {plugin: _("{title} : tout").format(title=title) for plugin, title in titles.items()}
    return {
        "module": _("Ouverture des modules : tout"),
        "campaign": _("Campagnes : tout"),
        "account": _("Comptes : tout"),
        CONSULTED: _("Consultations : tout"),
        **{plugin: words for plugin, words in own.items() if _of_groups(site, {plugin})},
    }


def _of_groups(site: Site, groups: set[str]) -> tuple[str, ...]:
    known = site.catalogue.audit_words
    looks = (VIEWED, *site.catalogue.consultations) if CONSULTED in groups else ()
    return tuple(
        sorted({*looks, *(action for action in known if action.partition(".")[0] in groups)})
    )


def _actions(site: Site, typed: JournalQuery) -> tuple[str, ...]:
    """The actions of a group, or the one named; those about modules when a module is asked for."""
    group = typed.acte or ("module" if typed.module else "")
    if group in _groups(site):
        named = {group, "campaign"} if typed.module and not typed.acte else {group}
        return _of_groups(site, named)
    return (group,) if group else ()


def _acts(site: Site) -> list[dict[str, str]]:
    """The choices of acts: groups, then each by its words."""
    groups = [{"value": code, "label": words} for code, words in _groups(site).items()]
    known = site.catalogue.audit_words
    single = [{"value": action, "label": show_act(action, known)} for action in known]
    return [*groups, *sorted(single, key=lambda each: each["label"])]


def _mark(entry: AuditEntry) -> str:
    microseconds = (entry.at - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{entry.id}"


def _unmark(mark: str) -> tuple[datetime, UUID]:
    microseconds, _dash, entry_id = mark.partition("-")
    number = whole_number(microseconds, most=_LAST)
    if number is None:
        raise NotFoundError("no such page")
    try:
        return _EPOCH + timedelta(microseconds=number), UUID(entry_id)
    except ValueError:
        raise NotFoundError("no such page") from None


_LAST: Final = 10**16
"""Microseconds: in the year 2286."""
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

ROUTES: Final = (Route("core.academy_journal", "/academie/journal", journal, Access.ACADEMY),)
