"""After an import: what the school base says by now needs nobody any more."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from teleservices_core.domain.values import Uai
from teleservices_core.ports import Database
from teleservices_core.usecases.site import audited
from teleservices_fiche.rules.reconciling import settled
from teleservices_fiche.usecases.deciding import bases_of
from teleservices_fiche.usecases.school_ports import SchoolOpens

_PERSONS: Final = 500
"""Looked at in one transaction."""


def reconcile(database: Database, uai: Uai, at: datetime, opens: SchoolOpens) -> int:
    """Close the changes that the base of an establishment now says; returns how many.

    Nothing else moves: where the base says a third value, the proposal stays,
    and the school sees both. A handful of statements for each 500 persons with
    an open proposal, none for the others. Safe to run twice, side by side.
    """
    done, after, is_over = 0, None, False
    while not is_over:
        with database.writing() as tx:
            store = opens(tx.connection)
            found = store.deciding.open_page(uai, after, _PERSONS)
            is_over = not found
            if found:
                after = found[-1].person.id
                base, _read = bases_of(store.base, uai, found[0].school_year, found)
                carried = store.deciding.carried_keys(uai)
                closed = store.deciding.reconcile(settled(found, base, carried), at)
                done += closed
                if closed:
                    tx.audit.add(audited("fiche.reconciled", at, None, uai=uai, number=closed))
    return done
