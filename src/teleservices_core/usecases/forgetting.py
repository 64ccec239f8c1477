"""Forget persons whom no establishment knows any more, and about whom nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Final
from uuid import UUID

from teleservices_core.contributions import Erasure
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site

PEOPLE: Final = "core.persons"
"""The heading of personal data by which a whole person goes."""
_MANY: Final = 500
"""Persons in one transaction: each has some twenty rows."""


def with_data(
    site: Site, tx: Transaction, person_ids: Collection[UUID], uai: str = ""
) -> set[UUID]:
    """About whom téléservices keep something, in an establishment (UAI) or anywhere."""
    return {
        id_
        for data in site.catalogue.personal_data
        if not data.id.startswith("core.") and person_ids
        for rows in data.student_rows
        for id_ in rows.named(tx, person_ids, uai)
    }


def forget_people(site: Site, tx: Transaction, erasure: Erasure) -> int:
    """Forget some persons, with all that names them in the core; returns how many.

    Of everybody: students who attended nowhere since ``erasure.up_to``, and adults who are
    linked to nobody, once no account of theirs is in use. Students who are named
    go whatever their accounts are. Nobody goes about whom a téléservice keeps something.
    """
    tx.matches.lock()
    if erasure.student_ids is not None:
        everyone = tx.forgetting.with_same(erasure.student_ids)
        if with_data(site, tx, everyone):
            return 0
        return tx.forgetting.forget(everyone, with_changes=True)
    if erasure.up_to is None:
        return 0
    limit = min(erasure.limit, _MANY)
    for page in (
        partial(tx.forgetting.former_students, erasure.up_to),
        tx.forgetting.former_adults,
    ):
        for some in _pages(page, limit):
            if free := _free(site, tx, some):
                return tx.forgetting.forget(free)
    return 0


def _free(site: Site, tx: Transaction, person_ids: Collection[UUID]) -> set[UUID]:
    held = with_data(site, tx, tx.forgetting.with_same(person_ids))
    if held <= set(person_ids):
        return set(person_ids) - held
    return {each for each in person_ids if held.isdisjoint(tx.forgetting.with_same([each]))}


def _pages(page: Callable[[UUID | None, int], list[UUID]], limit: int) -> Iterator[list[UUID]]:
    after = None
    while found := page(after, limit):
        yield found
        after = found[-1]
