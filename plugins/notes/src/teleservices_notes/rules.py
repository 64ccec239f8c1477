"""When a mark may be seen, and what its averages are. Pure.

Averages are exact: sums of decimals with at most four places in a context that
refuses to round, then one fraction. Rounding is for display only. They are
made of the entries given to them and nothing else, so that filtering by
:func:`visible` first keeps every figure free of what the family cannot see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Context, Decimal, Inexact
from enum import StrEnum
from fractions import Fraction
from operator import attrgetter
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import field, frozen

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.localtime import end_of_day, local_date, midnight
from teleservices_notes.model import (
    Assessment,
    Entry,
    Mark,
    MarkStatus,
    PublicationMode,
    Subject,
)

SCALE: Final = 20
"""Averages are given out of 20."""
_EXACT: Final = Context(prec=60, traps=[Inexact])


def visible_from(
    assessment: Assessment, mark: Mark, mode: PublicationMode, zone: ZoneInfo
) -> datetime | None:
    """The instant from which a family sees a mark; None while nobody knows.

    « Au fil de l'eau »: local midnight that begins the day after the last entry
    (F50). « À échéance »: local midnight that begins the publication date, and
    never without such a date (F51).
    """
    if mode is PublicationMode.ROLLING:
        return end_of_day(local_date(mark.entered_at, zone), zone)
    return None if assessment.publish_on is None else midnight(assessment.publish_on, zone)


def is_visible(
    assessment: Assessment, mark: Mark, mode: PublicationMode, at: datetime, zone: ZoneInfo
) -> bool:
    """Whether a family sees a mark at an instant."""
    from_at = visible_from(assessment, mark, mode, zone)
    return from_at is not None and from_at <= at


def visible(
    entries: Iterable[Entry], mode: PublicationMode, at: datetime, zone: ZoneInfo
) -> list[Entry]:
    """The entries that a family sees at an instant.

    Says what :func:`is_visible` says of each, with the time zone consulted once
    for the page instead of twice for each mark.
    """
    today = local_date(at, zone)
    if mode is PublicationMode.ROLLING:
        before_at = midnight(today, zone)
        return [entry for entry in entries if entry.mark.entered_at < before_at]
    return [
        entry
        for entry in entries
        if (publish_on := entry.assessment.publish_on) is not None and publish_on <= today
    ]


class Part(StrEnum):
    """What an entry does in its subject's average."""

    COUNTS = "counts"
    NO_FIGURE = "no_figure"
    """Absent, exempt, unmarked or not submitted: never a zero. A teacher who
    means a zero enters one."""
    NO_WEIGHT = "no_weight"
    """Coefficient 0."""
    NO_GAIN = "no_gain"
    """Optional, and it would not raise the average."""
    ONLY_OPTIONAL = "only_optional"
    """Optional, with nothing else for it to raise."""


@frozen
class Term:
    """One entry in the working of an average."""

    entry: Entry
    part: Part

    @property
    def score(self) -> Fraction | None:
        """The figure brought to 20, exact; None without a figure."""
        return score(self.entry)

    @property
    def points(self) -> Fraction:
        """The score times the weight; 0 if it does not count."""
        found = self.score if self.part is Part.COUNTS else None
        return Fraction(0) if found is None else found * Fraction(self.entry.assessment.weight)


@frozen
class SubjectAverage:
    """A subject's entries, oldest first, and the average they make."""

    subject: Subject
    terms: tuple[Term, ...]
    value: Fraction | None
    """Out of 20, exact; None when nothing counts."""

    @property
    def weight(self) -> Decimal:
        """The weights that count, together."""
        counting = (t.entry.assessment.weight for t in self.terms if t.part is Part.COUNTS)
        return sum(counting, Decimal(0))

    @property
    def points(self) -> Fraction:
        """The points that count, together; ``value`` is points / weight."""
        return sum((term.points for term in self.terms), Fraction(0))


@frozen
class MarkBook:
    """Everything a family sees of a student's marks at an instant."""

    mode: PublicationMode
    latest: tuple[Entry, ...]
    """The entries, last published first."""
    subjects: tuple[SubjectAverage, ...]
    """By label."""
    overall: Fraction | None = field(init=False)

    @overall.default
    def _overall(self) -> Fraction | None:
        return mean(subject.value for subject in self.subjects)

    def subject(self, code: str) -> SubjectAverage | None:
        """One subject, or None when no entry of it may be seen."""
        return next((each for each in self.subjects if each.subject.code == code), None)


def score(entry: Entry) -> Fraction | None:
    """A figure brought to 20, exact; None without a figure."""
    value = entry.mark.value
    if value is None:
        return None
    return Fraction(value) * SCALE / Fraction(entry.assessment.out_of)


def mark_book(entries: Iterable[Entry], mode: PublicationMode) -> MarkBook:
    """Order visible entries and make their averages."""
    by_day = sorted(entries, key=_by_day)
    by_code: dict[str, list[Entry]] = {}
    for entry in by_day:
        by_code.setdefault(entry.assessment.subject.code, []).append(entry)
    subjects = sorted(map(subject_average, by_code.values()), key=lambda s: _by_label(s.subject))
    # Sorting keeps the order of equals: of one evening's entries, the newest test first.
    latest = by_day[::-1]
    latest.sort(key=_PUBLISHED[mode], reverse=True)
    return MarkBook(mode, tuple(latest), tuple(subjects))


def _by_day(entry: Entry) -> tuple[Any, ...]:
    return entry.assessment.given_on, entry.assessment.title, entry.assessment.id


def _by_label(subject: Subject) -> tuple[str, str]:
    return fold(subject.label), subject.code


_PUBLISHED: Final[Mapping[PublicationMode, Callable[[Entry], Any]]] = {
    PublicationMode.ROLLING: attrgetter("mark.entered_at"),
    PublicationMode.SCHEDULED: attrgetter("assessment.publish_on"),
}


def subject_average(entries: list[Entry]) -> SubjectAverage:
    """The weighted average of one subject's entries, which may not be empty.

    An optional mark counts only if it raises the average: the best first, each
    for as long as it is above what the others make, which gives the highest
    average that any choice of optional marks could. With no compulsory mark
    there is nothing to raise, hence no average.
    """
    parts = [_part(entry) for entry in entries]
    sums = _Sums()
    optional: list[tuple[Fraction, int]] = []
    for index, (entry, part) in enumerate(zip(entries, parts, strict=True)):
        if part is not Part.COUNTS:
            continue
        if entry.assessment.is_optional:
            optional.append((score(entry) or Fraction(0), index))
        else:
            sums.add(entry)
    value = sums.average()
    for points, index in sorted(optional, key=lambda each: (-each[0], each[1])):
        if value is None:
            parts[index] = Part.ONLY_OPTIONAL
        elif points > value:
            sums.add(entries[index])
            value = sums.average()
        else:
            parts[index] = Part.NO_GAIN
    terms = tuple(map(Term, entries, parts))
    return SubjectAverage(entries[-1].assessment.subject, terms, value)


def _part(entry: Entry) -> Part:
    if entry.mark.status is not MarkStatus.MARK:
        return Part.NO_FIGURE
    return Part.COUNTS if entry.assessment.weight else Part.NO_WEIGHT


class _Sums:
    """Weighted figures by scale: one fraction per scale, not one per mark."""

    def __init__(self) -> None:
        self._points: dict[Decimal, Decimal] = {}
        self._weight = Decimal(0)

    def add(self, entry: Entry) -> None:
        """Count a figure in."""
        assessment, value = entry.assessment, entry.mark.value
        if value is None:
            return
        so_far = self._points.get(assessment.out_of, Decimal(0))
        self._points[assessment.out_of] = _EXACT.fma(value, assessment.weight, so_far)
        self._weight = _EXACT.add(self._weight, assessment.weight)

    def average(self) -> Fraction | None:
        """What was counted, brought to 20."""
        if not self._weight:
            return None
        points = (Fraction(p) / Fraction(out_of) for out_of, p in self._points.items())
        return sum(points, Fraction(0)) * SCALE / Fraction(self._weight)


def mean(values: Iterable[Fraction | None]) -> Fraction | None:
    """The mean of what is there, each with the same weight: the overall average.

    Of unrounded averages: the marks files carry no weight for a subject.
    """
    found = [value for value in values if value is not None]
    return sum(found, Fraction(0)) / len(found) if found else None


def rounded(value: Fraction, places: int = 2) -> Decimal:
    """A figure as it is shown: half up (12.345 gives 12.35), as schools round."""
    shift = 10**places
    # Exact: whole numbers, a half added, the rest dropped. No figure is negative.
    whole = (2 * value.numerator * shift + value.denominator) // (2 * value.denominator)
    return Decimal(whole).scaleb(-places)
