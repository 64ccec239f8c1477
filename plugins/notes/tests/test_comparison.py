"""Figures of a class: nothing invisible in them, nobody given away by them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.builders import DIJON
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_notes.model import (
    Entry,
    Mark,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
)
from teleservices_notes.rules import Viewpoint, class_figures, subject_average, succeed
from teleservices_notes.rules.comparison import released
from teleservices_notes.testing import an_assessment, as_shown, entries, outcomes, plans

ZONE = DIJON.zone
LONG_AGO = datetime(2026, 10, 7, 16, tzinfo=UTC)


def eyes(plan=None, at=A_TUESDAY, audience=Audience.GUARDIAN):
    return Viewpoint(plan or PublicationPlan(), audience, at, ZONE)


def student(number):
    return UUID(int=number + 1)


def outcome(value, at=LONG_AGO):
    status = MarkStatus.ABSENT if value is None else MarkStatus.MARK
    return Outcome(status, None if value is None else Decimal(value), at)


def marked(*values, at=LONG_AGO, **assessment):
    """An assessment with a mark for each value, None for absent."""
    given = an_assessment(**assessment)
    return given, [Mark.first(given.id, student(n), outcome(v, at)) for n, v in enumerate(values)]


def figures(*class_marks, floor=5, **seen):
    return class_figures(class_marks, eyes(**seen), floor)


def test_of_an_assessment_and_of_the_subject():
    """On the assessment's scale, and out of 20 for the averages."""
    out_of_ten = marked(2, 4, 6, 8, 9, out_of=Decimal(10))
    plain = marked(10, 12, 14, 16, 11, None)
    found = figures(out_of_ten, plain)
    ten, twenty = found.by_assessment[out_of_ten[0].id], found.by_assessment[plain[0].id]
    assert (ten.mean, ten.least, ten.most, ten.number) == (Fraction("5.8"), 2, 9, 5)
    assert (twenty.mean, twenty.least, twenty.most, twenty.number) == (Fraction("12.6"), 10, 16, 5)
    assert found.averages is not None
    assert (found.averages.least, found.averages.most) == (7, 16), "the first and the fourth"
    assert found.averages.mean == Fraction("12.1")


def test_all_absent_but_one():
    """One figure among absents is nobody's business."""
    assert figures(marked(17, *[None] * 27)) == figures(marked(3, *[None] * 27))
    assert not figures(marked(17, *[None] * 27)).by_assessment


@pytest.mark.parametrize("values", [[12] * 6, [12, 12, 12, 12, 12, 4], [20, 3, 3, 3, 3]])
def test_all_alike(values):
    """Least, most and one's own mark would say what each of the others got."""
    found = figures(marked(*values))
    assert not found.by_assessment
    assert found.averages is None


@pytest.mark.parametrize("floor", [-1, 0, 1, 2, 3])
def test_no_floor_under_three(floor):
    assert not figures(marked(10, 15), floor=floor).by_assessment
    assert figures(marked(10, 15, 12), floor=floor).by_assessment


def test_a_mean_does_not_tell_two_decimals():
    """Coarser on larger scales: one figure moves it no more than it should say."""
    values = [Decimal(n * n) for n in range(1, 10)]
    (spread,) = figures(marked(*values, out_of=Decimal(100))).by_assessment.values()
    assert spread.mean * 2 == round(spread.mean * 2)
    (spread,) = figures(marked(*values[:4], 1)).by_assessment.values()
    assert spread.mean * 10 == round(spread.mean * 10)


@pytest.mark.parametrize("before", [14, None])
def test_who_takes_the_test_later_changes_nothing_alone(before):
    """Absent first, or corrected: waits for as many others, whatever the value."""
    given, marks = marked(8, 10, 12, 14, 16, 9, 11)
    late = datetime(2026, 11, 20, 9, tzinfo=UTC)

    def after(value):
        first = Mark.first(given.id, student(9), outcome(before))
        return figures((given, [*marks, succeed(first, outcome(value, late), "", ZONE)]))

    assert after(19) == after(2) == figures((given, marks))


def test_late_ones_enter_together():
    given, marks = marked(8, 10, 12, 14, 16)
    days = [datetime(2026, 11, 16 + n, 9, tzinfo=UTC) for n in range(5)]
    later = [Mark.first(given.id, student(20 + n), outcome(n, day)) for n, day in enumerate(days)]
    four, five = figures((given, marks + later[:4])), figures((given, marks + later))
    assert four.by_assessment[given.id].number == 5
    assert five.by_assessment[given.id].number == 10


@pytest.mark.parametrize("mode", [PublicationMode.IMMEDIATE, PublicationMode.ROLLING])
def test_only_days_that_are_over(mode):
    """Entered one by one before everybody's eyes: nothing moves until midnight."""
    plan = PublicationPlan(Publication(mode))
    found = marked(8, 10, 12, 14, 16, at=A_TUESDAY - timedelta(hours=1))
    assert not figures(found, plan=plan).by_assessment
    assert figures(found, plan=plan, at=A_TUESDAY + timedelta(days=1)).by_assessment


def test_scheduled_are_there_from_the_first_minute():
    plan = PublicationPlan(Publication(PublicationMode.SCHEDULED, on=date(2026, 11, 24)))
    found = marked(8, 10, 12, 14, 16, at=A_TUESDAY - timedelta(days=1, hours=1))
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert figures(found, plan=plan, at=midnight).by_assessment
    assert not figures(found, plan=plan, at=midnight - timedelta(seconds=1)).by_assessment


values = st.none() | st.integers(0, 80).map(lambda n: Decimal(n) / 4)


@given(
    st.lists(st.tuples(values, st.integers(0, 12)), max_size=25),
    st.integers(3, 7),
    st.sampled_from(PublicationMode),
)
def test_two_days_differ_by_nothing_or_by_enough(come, floor, mode):
    """No subtraction of one day's figures from another's is about fewer than the floor."""
    plan = PublicationPlan(Publication(mode, on=None))
    given = an_assessment(publish_on=date(2026, 11, 3))
    first = datetime(2026, 11, 1, 9, tzinfo=UTC)
    marks = [
        Mark.first(given.id, student(n), outcome(value, first + timedelta(days=day, minutes=n)))
        for n, (value, day) in enumerate(come)
    ]
    before: frozenset[UUID] = frozenset()
    for hours in range(0, 24 * 15, 5):
        # What was entered by then.
        at = first + timedelta(hours=hours)
        known = [mark for mark in marks if mark.first_entered_at <= at]
        now = frozenset(who for who, _shown in released(given, known, eyes(plan, at), floor))
        assert before <= now
        assert now == before or len(now - before) >= floor
        before = now


@given(st.lists(st.lists(values, min_size=3, max_size=9), min_size=1, max_size=3))
def test_nobody_can_be_told_from_a_classmate(columns):
    """For whoever knows one's own marks, two others could be exchanged, and got different figures.

    So no figure of a classmate is certain, whatever is shown.
    """
    class_marks = [marked(*column, id=UUID(int=n)) for n, column in enumerate(columns)]
    shown = figures(*class_marks, floor=3)
    for work, marks in class_marks:
        if work.id not in shown.by_assessment:
            continue
        got = {m.student_id: m.outcome.value for m in marks if m.outcome.value is not None}
        for me in got:
            others = Counter(value for who, value in got.items() if who != me)
            assert len(others) >= 2
        one, other = list(got)[:2]
        swap = {one: other, other: one}
        exchanged = [
            (each, [evolve(m, student_id=swap.get(m.student_id, m.student_id)) for m in found])
            for each, found in class_marks
        ]
        assert figures(*exchanged, floor=3) == shown


@st.composite
def two_classes(draw):
    """A class's marks, twice, that differ only in what the reader may not see."""
    plan, audience = draw(plans()), draw(st.sampled_from(list(Audience)[:2]))
    look = eyes(plan, audience=audience)
    one, other = [], []
    for _ in range(draw(st.integers(1, 2))):
        given = draw(entries()).assessment
        here, there = [], []
        for number in range(draw(st.integers(4, 8))):
            entry = draw(entries())
            mark = evolve(entry.mark, assessment_id=given.id, student_id=student(number))
            here.append(mark)
            found = look.seen(given, mark)
            at = mark.outcome.entered_at
            if found is None and draw(st.booleans()):
                continue
            if found is None or found.outcome is not mark.outcome:
                mark = evolve(mark, outcome=draw(outcomes(at, given.out_of)))
            there.append(mark)
        one.append((given, here))
        other.append((given, there))
    return look, one, other


@pytest.mark.faq("F50")
@pytest.mark.faq("F51")
@given(two_classes())
def test_nothing_invisible_counts(classes):
    look, one, other = classes
    assert class_figures(one, look, 3) == class_figures(other, look, 3)


@given(st.lists(values, min_size=3, max_size=12))
def test_under_the_floor_no_value_matters(column):
    """Whatever the hidden figures are, the answer is the same."""
    count = sum(value is not None for value in column)
    assume(count)
    zeros = [None if value is None else 0 for value in column]
    assert figures(marked(*column), floor=count + 1) == figures(marked(*zeros), floor=count + 1)


@given(st.lists(st.integers(0, 80).map(lambda n: Decimal(n) / 4), min_size=3, max_size=12))
def test_an_oracle(column):
    work, marks = marked(*column)
    found = figures((work, marks), floor=3).by_assessment.get(work.id)
    if max(Counter(column).values()) > len(column) - 2:
        assert found is None
        return
    assert found is not None
    assert abs(found.mean - sum(map(Fraction, column)) / len(column)) <= Fraction(1, 20)
    assert (found.least, found.most) == (min(column), max(column))
    averages = [subject_average([as_shown(Entry(work, mark))]).value for mark in marks]
    assert averages == list(map(Fraction, column))
