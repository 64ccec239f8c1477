"""Whether two descriptions are of one person: pure rules, with their reasons.

A national identifier may be mistyped or swapped, twins share a birth date, a
school base made anew gives its keys to others. So no single one of these is a
proof: whatever disagrees waits for a person (decision 30).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final

from attrs import frozen

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.records import AdultRecord, StudentRecord
from teleservices_core.domain.roster import Adult, Sex, Student, StudentDetails

_ALIKE: Final = 0.85
"""Of two spellings: "Leah" and "Léa" are, "Lina" and "Lisa" are not."""
_SHORTEST_PART: Final = 3
"""Letters of a part of a compound surname that is enough by itself."""
_CITIES: Final = {"751": "75056", "6938": "69123", "132": "13055"}
"""Codes of the arrondissements of Paris, Lyon and Marseille begin so; then the city's."""


class Trait(StrEnum):
    """What two descriptions are compared by."""

    INE = "ine"
    KEY = "key"
    """The identifier of one school base: ELEVE_ID or PERSONNE_ID."""
    LAST_NAME = "last_name"
    FIRST_NAME = "first_name"
    BIRTH_DATE = "born_on"
    SEX = "sex"
    """Of an adult, the title."""
    BIRTH_PLACE = "birth_place"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    CHILD = "child"
    """A student to whom both are linked."""


class Sameness(StrEnum):
    """What a comparison comes to."""

    SAME = "same"
    UNCERTAIN = "uncertain"
    """A person decides."""
    DIFFERENT = "different"


@frozen
class Comparison:
    """What it comes to, and why. What one side does not say is in neither list."""

    sameness: Sameness
    agreeing: tuple[Trait, ...] = ()
    differing: tuple[Trait, ...] = ()


@frozen
class Identity:
    """Who a student is, as one file or the site says it."""

    last_name: str
    first_name: str
    born_on: date
    usage_name: str = ""
    sex: Sex = Sex.UNKNOWN
    ines: frozenset[str] = frozenset()
    """National identifiers; a file may give the one from before 2018 too."""
    birth_place: str = ""
    """INSEE code of a commune, or the name of a town abroad; empty when not known."""

    @classmethod
    def of_record(cls, record: StudentRecord) -> Identity:
        """What a file says."""
        return cls(
            record.last_name,
            record.first_name,
            record.born_on,
            record.usage_name,
            record.sex,
            frozenset(ine.code for ine in (record.ine, record.former_ine) if ine),
            record.birth_insee or record.birth_town,
        )

    @classmethod
    def of_student(cls, student: Student, details: StudentDetails | None = None) -> Identity:
        """What the site says."""
        place = (details.birth_insee or details.birth_town) if details else ""
        return cls(
            student.last_name,
            student.first_name,
            student.born_on,
            student.usage_name,
            student.sex,
            frozenset([student.ine.code] if student.ine else ()),
            place,
        )


def compare_students(one: Identity, other: Identity, *, same_key: bool = False) -> Comparison:
    """Whether two descriptions that share a national identifier or a key are of one student.

    Without the key of the base, everything that both say must agree. With it,
    a name or a date may have been corrected, as long as the rest agrees. First
    names that only begin alike are twins' as well as one child's: they are
    enough where both the key and the number agree.
    """
    said: dict[Trait, bool | None] = {
        Trait.INE: _agree(one.ines, other.ines),
        Trait.KEY: same_key or None,
        Trait.LAST_NAME: _same_last_name(one, other),
        Trait.FIRST_NAME: _same_first_name(one.first_name, other.first_name),
        Trait.BIRTH_DATE: one.born_on == other.born_on,
        Trait.SEX: _both(one.sex, other.sex),
        Trait.BIRTH_PLACE: _both(_place(one), _place(other)),
    }
    sameness = _judge(one, other, said)
    if sameness is not Sameness.SAME and _begin_alike(one, other):
        said[Trait.FIRST_NAME] = False
    return _comparison(sameness, said)


def _judge(one: Identity, other: Identity, said: dict[Trait, bool | None]) -> Sameness:
    wrong = [
        each
        for each in (Trait.LAST_NAME, Trait.FIRST_NAME, Trait.BIRTH_DATE)
        if said[each] is False
    ]
    same_ine, has_key = said[Trait.INE], bool(said[Trait.KEY])
    beside = [said[Trait.SEX], said[Trait.BIRTH_PLACE]]
    is_vague = _begin_alike(one, other)
    if not wrong:
        doubtful = (False in beside or is_vague) and not (has_key and same_ine)
        return Sameness.UNCERTAIN if doubtful else Sameness.SAME
    may_be_corrected = has_key and said[Trait.SEX] is not False and same_ine is not False
    if len(wrong) == 1 and may_be_corrected and (same_ine or not is_vague):
        may_change = same_ine and wrong != [Trait.FIRST_NAME]
        if may_change or _corrected(wrong[0], one, other):
            return Sameness.SAME
    if same_ine is not True and len(wrong) >= (2 if same_ine is False else 3):
        return Sameness.DIFFERENT
    return Sameness.UNCERTAIN


def _corrected(trait: Trait, one: Identity, other: Identity) -> bool:
    """Whether the difference is one of typing."""
    if trait is Trait.BIRTH_DATE:
        first, second = one.born_on, other.born_on
        parts = zip(first.timetuple()[:3], second.timetuple()[:3], strict=True)
        swapped = (first.month, first.day) == (second.day, second.month)
        return sum(a != b for a, b in parts) == 1 or (first.year == second.year and swapped)
    if trait is Trait.LAST_NAME:
        return _alike(one.last_name, other.last_name)
    return _alike(one.first_name, other.first_name)


def _alike(one: str, other: str) -> bool:
    # Sorted, since the ratio depends on which comes first.
    first, second = sorted((plain(one), plain(other)))
    return SequenceMatcher(None, first, second).ratio() >= _ALIKE


def compare_adults(
    one: AdultRecord | Adult,
    other: AdultRecord | Adult,
    *,
    same_key: bool = False,
    share_child: bool = False,
) -> Comparison:
    """Whether two descriptions are of one adult.

    Only under one key; homonyms share both names, so that a mail, a telephone or an
    address must not all differ, unless a child is the same. Parents of one child often
    share all of these and a surname, so nothing makes up for another first name.
    """
    said: dict[Trait, bool | None] = {
        Trait.KEY: same_key or None,
        Trait.LAST_NAME: _same_last_name(one, other),
        Trait.FIRST_NAME: _same_adult_first_name(one.first_name, other.first_name),
        Trait.SEX: _both(one.title, other.title),
        Trait.EMAIL: _both(one.email.casefold(), other.email.casefold()),
        Trait.PHONE: _agree(_phones(one), _phones(other)),
        Trait.ADDRESS: _both(_home(one), _home(other)),
        Trait.CHILD: share_child or None,
    }
    return _comparison(_judge_adults(one, other, said), said)


def _judge_adults(
    one: AdultRecord | Adult, other: AdultRecord | Adult, said: dict[Trait, bool | None]
) -> Sameness:
    has_key = bool(said[Trait.KEY])
    same_last, same_first = said[Trait.LAST_NAME], said[Trait.FIRST_NAME]
    same_title = said[Trait.SEX] is not False
    beside = [said[each] for each in (Trait.EMAIL, Trait.PHONE, Trait.ADDRESS, Trait.CHILD)]
    near, apart = True in beside, False in beside
    if has_key:
        if same_last and same_first and same_title and (near or not apart):
            return Sameness.SAME
        close_first = same_first or (same_last and _alike(one.first_name, other.first_name))
        if near and same_title and close_first:
            return Sameness.SAME
        return Sameness.UNCERTAIN if same_last or same_first else Sameness.DIFFERENT
    alike = same_last and same_first and same_title
    return Sameness.UNCERTAIN if alike else Sameness.DIFFERENT


def _comparison(sameness: Sameness, said: dict[Trait, bool | None]) -> Comparison:
    return Comparison(
        sameness,
        tuple(trait for trait, agrees in said.items() if agrees),
        tuple(trait for trait, agrees in said.items() if agrees is False),
    )


# --- Names, places, telephones -----------------------------------------------------------


def plain(text: str) -> str:
    """Folded; a name without any Latin letter stays itself."""
    return fold(text) or unicodedata.normalize("NFKC", text).casefold().strip()


def _words(text: str) -> list[str]:
    return [word for part in re.split(r"[\s,\-‐‑–]+", text) if (word := plain(part))]


def _same_first_name(one: str, other: str) -> bool:
    """Whether first names agree: the same, or one begins the other ("Marie", "Marie-Claire")."""
    if plain(one) == plain(other):
        return True
    short, long = sorted((_words(one), _words(other)), key=len)
    return bool(short) and long[: len(short)] == short


def _begin_alike(one: Identity, other: Identity) -> bool:
    """Whether one first name only begins the other; of a list, the first one counts."""
    mine, theirs = (plain(each.first_name.partition(",")[0]) for each in (one, other))
    return mine != theirs and _same_first_name(one.first_name, other.first_name)


def _same_adult_first_name(one: str, other: str) -> bool:
    """The same, or an initial: schools write "E." and services have none."""
    a, b = plain(one), plain(other)
    return _same_first_name(one, other) or (min(len(a), len(b)) == 1 and a[:1] == b[:1])


def surnames(person: Identity | AdultRecord | Adult) -> list[str]:
    """The family name and the usage name, those there are."""
    return [name for name in (person.last_name, person.usage_name) if plain(name)]


def _same_last_name(
    one: Identity | AdultRecord | Adult, other: Identity | AdultRecord | Adult
) -> bool:
    return any(_same_surname(mine, theirs) for mine in surnames(one) for theirs in surnames(other))


def _same_surname(one: str, other: str) -> bool:
    """The same, or one of the names that a compound one is made of."""
    if plain(one) == plain(other):
        return True
    mine, theirs = set(_words(one)), set(_words(other))
    common = mine & theirs
    return common in (mine, theirs) and len("".join(common)) >= _SHORTEST_PART


def _place(identity: Identity) -> str:
    place = plain(identity.birth_place)
    return next((city for start, city in _CITIES.items() if place.startswith(start)), place)


def _phones(adult: AdultRecord | Adult) -> frozenset[str]:
    numbers = (re.sub(r"\D", "", each) for each in (adult.mobile, adult.phone))
    return frozenset(number[-9:] for number in numbers if len(number) >= 9)


def _home(adult: AdultRecord | Adult) -> str:
    address = adult.address
    return plain(" ".join((*address.lines, address.postal_code))) if address else ""


def _both(one: str, other: str) -> bool | None:
    """Whether they agree, None when one is silent."""
    return one == other if one and other else None


def _agree(one: Iterable[str], other: Iterable[str]) -> bool | None:
    mine, theirs = frozenset(one), frozenset(other)
    return not mine.isdisjoint(theirs) if mine and theirs else None
