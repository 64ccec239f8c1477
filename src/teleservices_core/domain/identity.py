"""Who a record is about. A name never identifies anybody, with one exception below.

The school base's own key and the national identifier lead to students already
known; :mod:`.likeness` says whether the record describes them. Where it does not
for certain, the record is somebody of its own until a person has answered.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.likeness import (
    Comparison,
    Identity,
    Sameness,
    compare_students,
)
from teleservices_core.domain.records import AdultRecord, StudentRecord
from teleservices_core.domain.roster import Adult, Kinship


@frozen
class Candidate:
    """A student to whom a key or a national identifier leads."""

    id: UUID
    identities: tuple[Identity, ...]
    """As known now, first; then those that a person has said to be the same student's."""

    def compared(self, record: Identity, *, same_key: bool) -> Comparison:
        """How a record stands to the identity it agrees with most."""
        found = [compare_students(record, each, same_key=same_key) for each in self.identities]
        return min(found, key=lambda each: list(Sameness).index(each.sameness))


@frozen
class Doubt:
    """Somebody who may be the same person as the one a record was given to."""

    other_id: UUID
    comparison: Comparison


@frozen
class Attribution:
    """Whom a record is about."""

    student_id: UUID | None
    """None for somebody new."""
    is_vouched: bool = False
    """Whether the national identifier, too, leads there."""
    takes_ine: bool = True
    """Whether the record's national identifier is nobody else's."""
    doubts: tuple[Doubt, ...] = ()


def identify_student(
    record: StudentRecord,
    *,
    by_key: Candidate | None,
    by_ine: Mapping[str, Candidate],
    asked: Collection[UUID] = (),
) -> Attribution:
    """The student of a record, and whom else it may be about.

    ``by_ine`` holds those who have one of the record's national identifiers,
    ``by_key`` is whom its ELEVE_ID meant in the last import. A student present
    under the key of the base stays that student, whoever else has the number,
    unless the number is certain and his own is another one. ``asked`` are those
    of whom it was asked whether they and the student of the key are one: a
    record never goes from one to the other by itself, whatever was answered.
    """
    identity = Identity.of_record(record)
    holders = {each.id: each for each in by_ine.values()}
    found = {
        each.id: each.compared(identity, same_key=by_key is not None and each.id == by_key.id)
        for each in (*holders.values(), *([by_key] if by_key else []))
    }
    near = {id_: each for id_, each in found.items() if each.sameness is not Sameness.DIFFERENT}
    sure = [id_ for id_, each in near.items() if each.sameness is Sameness.SAME]
    chosen = _choose(identity, by_key, sure)
    if by_key and chosen in asked and chosen != by_key.id and by_key.id in near:
        chosen = None
    doubted = [id_ for id_ in holders if id_ != chosen]
    if chosen is None and by_key is not None and by_key.id not in holders:
        doubted.append(by_key.id)
    holder = by_ine.get(record.ine.code) if record.ine else None
    return Attribution(
        chosen,
        is_vouched=chosen in holders,
        takes_ine=holder is None or holder.id == chosen,
        doubts=tuple(Doubt(id_, near[id_]) for id_ in doubted if id_ in near),
    )


def _choose(identity: Identity, by_key: Candidate | None, sure: Sequence[UUID]) -> UUID | None:
    if by_key is not None and by_key.id in sure:
        others = [id_ for id_ in sure if id_ != by_key.id]
        own = by_key.identities[0].ines
        given_away = others and own and own.isdisjoint(identity.ines)
        return others[0] if given_away else by_key.id
    return sure[0] if sure else None


# --- Adults ------------------------------------------------------------------------------


@frozen
class Relative:
    """An adult already linked to a student."""

    student_id: UUID
    adult: Adult
    is_keyed_here: bool
    """Whether the establishment's base has its own key for the adult."""
    kinship: Kinship = Kinship.OTHER


def _names(person: AdultRecord | Adult) -> tuple[str, str]:
    return fold(person.first_name), fold(person.last_name)


def recognize(
    record: AdultRecord,
    children: Iterable[tuple[UUID, Kinship]],
    relatives: Mapping[UUID, Sequence[Relative]],
) -> UUID | None:
    """The exception: a guardian who comes to a new establishment with a known child (F40).

    Among the adults already linked to a student whom a national identifier
    vouches for, the only one with the same first and last name, no other title
    and no other kinship (a father and a grandfather), provided the establishment
    does not know that adult under another key. ``children`` are those students,
    with what the record is to each. When several name different adults, the one
    known longest: keys grow with time.
    """
    found = set()
    for student_id, kinship in children:
        same = {
            each.adult.id
            for each in relatives.get(student_id, ())
            if _names(each.adult) == _names(record)
            and not each.is_keyed_here
            and _agree(record.title, each.adult.title, "")
            and _agree(kinship, each.kinship, Kinship.OTHER)
        }
        if len(same) == 1:
            found |= same
    return min(found, default=None)


def _agree(one: str, other: str, unknown: str) -> bool:
    return one == other or unknown in (one, other)
