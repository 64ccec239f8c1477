"""What of an import can be taken back: what nothing was built on since.

Rows that nobody touched go back to what they were. Persons whom the import
brought stay, with what it said of them, once something hangs on them: an
account that was claimed, marks, an answer about who they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from attrs import field, frozen


class Held(StrEnum):
    """Why something stays."""

    LATER = "later"
    """Changed since, by another import or by somebody."""
    ACCOUNT = "account"
    """Somebody uses the account."""
    DATA = "data"
    """A téléservice keeps data about the person."""
    NUMBER = "number"
    """The national identifier that would be given back is another student's now."""
    PERSON = "person"
    """It belongs to persons who stay."""


class Sort(StrEnum):
    """What a row is about."""

    STUDENT = "student"
    ADULT = "adult"
    LINK = "link"
    SCHOOLING = "schooling"
    KEY = "key"
    ACCOUNT = "account"
    HOLDER = "holder"
    MATCH = "match"
    CODE = "code"


PERSONS: Final = frozenset({Sort.STUDENT, Sort.ADULT})


@frozen
class Touched:
    """A row that an import added, changed (``before`` and ``after``) or removed (``before``)."""

    sort: Sort
    table: str
    key: tuple[Any, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    is_as_left: bool
    """Whether it still says what the import made it say."""
    person_ids: tuple[UUID, ...] = ()
    """The person that it is, or those whom it concerns."""
    is_there: bool = True
    """Whether there is such a row now."""

    @property
    def is_added(self) -> bool:
        """Whether the import brought it."""
        return self.before is None

    @property
    def name(self) -> str:
        """The sort and what would be done: ``student.removed``, ``link.restored``."""
        return f"{self.sort}.{'removed' if self.is_added else 'restored'}"


@frozen
class Kept:
    """A row that stays as it is, and why."""

    row: Touched
    why: Held


@frozen
class UndoPlan:
    """What taking an import back would do."""

    reversed: tuple[Touched, ...]
    kept: tuple[Kept, ...]
    seen: str = field(default="", kw_only=True)
    """To hand back when it is done: refused if something has changed meanwhile."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows of each sort go or come back: ``student.removed``, ``link.restored``."""
        return Counter(each.name for each in self.reversed)

    @property
    def persons_kept(self) -> Mapping[UUID, Held]:
        """Persons whom the import brought, or changed, and who stay so, with the reason."""
        return {each.row.person_ids[0]: each.why for each in self.kept if each.row.sort in PERSONS}


def plan_undo(
    touched: Sequence[Touched],
    built: Mapping[UUID, Held],
    numbers: Mapping[str, UUID],
    at_school: Collection[UUID] = (),
) -> UndoPlan:
    """Decide about each row.

    ``built`` says what hangs on persons, ``numbers`` who has the national
    identifiers that would be given back, and ``at_school`` about whom data were
    kept in the establishment that they had never attended before.
    """
    added = {e.person_ids[0] for e in touched if e.sort in PERSONS and e.is_added and e.is_there}
    why = {id_: held for id_, held in built.items() if id_ in added}
    for each in touched:
        if each.is_as_left or not each.is_there:
            continue
        held = Held.ACCOUNT if each.sort in {Sort.ACCOUNT, Sort.HOLDER} else Held.LATER
        for id_ in added.intersection(each.person_ids):
            why.setdefault(id_, held)
    going, kept = [], []
    for each in touched:
        held_by = _held(each, added, why, at_school)
        if held_by is None:
            going.append(each)
        else:
            kept.append(Kept(each, held_by))
    return _numbered(going, kept, numbers)


def _held(
    each: Touched, added: set[UUID], why: Mapping[UUID, Held], at_school: Collection[UUID]
) -> Held | None:
    if each.sort in PERSONS and each.is_added:
        return why.get(each.person_ids[0]) or (None if each.is_as_left else Held.LATER)
    if not each.is_as_left:
        return Held.ACCOUNT if each.sort in {Sort.ACCOUNT, Sort.HOLDER} else Held.LATER
    if each.sort is Sort.SCHOOLING and each.is_added and not added.issuperset(each.person_ids):
        return Held.DATA if set(each.person_ids) & set(at_school) else None
    # A link with somebody known before goes, whoever stays: it opens what is another's.
    stays = bool(each.person_ids) and all(id_ in why for id_ in each.person_ids)
    return Held.PERSON if stays else None


def _numbered(going: list[Touched], kept: list[Kept], numbers: Mapping[str, UUID]) -> UndoPlan:
    """Leave out, one after the other, who would be given a number that somebody keeps."""
    while True:
        # Who goes, or is given another number, leaves his.
        free = {
            e.person_ids[0]
            for e in going
            if e.sort is Sort.STUDENT and (e.is_added or "ine" in (e.before or ()))
        }
        stuck = [
            e
            for e in going
            if e.sort is Sort.STUDENT
            and e.before
            and (holder := numbers.get(e.before.get("ine") or ""))
            and holder != e.person_ids[0]
            and holder not in free
        ]
        if not stuck:
            return UndoPlan(tuple(going), tuple(kept))
        kept += (Kept(each, Held.NUMBER) for each in stuck)
        going = [each for each in going if each not in stuck]
