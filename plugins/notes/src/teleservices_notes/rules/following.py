"""What is news to a reader, and when to write of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.domain.localtime import local_date
from teleservices_notes.model import DigestChoice, Frequency, Known, Subject
from teleservices_notes.rules.averages import by_label
from teleservices_notes.rules.publication import Shown

DAY_STARTS: Final = time(7)
DAY_ENDS: Final = time(21)
"""No mail leaves before the one or from the other on: it would wake somebody."""


class Novelty(StrEnum):
    """What a mark is to somebody who has said what he had seen."""

    NEW = "new"
    CORRECTED = "corrected"
    """An earlier outcome was known to him."""


def novelty(shown: Shown, *known: Known) -> Novelty | None:
    """What a mark is to somebody who knows some outcomes; None for no news.

    An outcome older than a known one is no news either: a change of rule may
    show again what stood before a correction.
    """
    key, entered = Known.item(shown.assessment.id, shown.outcome.entered_at)
    latest = max((each.latest.get(key, entered - 1) for each in known), default=entered - 1)
    if latest >= entered:
        return None
    return Novelty.CORRECTED if any(key in each.latest for each in known) else Novelty.NEW


def learn(known: Known, shown: Iterable[Shown]) -> Known:
    """What somebody knows once he has read some marks."""
    latest = dict(known.latest)
    for each in shown:
        key, entered = Known.item(each.assessment.id, each.outcome.entered_at)
        latest[key] = max(entered, latest.get(key, entered))
    return Known(latest)


def fingerprint(shown: Iterable[Shown]) -> str:
    """Names exactly the outcomes that a page shows: whoever read it read those."""
    read = sorted(Known.item(each.assessment.id, each.outcome.entered_at) for each in shown)
    return sha256(repr(read).encode()).hexdigest()[:32]


@frozen
class SubjectNews:
    """How many marks of a subject are news."""

    subject: Subject
    new: int = 0
    corrected: int = 0


def news(shown: Iterable[Shown], *known: Known) -> list[SubjectNews]:
    """What is news to somebody, by subject in the order of their names."""
    counts: dict[Subject, list[int]] = {}
    for each in shown:
        what = novelty(each, *known)
        if what is not None:
            numbers = counts.setdefault(each.assessment.subject, [0, 0])
            numbers[what is Novelty.CORRECTED] += 1
    ordered = sorted(counts, key=by_label)
    return [SubjectNews(subject, *counts[subject]) for subject in ordered]


def may_write(at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is an hour at which people may be written to."""
    return DAY_STARTS <= at.astimezone(zone).time() < DAY_ENDS


def next_due(choice: DigestChoice, after: datetime, zone: ZoneInfo) -> datetime | None:
    """From when somebody is to be written to again, once he was at an instant; None: never.

    At once: as soon as there is news. Otherwise at the start of the next day,
    or of the next chosen day.
    """
    if choice.frequency is Frequency.OFF:
        return None
    if choice.frequency is Frequency.IMMEDIATE:
        return after
    day = local_date(after, zone)
    if after >= _start_of(day, zone):
        day += timedelta(days=1)
    if choice.frequency is Frequency.WEEKLY:
        day += timedelta(days=(choice.weekday - day.weekday()) % 7)
    return _start_of(day, zone)


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, DAY_STARTS, tzinfo=zone).astimezone(UTC)
