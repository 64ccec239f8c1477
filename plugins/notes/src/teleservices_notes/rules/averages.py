"""What averages marks make. Pure.

Averages are exact: sums of decimals with at most four places in a context that
refuses to round, then one fraction. Rounding is for display only. They are
made of what is shown to a reader and of nothing else: see :class:`.publication.Shown`.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from operator import attrgetter
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.credentials import fold
from teleservices_notes.model import (
    Counting,
    GradingPeriod,
    Publication,
    PublicationPlan,
    Subject,
)
from teleservices_notes.rules.publication import Shown

SCALE: Final = 20
"""Averages are given out of 20."""
HALF: Final = SCALE // 2
"""Only what is above it counts in a bonus."""
_TOP: Final = Fraction(SCALE)
_NONE: Final = Fraction(0)
# Asked of each mark: a member of an enumeration is slow to look up.
_COMPULSORY: Final = Counting.COMPULSORY
_BONUS: Final = Counting.BONUS
_BY_DAY: Final = attrgetter("assessment.given_on", "assessment.title", "assessment.id")
_EXACT: Final = Context(prec=60, traps=[Inexact])


class Part(StrEnum):
    """What a mark does in its subject's average."""

    COUNTS = "counts"
    NO_FIGURE = "no_figure"
    """Absent, exempt, unmarked or not submitted: never a zero. A teacher who
    means a zero enters one."""
    NO_WEIGHT = "no_weight"
    """Coefficient 0."""
    NO_GAIN = "no_gain"
    """Optional or bonus, and it would not raise the average."""
    NOTHING_TO_RAISE = "nothing_to_raise"
    """Optional or bonus, with no compulsory mark beside it."""


_COUNTS: Final = Part.COUNTS


@frozen
class Term:
    """One mark in the working of an average."""

    shown: Shown
    part: Part

    @property
    def score(self) -> Fraction | None:
        """The figure brought to 20, exact; None without a figure."""
        return score(self.shown)

    @property
    def is_bonus(self) -> bool:
        """Whether its points come on top."""
        return self.shown.assessment.counting is Counting.BONUS

    @property
    def points(self) -> Fraction:
        """What it adds to the points: the score, or a bonus's part above 10, times the weight."""
        found = self.score if self.part is Part.COUNTS else None
        if found is None:
            return Fraction(0)
        return (found - HALF if self.is_bonus else found) * Fraction(self.shown.assessment.weight)

    @property
    def weight(self) -> Decimal:
        """What it adds to the weights."""
        counts = self.part is Part.COUNTS and not self.is_bonus
        return self.shown.assessment.weight if counts else Decimal(0)


@frozen
class SubjectAverage:
    """What is shown of a subject, oldest first, and the average that it makes."""

    subject: Subject
    shown: tuple[Shown, ...]
    parts: tuple[Part, ...]
    value: Fraction | None
    """Out of 20, exact; None when nothing counts."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """Its working."""
        return tuple(map(Term, self.shown, self.parts))

    @property
    def weight(self) -> Decimal:
        """The weights that count, together."""
        return sum((term.weight for term in self.terms), Decimal(0))

    @property
    def points(self) -> Fraction:
        """The points that count, together; ``value`` is points / weight, at most 20."""
        return sum((term.points for term in self.terms), Fraction(0))

    @property
    def is_capped(self) -> bool:
        """Whether a bonus would have brought it above 20."""
        return self.value is not None and self.points / Fraction(self.weight) > self.value


@frozen
class MarkBook:
    """Everything a reader sees of a student's marks at an instant."""

    plan: PublicationPlan
    publication: Publication
    """The rule of the student's class for this reader."""
    latest: tuple[Shown, ...]
    """Last published first, of the whole year."""
    subjects: tuple[SubjectAverage, ...]
    """By label; of the grading period only, if the book is about one."""
    period: GradingPeriod | None = None
    overall: Fraction | None = field(init=False)

    @overall.default
    def _overall(self) -> Fraction | None:
        return mean(subject.value for subject in self.subjects)

    def subject(self, code: str) -> SubjectAverage | None:
        """One subject, or None when nothing of it may be seen."""
        return next((each for each in self.subjects if each.subject.code == code), None)


def score(shown: Shown) -> Fraction | None:
    """A figure brought to 20, exact; None without a figure."""
    value = shown.outcome.value
    if value is None:
        return None
    return _ratio(_EXACT.multiply(value, SCALE), shown.assessment.out_of)


def mark_book(
    shown: Iterable[Shown],
    plan: PublicationPlan,
    publication: Publication,
    period: GradingPeriod | None = None,
) -> MarkBook:
    """Order what is shown and make its averages: of a grading period, or of the year.

    Those of the year are made of all its marks, not of its periods' averages.
    """
    by_day = in_order(shown)
    by_code: dict[str, list[Shown]] = {}
    for each in by_day if period is None else within(by_day, period):
        by_code.setdefault(each.assessment.subject.code, []).append(each)
    subjects = sorted(map(subject_average, by_code.values()), key=lambda s: by_label(s.subject))
    # Sorting keeps the order of equals: of one evening's entries, the newest test first.
    latest = by_day[::-1]
    latest.sort(key=attrgetter("since"), reverse=True)
    return MarkBook(plan, publication, tuple(latest), tuple(subjects), period)


def in_order(shown: Iterable[Shown]) -> list[Shown]:
    """The oldest assessment first."""
    return sorted(shown, key=_BY_DAY)


def within(shown: Iterable[Shown], period: GradingPeriod) -> list[Shown]:
    """The marks of the assessments that were given in a grading period."""
    return [each for each in shown if each.assessment.given_on in period]


@lru_cache(maxsize=4096)
def by_label(subject: Subject) -> tuple[str, str]:
    """The order of subjects: of their names, accents aside."""
    return fold(subject.label), subject.code


def subject_average(found: list[Shown]) -> SubjectAverage:
    """The weighted average of what is shown of one subject, which may not be empty.

    A bonus adds its points above 10, never takes any, and the average stops at 20.
    An optional mark counts only if it raises the average: the best first, each
    for as long as it is above what the others make, which gives the highest
    average that any choice of optional marks could. With no compulsory mark
    there is nothing to raise, hence no average.
    """
    parts = [_part(each) for each in found]
    sums = _Sums()
    raising: list[tuple[Fraction, int]] = []
    for index, (each, part) in enumerate(zip(found, parts, strict=True)):
        if part is not _COUNTS:
            continue
        if each.assessment.counting is _COMPULSORY:
            sums.add(each)
        else:
            raising.append((score(each) or Fraction(0), index))
    value = sums.average()
    # A bonus comes first: what it adds is there whatever else counts.
    raising.sort(key=lambda one: (found[one[1]].assessment.counting is not Counting.BONUS, -one[0]))
    for points, index in raising:
        is_bonus = found[index].assessment.counting is Counting.BONUS
        if value is None:
            parts[index] = Part.NOTHING_TO_RAISE
        elif points > (HALF if is_bonus else value):
            sums.add(found[index])
            value = sums.average()
        else:
            parts[index] = Part.NO_GAIN
    return SubjectAverage(
        found[-1].assessment.subject,
        tuple(found),
        tuple(parts),
        None if value is None else min(value, _TOP),
    )


def _part(shown: Shown) -> Part:
    if shown.outcome.value is None:
        return Part.NO_FIGURE
    return _COUNTS if shown.assessment.weight else Part.NO_WEIGHT


class _Sums:
    """Weighted figures by scale: one fraction per scale, not one per mark."""

    def __init__(self) -> None:
        self._points: dict[Decimal, Decimal] = {}
        self._weight = Decimal(0)

    def add(self, shown: Shown) -> None:
        """Count a figure in, or a bonus on top."""
        assessment, value = shown.assessment, shown.outcome.value
        if value is None:
            return
        so_far = self._points.get(assessment.out_of, Decimal(0))
        if assessment.counting is _BONUS:
            value = _EXACT.subtract(value, _EXACT.divide(assessment.out_of, 2))
        else:
            self._weight = _EXACT.add(self._weight, assessment.weight)
        self._points[assessment.out_of] = _EXACT.fma(value, assessment.weight, so_far)

    def average(self) -> Fraction | None:
        """What was counted, brought to 20."""
        if not self._weight:
            return None
        averages = (
            _ratio(_EXACT.multiply(points, SCALE), _EXACT.multiply(out_of, self._weight))
            for out_of, points in self._points.items()
        )
        return sum(averages, _NONE)


def _ratio(part: Decimal, whole: Decimal) -> Fraction:
    # One search of a common divisor, where dividing two fractions makes four.
    (a, b), (c, d) = part.as_integer_ratio(), whole.as_integer_ratio()
    return Fraction(a * d, b * c)


def mean(values: Iterable[Fraction | None]) -> Fraction | None:
    """The mean of what is there, each with the same weight: the overall average.

    Of unrounded averages: the marks files carry no weight for a subject.
    """
    found = [value for value in values if value is not None]
    return sum(found, _NONE) / len(found) if found else None


def rounded(value: Fraction, places: int = 2) -> Decimal:
    """A figure as it is shown: half up (12.345 gives 12.35), as schools round."""
    shift = 10**places
    # Exact: whole numbers, a half added, the rest dropped. No figure is negative.
    whole = (2 * value.numerator * shift + value.denominator) // (2 * value.denominator)
    return Decimal(whole).scaleb(-places)
