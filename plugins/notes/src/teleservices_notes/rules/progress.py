"""How averages moved along a year. Pure.

By the days of the assessments, from the marks that a reader sees now: a curve of
what was learnt, not of what was published when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from teleservices_notes.rules.averages import mean, score, subject_average
from teleservices_notes.rules.charts import Dated
from teleservices_notes.rules.publication import Shown

STEPS: Final = 24
"""Points of a curve at most: a screen has no room for more."""


def subject_progress(found: Sequence[Shown]) -> list[Dated]:
    """The average of one subject's marks after each day of assessment."""
    return _progress(found, lambda until: subject_average(until).value)


def overall_progress(found: Sequence[Shown]) -> list[Dated]:
    """The overall average after each day of assessment."""

    def overall(until: list[Shown]) -> Fraction | None:
        by_code: dict[str, list[Shown]] = {}
        for each in until:
            by_code.setdefault(each.assessment.subject.code, []).append(each)
        return mean(subject_average(each).value for each in by_code.values())

    return _progress(found, overall)


def marks_of(found: Iterable[Shown]) -> list[Dated]:
    """The figures brought to 20, each on its day, oldest first."""
    figures = ((each.assessment.given_on, score(each)) for each in found)
    return sorted((Dated(day, value) for day, value in figures if value is not None), key=_day)


def _day(each: Dated) -> date:
    return each.day


def _progress(
    found: Sequence[Shown], average: Callable[[list[Shown]], Fraction | None]
) -> list[Dated]:
    days = _some(sorted({each.assessment.given_on for each in found if score(each) is not None}))
    curve = []
    for day in days:
        value = average([each for each in found if each.assessment.given_on <= day])
        if value is not None:
            curve.append(Dated(day, value))
    return curve


def _some(days: list[date]) -> list[date]:
    """The days, or so many of them, evenly, the last one among them."""
    if len(days) <= STEPS:
        return days
    return [days[(index + 1) * len(days) // STEPS - 1] for index in range(STEPS)]
