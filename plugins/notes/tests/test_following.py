"""What is news to a reader, and when he is written to: the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.testing.builders import DIJON
from teleservices_notes.model import DigestChoice, Frequency, Known, Subject
from teleservices_notes.rules import (
    Novelty,
    Viewpoint,
    learn,
    may_write,
    news,
    next_due,
    novelty,
)
from teleservices_notes.testing import a_shown, entries, plans

ZONES = st.sampled_from(
    [ZoneInfo(n) for n in ("Europe/Paris", "Indian/Reunion", "America/Cayenne", "Pacific/Noumea")]
)
INSTANTS = st.datetimes(datetime(2026, 9, 1), datetime(2027, 7, 7)).map(
    lambda naive: naive.replace(tzinfo=UTC)
)
CHOICES = st.builds(DigestChoice, st.sampled_from(Frequency), st.integers(0, 6))


@given(st.lists(entries(), max_size=6), plans(), st.lists(st.integers(-8, 9), max_size=5))
def test_each_outcome_is_news_once(found, plan, days):
    """Whatever is looked at and when: what was learned is no news, what was not is."""
    known, heard = Known(), []
    for day in days:
        at = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(days=day)
        shown = Viewpoint(plan, "guardian", at, DIJON.zone).look(found)
        for each in shown:
            latest = max((o for a, o in heard if a == each.assessment.id), default=None)
            is_news = latest is None or latest < each.outcome.entered_at
            expected = Novelty.NEW if latest is None else Novelty.CORRECTED
            assert novelty(each, known) is (expected if is_news else None)
            heard.append((each.assessment.id, each.outcome.entered_at))
        known = learn(known, shown)
        assert news(shown, known) == []


def test_news_count_by_subject():
    """New and corrected apart; what any of the two knowledges holds is no news."""
    first, second, third = a_shown(), a_shown(15), a_shown(8)
    known = learn(Known(), [first, second])
    later = evolve(
        second,
        outcome=evolve(second.outcome, entered_at=second.outcome.entered_at + timedelta(hours=1)),
    )
    (line,) = news([first, later, third], Known(), known)
    assert (line.subject.code, line.new, line.corrected) == ("MATHS", 1, 1)
    labels = ["Éducation musicale", "Français", "Technologie"]
    found = [a_shown(subject=Subject(str(n), label)) for n, label in enumerate(labels)]
    assert [each.subject.label for each in news(found[::-1])] == labels
    assert news([third], known, learn(Known(), [third])) == []


@given(CHOICES, INSTANTS, ZONES)
def test_the_next_mail_leaves_at_a_decent_hour(choice, at, zone):
    """Later than the last one, on the day chosen, at seven by the clock of the place."""
    due = next_due(choice, at, zone)
    if choice.frequency is Frequency.OFF:
        assert due is None
    elif choice.frequency is Frequency.IMMEDIATE:
        assert due == at
    else:
        local = due.astimezone(zone)
        assert due > at
        assert (local.hour, local.minute, local.second) == (7, 0, 0)
        days = 7 if choice.frequency is Frequency.WEEKLY else 1
        assert due - at <= timedelta(days=days, hours=1)
        if choice.frequency is Frequency.WEEKLY:
            assert local.weekday() == choice.weekday
        assert may_write(due, zone)


@pytest.mark.parametrize(
    ("local", "may"),
    [("06:59:59", False), ("07:00:00", True), ("20:59:59", True), ("21:00:00", False)],
)
@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28", "2026-11-24"])
@pytest.mark.parametrize("zone", ["Europe/Paris", "Indian/Reunion", "Pacific/Noumea"])
def test_nobody_is_woken(day, local, may, zone):
    """From seven to nine in the evening, on the nights when the hour changes too."""
    at = datetime.fromisoformat(f"{day}T{local}").replace(tzinfo=ZoneInfo(zone))
    assert may_write(at.astimezone(UTC), ZoneInfo(zone)) is may
