"""What a class got, in figures that give nobody away. Pure.

Beside showing only what the reader may see of each mark, three precautions:

- under a floor, nothing: few figures are guessed from few others;
- nothing either when all figures but at most one are alike: the least and the
  most would say what each of the others got;
- a figure that comes late, a test taken again or a correction, enters only with
  as many others as the floor asks: the mean of the day before, subtracted from
  today's, would give it.

What the class got in the subject is made of those same figures and of no other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.localtime import local_date
from teleservices_notes.model import Assessment, Mark
from teleservices_notes.rules.averages import SCALE, subject_average
from teleservices_notes.rules.publication import Shown, Viewpoint

LEAST_FLOOR: Final = 3
"""No establishment goes under."""
_TENTH: Final = Fraction(1, 10)


@frozen
class Spread:
    """What some students got together."""

    mean: Fraction
    """Rounded, coarsely enough for one figure to hide among the others."""
    least: Fraction
    most: Fraction
    number: int
    """How many figures it is made of."""


@frozen
class ClassFigures:
    """What a class got in a subject, as one reader may know it."""

    by_assessment: Mapping[UUID, Spread]
    """On each assessment's own scale; those that cannot be compared are left out."""
    averages: Spread | None
    """Of the students' averages out of 20, made of the figures above."""


NO_FIGURES: Final = ClassFigures({}, None)


def class_figures(
    class_marks: Iterable[tuple[Assessment, Sequence[Mark]]], eyes: Viewpoint, floor: int
) -> ClassFigures:
    """What a reader may know, at an instant, of a class's marks in a subject."""
    floor = max(floor, LEAST_FLOOR)
    spreads: dict[UUID, Spread] = {}
    by_student: dict[UUID, list[Shown]] = {}
    for assessment, marks in class_marks:
        told = released(assessment, marks, eyes, floor)
        grain = max(_TENTH, Fraction(assessment.out_of) / (10 * SCALE))
        values = [Fraction(shown.outcome.value or 0) for _student, shown in told]
        found = _spread(values, floor, grain)
        if found is not None:
            spreads[assessment.id] = found
            for student_id, shown in told:
                by_student.setdefault(student_id, []).append(shown)
    averages = [subject_average(shown).value for shown in by_student.values()]
    whole = _spread([each for each in averages if each is not None], floor, _TENTH)
    if whole is not None:
        least, most = _nearest(whole.least, _TENTH), _nearest(whole.most, _TENTH)
        whole = evolve(whole, least=least, most=most)
    return ClassFigures(spreads, whole)


def released(
    assessment: Assessment, marks: Iterable[Mark], eyes: Viewpoint, floor: int
) -> list[tuple[UUID, Shown]]:
    """The figures of an assessment that the class's may be made of, by student.

    Those of days that are over, oldest first; a day's figures wait until, with
    those waiting already, they are as many as the floor asks.
    """
    resolution, today = timedelta.resolution, local_date(eyes.at, eyes.zone)
    figures = []
    for mark in marks:
        shown = eyes.seen(assessment, mark)
        if shown is not None and shown.outcome.value is not None:
            # What midnight publishes belongs to the day that it ends.
            day = local_date(shown.since - resolution, eyes.zone)
            if day < today:
                figures.append((day, mark.student_id, shown))
    figures.sort(key=itemgetter(0, 1))
    told: list[tuple[UUID, Shown]] = []
    waiting: list[tuple[UUID, Shown]] = []
    for _day, come in groupby(figures, itemgetter(0)):
        waiting += [(student_id, shown) for _day, student_id, shown in come]
        if len(waiting) >= floor:
            told += waiting
            waiting = []
    return told


def _spread(values: list[Fraction], floor: int, grain: Fraction) -> Spread | None:
    if len(values) < floor or max(Counter(values).values()) > len(values) - 2:
        return None
    mean = sum(values, Fraction(0)) / len(values)
    return Spread(_nearest(mean, grain), min(values), max(values), len(values))


def _nearest(value: Fraction, grain: Fraction) -> Fraction:
    """The nearest multiple of a grain, half up."""
    return math.floor(value / grain + Fraction(1, 2)) * grain
