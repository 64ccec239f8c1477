"""Filling an establishment: a grade, a class and groups for each student."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from string import ascii_uppercase
from typing import Final

from attrs import define, field, frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.testing.synth.formations import (
    ENGLISH,
    GERMAN,
    GRADES,
    LATIN,
    SPANISH,
    Grade,
)
from teleservices_core.testing.synth.model import SynthLastYear, SynthOption
from teleservices_core.testing.synth.plan import Plot, shares

_CLASS_SIZE: Final = 27
_ENGLISH: Final = SynthOption(ENGLISH.code)
_LATIN: Final = SynthOption(LATIN.code, "F")


@frozen
class Seat:
    """A place given to a student, with what comes along."""

    establishment: Establishment
    grade: Grade
    class_group: str
    groups: tuple[str, ...]
    options: tuple[SynthOption, ...]
    last_year: SynthLastYear | None


@define
class Room:
    """The state of an establishment while it fills."""

    plot: Plot
    grades: tuple[Grade, ...] = field(init=False)
    free: list[int] = field(init=False)
    """Places left in each grade."""
    taken: list[int] = field(init=False)
    classes: list[int] = field(init=False)
    """Number of classes of each grade."""
    _last_years: dict[tuple[str, int], SynthLastYear] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.grades = GRADES[self.plot.establishment.kind]
        self.free = shares(self.plot.places, [grade.weight for grade in self.grades])
        self.taken = [0] * len(self.grades)
        self.classes = [max(1, round(places / _CLASS_SIZE)) for places in self.free]

    @property
    def left(self) -> int:
        """Places left."""
        return sum(self.free)

    def seat(
        self, rng: Random, *, avoiding: Collection[Grade] = (), mef: str | None = None
    ) -> Seat | None:
        """Take a place, in another grade than a sibling's where one is left.

        ``mef`` asks for a grade; None when there is no such place.
        """
        open_ = [at for at, places in enumerate(self.free) if places > 0]
        if mef is not None:
            open_ = [at for at in open_ if self.grades[at].mef.code == mef]
        if not open_:
            return None
        others = [at for at in open_ if self.grades[at] not in avoiding] or open_
        at = rng.choices(others, [self.free[other] for other in others])[0]
        rank = self.taken[at] % self.classes[at]
        self.free[at] -= 1
        self.taken[at] += 1
        grade = self.grades[at]
        groups, options = _choices(grade, rank, rng)
        last = self._last_year(grade, rank)
        return Seat(self.plot.establishment, grade, class_code(grade, rank), groups, options, last)

    def give_back(self, seat: Seat) -> None:
        """Free a place again."""
        at = self.grades.index(seat.grade)
        self.free[at] += 1
        self.taken[at] -= 1

    def _last_year(self, grade: Grade, rank: int) -> SynthLastYear | None:
        if not grade.before:
            return None
        key = (grade.before, rank)
        if key not in self._last_years:
            before = next(one for one in self.grades if one.mef.code == grade.before)
            school = self.plot.establishment
            self._last_years[key] = SynthLastYear(
                school.uai, school.name, school.town, before.mef, class_code(before, rank)
            )
        return self._last_years[key]


def class_code(grade: Grade, rank: int) -> str:
    """Code of a class, with the space that importers must keep: "3 A", "2DE 1"."""
    if not grade.prefix.endswith(" "):
        spaced = f"{grade.prefix} {rank + 1}"
        return spaced if len(spaced) <= 8 else f"{grade.prefix}{rank + 1}"
    letters, rank = "", rank + 1
    while rank:
        rank, letter = divmod(rank - 1, len(ascii_uppercase))
        letters = ascii_uppercase[letter] + letters
    return grade.prefix + letters


def _choices(
    grade: Grade, rank: int, rng: Random
) -> tuple[tuple[str, ...], tuple[SynthOption, ...]]:
    groups: list[str] = []
    options = [_ENGLISH]
    stem = grade.prefix.strip()[:3]
    if grade.second_language:
        second = SPANISH if rng.random() < 0.7 else GERMAN
        options.append(SynthOption(second.code))
        groups.append(f"{stem}{second.short[:3]}{rank // 2 + 1}")
        if rng.random() < 0.08:
            options.append(_LATIN)
            groups.append(f"{stem}LAT1")
    return tuple(groups), tuple(options)
