"""What an establishment has to do for a school year, and how its téléservices are used."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Opening
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.usecases.opening import AUDIENCES, HEADS_STANCES
from teleservices_core.usecases.rights import require_head
from teleservices_core.usecases.site import Site, audited

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
    """Choices of the year before, levels and classes included, not made again yet."""
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
    """The figures of the checklist. Four statements."""
    today = site.academie.today(site.now())
    with site.database.reading() as tx:
        classes = tx.roster.classes(uai, year, today)
        now_chosen = tx.policy.policy([uai], year).openings
        before = tx.policy.policy([uai], SchoolYear(year.start - 1)).openings
        page = tx.school_pages.page(uai)
    decided = sum(
        1
        for module in site.catalogue.modules
        if module.opening_mode is OpeningMode.HEAD_DECIDES
        for audience in AUDIENCES
        if audience in module.audiences
    )
    mine = [each for each in _of_head(now_chosen, uai) if not each.scope.part]
    return YearCheck(
        year=year,
        classes=len(classes),
        students=sum(each.students for each in classes),
        chosen=len(mine),
        to_choose=max(decided, len(mine)),
        copyable=len(_missing(_of_head(before, uai), now_chosen, year)),
        welcome_is_old=page.set_at is None or site.academie.school_year(page.set_at) < year,
    )


def activity(site: Site, uai: Uai) -> list[Activity]:
    """Accounts of the establishment's families, by audience, this school year."""
    now, today = site.now(), site.academie.today(site.now())
    with site.database.reading() as tx:
        found = tx.letters.candidates(uai, site.school_year(), today, None)
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


def copy_last_year(site: Site, viewer: Viewer, uai: Uai, year: SchoolYear) -> int:
    """Make again the head's choices of the year before, where none is made yet.

    Choices about classes are left out: a class of the same name is another
    class. Returns how many were copied. Raises :exc:`RefusedError`
    ``nothing_to_copy``.
    """
    now = site.now()
    with site.database.writing() as tx:
        require_head(site, tx, viewer, uai)
        chosen = tx.policy.policy([uai], year).openings
        before = tx.policy.policy([uai], SchoolYear(year.start - 1)).openings
        missing = _missing(_of_head(before, uai), chosen, year)
        if not missing:
            raise RefusedError("nothing_to_copy")
        for each in missing:
            opening = Opening(
                each.module_id,
                year,
                each.audience,
                each.stance,
                each.scope,
                set_by=viewer.name,
                set_at=now,
            )
            tx.policy.record(opening, before=None)
        tx.audit.add(
            audited(
                "module.copied", now, viewer, uai=uai, school_year=str(year), number=len(missing)
            )
        )
    return len(missing)


def _of_head(openings: Iterable[Opening], uai: Uai) -> list[Opening]:
    return [
        each
        for each in openings
        if each.scope.rank.is_heads and each.scope.uai == uai and each.stance in HEADS_STANCES
    ]


def _missing(
    before: Iterable[Opening], chosen: Iterable[Opening], year: SchoolYear
) -> list[Opening]:
    made = {(each.scope, each.module_id, each.audience) for each in chosen}
    return [
        each
        for each in before
        if not each.scope.class_group
        and each.school_year < year
        and (each.scope, each.module_id, each.audience) not in made
    ]
