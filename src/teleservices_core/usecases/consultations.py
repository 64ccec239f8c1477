"""« Qui a consulté »: what members of staff looked at or did, told to the family."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import frozen

from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.usecases.home import known_children
from teleservices_core.usecases.site import Site
from teleservices_core.words.people import show_actor
from teleservices_core.words.reasons import show_act

PER_PAGE: Final = 20


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
        entries, acts = tx.audit.by_staff(
            account.id, list(names), limit=PER_PAGE, offset=PER_PAGE * (number - 1)
        )
    places = {child.establishment.uai: child.establishment.name for child in children}

    def told(entry: AuditEntry) -> Consultation:
        own = entry.subject_id == account.id
        return Consultation(
            at=entry.at,
            act=show_act(entry.action, site.catalogue.audit_words),
            about="" if own or entry.subject_id is None else names[entry.subject_id],
            who=show_actor(entry),
            place=places.get(entry.uai, str(entry.uai)) if entry.uai else "",
            reason=str(entry.detail.get("reason", "")) if own else "",
            caller=str(entry.detail.get("caller", "")) if own else "",
        )

    return Consultations(tuple(map(told, entries)), number, -(-acts // PER_PAGE))
