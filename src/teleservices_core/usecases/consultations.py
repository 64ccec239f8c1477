"""« Qui a consulté »: what members of staff looked at or did, written down and told to the family.

A look is written when a page leaves, once in a quarter of an hour for the same page about
the same person. Somebody who looks at more persons in a day than ``consultations_per_day``
is told to the académie, which asks why: a day of hand-outs is one reason, curiosity another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.usecases.home import known_children
from teleservices_core.usecases.hotline import VIEWED
from teleservices_core.usecases.site import Site, audited
from teleservices_core.words.people import show_actor
from teleservices_core.words.reasons import show_act

PER_PAGE: Final = 20
MANY: Final = "consulted.many"
ONE_LOOK: Final = timedelta(minutes=15)
_DAY: Final = timedelta(hours=24)
_TOLD_FOR: Final = timedelta(days=7)


@frozen
class Consultation:
    """One act of a member of staff."""

    at: datetime
    act: str
    about: str
    """The child's name; empty for the account itself."""
    who: str
    place: str
    """The establishment acted for; empty for the académie."""
    reason: str
    caller: str
    """Who called, as it was noted; both only for what was about the account itself."""


@frozen
class Consultations:
    """One page of them, the latest first."""

    lines: tuple[Consultation, ...]
    number: int
    """From 1."""
    total: int
    """Of pages; 0 when nothing was ever consulted."""


def consult(
    site: Site, viewer: Viewer, action: str, uai: Uai | None, persons: Sequence[UUID]
) -> None:
    """Write down that a member of staff sees a page about persons, or a list if there are none.

    One statement for a look that is written already; a transaction for another.
    """
    now = site.now()
    about: list[UUID | None] = [*dict.fromkeys(persons)] or [None]
    actions = (VIEWED, *site.catalogue.consultations)
    with site.database.reading() as tx:
        seen = tx.audit.consulted(viewer.account.id, actions, now - _DAY)
    new = [each for each in about if not _is_fresh(seen.get((action, uai, each)), now)]
    if not new:
        return
    with site.database.writing() as tx:
        for subject_id in new:
            tx.audit.add(audited(action, now, viewer, uai=uai, subject_id=subject_id))
        number = len(({subject for _action, _uai, subject in seen} | set(about)) - {None})
        if number >= site.settings.consultations_per_day and not _is_told(tx, viewer, now):
            login = viewer.account.login_name
            tx.audit.add(audited(MANY, now, viewer, uai=uai, number=number, login=login))


def _is_fresh(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < ONE_LOOK


def _is_told(tx: Transaction, viewer: Viewer, now: datetime) -> bool:
    wanted = AuditSearch(persons=(viewer.account.id,), actions=(MANY,), from_at=now - _DAY)
    return bool(tx.audit.search(wanted, 1))


def many_consultations(site: Site, tx: Transaction) -> list[AuditEntry]:
    """Who consulted more persons in a day than is usual, within a week: the latest first."""
    since = site.now() - _TOLD_FOR
    return tx.audit.search(AuditSearch(actions=(MANY,), from_at=since), PER_PAGE)


def consultations(site: Site, viewer: Viewer, number: int = 1) -> Consultations:
    """What members of staff did about the account and its children: two statements.

    Acts of families are left out, another guardian's above all; so is the
    reason of an act that was not about this very account, which might speak of
    somebody else.
    """
    account = viewer.account
    with site.database.reading() as tx:
        children = known_children(site, tx, account) if viewer.is_family else []
        names = {child.student.id: child.student.first_name for child in children}
        # Two records set side by side are of persons, not of accounts.
        persons = [*names, *account.holder_ids]
        entries, acts = tx.audit.by_staff(
            account.id, persons, limit=PER_PAGE, offset=PER_PAGE * (number - 1)
        )
    places = {child.establishment.uai: child.establishment.name for child in children}

    def told(entry: AuditEntry) -> Consultation:
        own = entry.subject_id == account.id
        about = names.get(entry.subject_id, "") if entry.subject_id else ""
        return Consultation(
            at=entry.at,
            act=show_act(entry.action, site.catalogue.audit_words),
            about=about,
            who=show_actor(entry),
            place=places.get(entry.uai, str(entry.uai)) if entry.uai else "",
            reason=str(entry.detail.get("reason", "")) if own else "",
            caller=str(entry.detail.get("caller", "")) if own else "",
        )

    return Consultations(tuple(map(told, entries)), number, -(-acts // PER_PAGE))
