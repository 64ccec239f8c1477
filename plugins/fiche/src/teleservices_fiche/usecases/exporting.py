"""The delta: accepted changes that leave for the school base, numbered and replayable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.roster import Responsibility
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.usecases.site import Site, audited
from teleservices_fiche.model import Person, PersonKind, Value
from teleservices_fiche.rules.reconciling import known_field
from teleservices_fiche.usecases.ports import Known
from teleservices_fiche.usecases.rights import require_console
from teleservices_fiche.usecases.school_ports import (
    Batch,
    Filed,
    Pupil,
    SchoolOpens,
    SchoolStore,
)

SHOWN: Final = 30
_PUPILS: Final = 200
"""Read at once while a file is written."""


@frozen
class Deltas:
    """What has left, the latest first, and what would leave now."""

    pending: int
    batches: list[Batch]


@frozen
class Delta:
    """What one delta carries."""

    batch: Batch
    changes: list[Filed]

    @property
    def for_base(self) -> list[Filed]:
        """The changes of fields that the school base has."""
        return [each for each in self.changes if _is_in_base(each)]


@frozen
class Relative:
    """An adult of a delta and the link, as they are to be in the base."""

    link: Responsibility
    values: Mapping[str, Value]


@frozen
class FamilySheet:
    """A pupil of a delta with the adults around him, as they are to be in the base."""

    pupil: Pupil
    values: Mapping[str, Value]
    relatives: tuple[Relative, ...]
    """Those whose link holds on the day of the delta, the legal ones first."""


def _is_in_base(filed: Filed) -> bool:
    field = known_field(filed.proposal)
    return field is not None and field.in_base


def list_deltas(site: Site, viewer: Viewer | None, uai: Uai, opens: SchoolOpens) -> Deltas:
    """Two statements beside the rights."""
    with site.database.reading() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection).batches
        return Deltas(store.pending(uai), store.batches(uai, SHOWN))


def open_delta(site: Site, viewer: Viewer | None, uai: Uai, opens: SchoolOpens) -> Batch | None:
    """Put what is in force and never left under the next number; None when nothing is.

    Raises :exc:`NotAllowedError`, or :exc:`ConflictError` when a colleague does the
    same at once.
    """
    now = site.now()
    with site.database.writing() as tx:
        require_console(site, tx, viewer, uai)
        by = viewer.name if viewer else ""
        batch = opens(tx.connection).batches.open(uai, site.school_year(), now, by)
        if batch is not None:
            tx.audit.add(
                audited(
                    "fiche.exported",
                    now,
                    viewer,
                    uai=uai,
                    batch=batch.number,
                    number=batch.changes,
                )
            )
    return batch


def read_delta(
    site: Site, viewer: Viewer | None, uai: Uai, number: int, opens: SchoolOpens
) -> Delta:
    """What a delta carries, the same each time. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection).batches
        batch = store.get(uai, number)
        if batch is None:
            raise NotFoundError(f"no delta {number} in {uai}")
        return Delta(batch, store.carried(uai, number))


def families_of(site: Site, delta: Delta, opens: SchoolOpens) -> Iterator[FamilySheet]:
    """The families of the pupils of a delta: the base, with what was carried laid over.

    By class and name, read page by page: a few statements for each 200 pupils.
    """
    ids = list(dict.fromkeys(each.proposal.student_id for each in delta.for_base))
    for start in range(0, len(ids), _PUPILS):
        with site.database.reading() as tx:
            page = _page(site, delta.batch, ids[start : start + _PUPILS], opens(tx.connection))
        yield from page


def _page(site: Site, batch: Batch, ids: Sequence[UUID], store: SchoolStore) -> list[FamilySheet]:
    today = site.academie.today(batch.at)
    pupils = store.batches.pupils(ids, batch.uai, batch.school_year)
    links = store.batches.links(ids)
    known = _overlaid(store, batch, ids)
    return [
        FamilySheet(
            pupil,
            known[Person(PersonKind.STUDENT, pupil.id)],
            tuple(
                Relative(link, known[Person(PersonKind.GUARDIAN, link.adult_id)])
                for link in links.get(pupil.id, ())
                if link.holds_on(today)
            ),
        )
        for pupil in pupils
    ]


def _overlaid(store: SchoolStore, batch: Batch, student_ids: Sequence[UUID]) -> Known:
    known: Known = store.base.students(student_ids, batch.uai, batch.school_year)
    for guardians in store.base.guardians(student_ids).values():
        known |= guardians
    found = {person: dict(values) for person, values in known.items()}
    persons = [person.id for person in found]
    for each in store.batches.in_force_at(batch.uai, batch.number, persons):
        if each.person in found:
            found[each.person][each.field] = each.proposed
    return found
