"""What a class got, in figures that give nobody away. Pure.

Beside showing only what the reader may see of each mark, and what
:mod:`.disclosure` lets be shown, two precautions against comparing:

- a figure that comes late, a test taken again or a correction, enters only with
  others, as many as hide it: the mean of the day before, subtracted from
  today's, would give it. Until then what stood before goes on counting;
- what the class got in the subject is made of the means shown and of nothing
  else: from students' own averages, and who was absent when, marks would follow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import local_date
from teleservices_notes.model import Assessment, Counting, Mark
from teleservices_notes.rules.averages import SCALE
from teleservices_notes.rules.disclosure import LEAST_FLOOR, extremes, hides_each, is_coarse
from teleservices_notes.rules.publication import Shown, Viewpoint

_TENTH: Final = Fraction(1, 10)


@frozen
class Spread:
    """What some students got together."""

    mean: Fraction
    """Rounded, coarsely enough for one figure to hide among the others."""
    number: int
    """How many figures it is made of."""
    between: tuple[Fraction, Fraction] | None = None
    """Round figures between which all are, where that tells nobody's."""


@frozen
class ClassFigures:
    """What a class got in a subject, as one reader may know it."""

    by_assessment: Mapping[UUID, Spread]
    """On each assessment's own scale; those that cannot be compared are left out."""
    average: Fraction | None
    """Out of 20: the means above with their weights, those of compulsory marks."""


NO_FIGURES: Final = ClassFigures({}, None)


def class_figures(
    class_marks: Iterable[tuple[Assessment, Sequence[Mark]]], eyes: Viewpoint, floor: int
) -> ClassFigures:
    """What a reader may know, at an instant, of a class's marks in a subject.

    ``floor`` is how many marks the establishment wants at least.
    """
    spreads: dict[UUID, Spread] = {}
    points = weights = Fraction(0)
    for assessment, marks in class_marks:
        values = list(released(assessment, marks, eyes).values())
        found = _spread(values, assessment) if len(values) >= floor else None
        if found is None:
            continue
        spreads[assessment.id] = found
        if assessment.counting is Counting.COMPULSORY:
            weight = Fraction(assessment.weight)
            points += found.mean / Fraction(assessment.out_of) * SCALE * weight
            weights += weight
    return ClassFigures(spreads, _nearest(points / weights, _TENTH) if weights else None)


def released(
    assessment: Assessment, marks: Iterable[Mark], eyes: Viewpoint
) -> Mapping[UUID, Fraction]:
    """The figures of an assessment that the class's may be made of, by student.

    Those of days that are over, oldest first; a day's figures wait until, with
    those waiting already, they are enough to hide each other. None at all once
    a mark was corrected on two days: what its first figure made is not known
    any more.
    """
    events: list[tuple[date, UUID, Fraction | None]] = []
    today = local_date(eyes.at, eyes.zone)
    for mark in marks:
        if _is_twice_corrected(mark, eyes):
            return {}
        events += (
            (day, mark.student_id, value)
            for day, value in _history(assessment, mark, eyes)
            if day < today
        )
    events.sort(key=itemgetter(0))
    told: dict[UUID, Fraction] = {}
    waiting: dict[UUID, Fraction | None] = {}
    for _day, come in groupby(events, itemgetter(0)):
        waiting |= {student_id: value for _, student_id, value in come}
        # Who had no figure and gets none changes nothing.
        waiting = {who: value for who, value in waiting.items() if told.get(who) != value}
        if _hide_each_other([value for value in waiting.values() if value is not None], assessment):
            gone = {who for who, value in waiting.items() if value is None}
            told = {who: value for who, value in told.items() if who not in gone}
            told |= {who: value for who, value in waiting.items() if value is not None}
            waiting = {}
    return told


def _is_twice_corrected(mark: Mark, eyes: Viewpoint) -> bool:
    prior = mark.prior
    return prior is not None and local_date(prior.entered_at, eyes.zone) > local_date(
        mark.first_entered_at, eyes.zone
    )


def _history(
    assessment: Assessment, mark: Mark, eyes: Viewpoint
) -> Iterator[tuple[date, Fraction | None]]:
    """The days on which a reader came to see an outcome, and its figure, oldest first."""
    seen: list[Shown | None] = []
    if mark.prior is not None:
        before = Mark.first(mark.assessment_id, mark.student_id, mark.prior)
        seen.append(eyes.seen(assessment, before))
    seen.append(eyes.seen(assessment, mark))
    for shown in seen:
        if shown is not None:
            value = shown.outcome.value
            # What midnight publishes belongs to the day that it ends.
            day = local_date(shown.since - timedelta.resolution, eyes.zone)
            yield day, None if value is None else Fraction(value)


def _hide_each_other(values: Sequence[Fraction], assessment: Assessment) -> bool:
    if len(values) < LEAST_FLOOR:
        return False
    grain = _grain(assessment)
    mean = _nearest(sum(values, Fraction(0)) / len(values), grain)
    return hides_each(len(values), mean, grain / 2, Fraction(assessment.out_of))


def _spread(values: Sequence[Fraction], assessment: Assessment) -> Spread | None:
    out_of = Fraction(assessment.out_of)
    if is_coarse(values, out_of) or not _hide_each_other(values, assessment):
        return None
    grain = _grain(assessment)
    mean = _nearest(sum(values, Fraction(0)) / len(values), grain)
    return Spread(mean, len(values), extremes(values, mean, grain / 2, out_of))


def _grain(assessment: Assessment) -> Fraction:
    return max(_TENTH, Fraction(assessment.out_of) / (10 * SCALE))


def _nearest(value: Fraction, grain: Fraction) -> Fraction:
    """The nearest multiple of a grain, half up."""
    return math.floor(value / grain + Fraction(1, 2)) * grain
