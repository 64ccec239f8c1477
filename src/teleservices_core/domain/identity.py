"""Who a record is about. A name never identifies anybody, with one exception below.

The national identifier comes first, then the school base's own key. A name or
a birth date only ever speaks *against* an identity: when nothing agrees, the
key has been given to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.records import AdultRecord, StudentRecord
from teleservices_core.domain.roster import Adult, Student


class Unclear(Enum):
    """Why a record cannot be attributed."""

    INE_OF_ANOTHER = auto()
    """The national identifier belongs to somebody with another name and birth date."""


@frozen
class Relative:
    """An adult already linked to a student."""

    student_id: UUID
    adult: Adult
    is_keyed_here: bool
    """Whether the establishment's base has its own key for the adult."""


def identify_student(
    record: StudentRecord, *, by_ine: Student | None, by_key: Student | None
) -> Student | Unclear | None:
    """The student of a record, None for a new one.

    ``by_ine`` is who holds one of the record's national identifiers, ``by_key``
    whom its ELEVE_ID meant in the last import. A base made anew gives its keys
    to others, so a key alone is not believed when name and birth date differ.
    """
    if by_ine is not None:
        return by_ine if _may_be(record, by_ine) else Unclear.INE_OF_ANOTHER
    if by_key is not None and _may_be(record, by_key):
        return by_key
    return None


def _may_be(record: StudentRecord, student: Student) -> bool:
    return record.born_on == student.born_on or _names(record) == _names(student)


def _names(person: StudentRecord | Student | AdultRecord | Adult) -> tuple[str, str]:
    return fold(person.first_name), fold(person.last_name)


def identify_adult(record: AdultRecord, by_key: Adult | None) -> Adult | None:
    """The adult whom a PERSONNE_ID meant in the last import, unless no name agrees."""
    if by_key is None:
        return None
    first, last = _names(record)
    known_first, known_last = _names(by_key)
    names = {known_last, fold(by_key.usage_name)} - {""}
    if first == known_first or last in names or fold(record.usage_name) in names:
        return by_key
    return None


def recognize(
    record: AdultRecord,
    student_ids: Iterable[UUID],
    relatives: Mapping[UUID, Sequence[Relative]],
) -> UUID | None:
    """The exception: a guardian who comes to a new establishment with a known child (F40).

    Among the adults already linked to a student whom a national identifier
    vouches for, the only one with the same first and last name, provided the
    establishment does not know that adult under another key. When several
    children name different adults, the one known longest: keys grow with time.
    """
    found = set()
    for student_id in student_ids:
        same = {
            each.adult.id
            for each in relatives.get(student_id, ())
            if _names(each.adult) == _names(record) and not each.is_keyed_here
        }
        if len(same) == 1:
            found |= same
    return min(found, default=None)
