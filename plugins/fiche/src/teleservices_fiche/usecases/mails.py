"""Mails to families, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from teleservices_core.domain.values import Uai
from teleservices_core.ports import Transaction
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.site import Site
from teleservices_fiche.model import PersonKind, Proposal
from teleservices_fiche.rules.standings import born_by
from teleservices_fiche.usecases.ports import Addressee, BaseStore
from teleservices_fiche.words import field_words


def send_all(
    site: Site, tx: Transaction, kind: str, mails: Iterable[tuple[Addressee, Mapping[str, str]]]
) -> int:
    """Queue a mail for each, in one statement; returns how many."""
    now = site.now()
    parcels = [
        Parcel(
            id=site.new_id(),
            kind=kind,
            to_address=to.email,
            context={"name": to.name, **words},
            created_at=now,
            due_at=now,
            account_id=to.account_id,
        )
        for to, words in mails
    ]
    tx.outbox.add_all(parcels)
    return len(parcels)


def tell_kin(
    site: Site, tx: Transaction, base: BaseStore, uai: Uai, accepted: Iterable[Proposal]
) -> None:
    """Tell a student's legal guardians what is now in force of him, at whose asking set aside.

    Who asked is answered elsewhere; of a guardian's own data nobody else hears.
    Fields, never values, for mailboxes are shared.
    """
    about: dict[UUID, list[Proposal]] = defaultdict(list)
    for each in accepted:
        if each.person.kind is PersonKind.STUDENT:
            about[each.person.id].append(each)
    if not about:
        return
    today = site.academie.today(site.now())
    school = tx.roster.establishment(uai)
    mails = []
    for kin in base.kin(about.keys(), today, born_by(today)):
        told = [e for e in about[kin.student_id] if e.maker.person.id != kin.adult_id]
        if told:
            words = {
                "school": school.name if school else "",
                "student": kin.student,
                "lines": "\n".join(f"  - {field_words(e.person.kind, e.field)}" for e in told),
            }
            mails.append((kin.to, words))
    send_all(site, tx, "fiche.informed", mails)
