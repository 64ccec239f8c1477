"""Mails to families, many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from teleservices_core.ports import Transaction
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.site import Site
from teleservices_fiche.usecases.school_ports import Addressee


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
