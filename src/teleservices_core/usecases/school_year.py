"""What an establishment has to do for a school year, and how its téléservices are used."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.usecases.opening import AUDIENCES
from teleservices_core.usecases.plans import plan_copy
from teleservices_core.usecases.site import Site

RECENT = timedelta(days=30)


@frozen
class YearCheck:
    """Where an establishment is with a school year."""

    year: SchoolYear
    classes: int
    students: int
    """Present, in a class; 0 before the school base of the year is imported."""
    chosen: int
    to_choose: int
    """Choices recorded for the establishment, out of those that are the head's."""
    copyable: int
    """Choices of the year before that may be made again (:func:`.plans.plan_copy`)."""
    copy_seen: str
    """What a copy must build upon."""
    welcome_is_old: bool
    """Whether the contacts were last read again before the year began."""


@frozen
class Activity:
    """How many accounts of one audience, and how they are used."""

    audience: Audience
    accounts: int
    active: int
    recent: int
    """Used within thirty days."""


def year_check(site: Site, uai: Uai, year: SchoolYear) -> YearCheck:
    """The figures of the checklist."""
    today = site.academie.today(site.now())
    with site.database.reading() as tx:
        classes = tx.roster.classes(uai, year, today)
        policy = tx.policy.policy([uai], year)
        page = tx.school_pages.page(uai)
    copy = plan_copy(site, SchoolYear(year.start - 1), year, uai).plan
    decided = sum(
        1
        for module in site.catalogue.modules
        if module.opening_mode is OpeningMode.HEAD_DECIDES
        for audience in AUDIENCES
        if audience in module.audiences
    )
    chosen = sum(each.scope == Scope.establishment(uai) for each in policy.openings)
    return YearCheck(
        year=year,
        classes=len(classes),
        students=sum(each.students for each in classes),
        chosen=chosen,
        to_choose=max(decided, chosen),
        copyable=len(copy.changes),
        copy_seen=copy.seen,
        welcome_is_old=page.set_at is None or site.academie.school_year(page.set_at) < year,
    )


def activity(site: Site, uai: Uai) -> list[Activity]:
    """Accounts of the establishment's families, by audience, this school year."""
    now, today = site.now(), site.academie.today(site.now())
    with site.database.reading() as tx:
        found = tx.letters.candidates(uai, site.school_year(), today)
    accounts = [each.account for each in found]
    return [
        Activity(
            audience=audience,
            accounts=sum(a.audience is audience for a in accounts),
            active=sum(a.audience is audience and a.is_usable for a in accounts),
            recent=sum(
                a.audience is audience
                and a.last_used_at is not None
                and now - a.last_used_at <= RECENT
                for a in accounts
            ),
        )
        for audience in AUDIENCES
    ]
