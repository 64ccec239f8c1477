"""Figures of a class: nothing invisible in them, nobody given away by them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import assume, given, target
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.builders import DIJON
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_notes.model import (
    Counting,
    Mark,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
)
from teleservices_notes.rules import Viewpoint, class_figures, succeed
from teleservices_notes.rules.comparison import released
from teleservices_notes.testing import an_assessment, entries, outcomes, plans

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


SPREAD = (8, 10, 12, 14, 16, 9, 11)
"""Seven marks whose mean is said: none is given away."""


def test_of_an_assessment_and_of_the_subject():
    """On the assessment's scale, and out of 20 for the subject: the weighted mean of the means."""
    out_of_ten = marked(2, 4, 6, 8, 9, 5, 3, out_of=Decimal(10))
    plain = marked(*SPREAD, None, weight=Decimal(2))
    optional = marked(*SPREAD[::-1], counting=Counting.OPTIONAL)
    found = figures(out_of_ten, plain, optional)
    ten, twenty = found.by_assessment[out_of_ten[0].id], found.by_assessment[plain[0].id]
    assert (ten.mean, ten.number, ten.between) == (Fraction("5.3"), 7, None)
    assert (twenty.mean, twenty.number, twenty.between) == (Fraction("11.4"), 7, None)
    assert optional[0].id in found.by_assessment
    assert found.average == Fraction("11.1"), "(5.3 × 2 + 11.4 × 2) ÷ 3"


def test_between_which_marks():
    """In a class large enough, round figures that three students stand near."""
    work = marked(*(5, 6, 7, 9, 10, 11, 12, 13, 9, 10, 11, 12, 13, 17, 18, 19, 8, 14))
    assert figures(work).by_assessment[work[0].id].between == (4, 20)
    lonely = marked(*(2, 9, 10, 11, 12, 13, 9, 10, 11, 12, 13, 17, 18, 19, 8, 14))
    assert figures(lonely).by_assessment[lonely[0].id].between is None


def test_all_absent_but_one():
    """One figure among absents is nobody's business."""
    assert figures(marked(17, *[None] * 27)) == figures(marked(3, *[None] * 27))
    assert not figures(marked(17, *[None] * 27)).by_assessment


@pytest.mark.parametrize(
    "values",
    [
        *([12] * 6, [12, 12, 12, 12, 12, 4], [20, 3, 3, 3, 3], [8, 15, 12], [20, 20, 20, 20, 19]),
        *([0, 5, 10, 15, 20, 10, 5, 15], [20, 19, 20, 18, 20, 20, 20, 20]),
    ],
)
def test_what_would_tell(values):
    """All alike, near an end of the scale, too few, or by steps as coarse as four questions."""
    found = figures(marked(*values))
    assert not found.by_assessment
    assert found.average is None


@pytest.mark.parametrize("floor", [-1, 0, 1, 2, 3, 4, 5])
def test_no_floor_under_five(floor):
    assert not figures(marked(10, 11, 9, 10), floor=floor).by_assessment
    assert figures(marked(10, 11, 9, 10, 11), floor=floor).by_assessment


def test_a_mean_does_not_tell_two_decimals():
    """Coarser on larger scales: one figure moves it no more than it should say."""
    values = [Decimal(n * n) for n in range(1, 10)]
    (spread,) = figures(marked(*values, 99, 98, out_of=Decimal(100))).by_assessment.values()
    assert spread.mean * 2 == round(spread.mean * 2)
    (spread,) = figures(marked(*SPREAD)).by_assessment.values()
    assert spread.mean * 10 == round(spread.mean * 10)


LATE = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize("before", [14, None])
@pytest.mark.parametrize("after", [19, 2, None])
def test_a_change_alone_changes_nothing(before, after):
    """Absent first, or corrected: what stood before counts on, whatever the new value."""
    given, marks = marked(*SPREAD)
    first = Mark.first(given.id, student(9), outcome(before))
    then = figures((given, [*marks, first]))
    changed = succeed(first, outcome(after, LATE), "", ZONE)
    assert figures((given, [*marks, changed])) == then


def test_a_mark_corrected_on_two_days():
    """Its first figure is not known any more: nothing is shown rather than a difference."""
    given, marks = marked(*SPREAD)
    again = succeed(marks[0], outcome(9, LATE), "", ZONE)
    twice = succeed(again, outcome(10, LATE + timedelta(days=1)), "", ZONE)
    assert figures((given, [again, *marks[1:]])) == figures((given, marks))
    assert not figures((given, [twice, *marks[1:]])).by_assessment


def test_late_ones_enter_together():
    given, marks = marked(*SPREAD)
    days = [datetime(2026, 11, 16 + n, 9, tzinfo=UTC) for n in range(5)]
    later = [
        Mark.first(given.id, student(20 + n), outcome(8 + n, day)) for n, day in enumerate(days)
    ]
    four, five = figures((given, marks + later[:4])), figures((given, marks + later))
    assert four.by_assessment[given.id].number == 7
    assert five.by_assessment[given.id].number == 12


def test_a_whole_column_entered_wrongly():
    """Corrected together, the new figures take the place of the old ones."""
    given, marks = marked(*SPREAD)
    late = [succeed(m, outcome(m.outcome.value + 1, LATE), "", ZONE) for m in marks]
    before, after = figures((given, marks)), figures((given, late))
    assert after.by_assessment[given.id].mean == before.by_assessment[given.id].mean + 1


@pytest.mark.parametrize("mode", [PublicationMode.IMMEDIATE, PublicationMode.ROLLING])
def test_only_days_that_are_over(mode):
    """Entered one by one before everybody's eyes: nothing moves until midnight."""
    plan = PublicationPlan(Publication(mode))
    found = marked(*SPREAD, at=A_TUESDAY - timedelta(hours=1))
    assert not figures(found, plan=plan).by_assessment
    assert figures(found, plan=plan, at=A_TUESDAY + timedelta(days=1)).by_assessment


def test_scheduled_are_there_from_the_first_minute():
    plan = PublicationPlan(Publication(PublicationMode.SCHEDULED, on=date(2026, 11, 24)))
    found = marked(*SPREAD, at=A_TUESDAY - timedelta(days=1, hours=1))
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert figures(found, plan=plan, at=midnight).by_assessment
    assert not figures(found, plan=plan, at=midnight - timedelta(seconds=1)).by_assessment


values = st.none() | st.integers(0, 80).map(lambda n: Decimal(n) / 4)


@st.composite
def changing(draw):
    """A class's marks as entered on some days, each perhaps changed later; the instants."""
    given = an_assessment(publish_on=date(2026, 11, 3))
    start = datetime(2026, 11, 1, 9, tzinfo=UTC)
    # Mostly on a few days, and around the middle, or no batch would ever be told.
    day = st.sampled_from([0, 0, 0, 1, 2, 6, 6, 9])
    middle = st.none() | st.integers(24, 56).map(lambda n: Decimal(n) / 4)
    events = []
    for number in range(draw(st.integers(5, 14))):
        on = draw(day)
        events.append((on, number, draw(middle)))
        if draw(st.booleans()):
            events.append((on + draw(st.integers(1, 4)), number, draw(middle)))
    return given, start, sorted(events, key=lambda event: event[:2])


@given(changing(), st.sampled_from(PublicationMode))
def test_two_days_differ_by_nothing_or_by_enough(come, mode):
    """No subtraction of one day's figures from another's is about fewer than five students."""
    given, start, events = come
    plan = PublicationPlan(Publication(mode, on=None))
    before, told = {}, 0
    for hours in range(0, 24 * 15, 6):
        at = start + timedelta(hours=hours)
        marks = {}
        for day, number, value in events:
            entered_at = start + timedelta(days=day, minutes=number)
            if entered_at <= at:
                new = outcome(value, entered_at)
                old = marks.get(number)
                marks[number] = (
                    Mark.first(given.id, student(number), new)
                    if old is None
                    else succeed(old, new, "", ZONE)
                )
        now = released(given, list(marks.values()), eyes(plan, at))
        changed = {who for who in before.keys() | now.keys() if before.get(who) != now.get(who)}
        assert not changed or len(changed) >= 5
        told += bool(changed)
        before = now
    target(told)


@st.composite
def two_classes(draw):
    """A class's marks, twice, that differ only in what the reader may not see."""
    plan, audience = draw(plans()), draw(st.sampled_from(list(Audience)[:2]))
    look = eyes(plan, audience=audience)
    one, other = [], []
    for _ in range(draw(st.integers(1, 2))):
        given = draw(entries()).assessment
        here, there = [], []
        for number in range(draw(st.integers(5, 9))):
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
    assert class_figures(one, look, 5) == class_figures(other, look, 5)


@given(st.lists(values, min_size=3, max_size=12))
def test_under_the_floor_no_value_matters(column):
    """Whatever the hidden figures are, the answer is the same."""
    count = sum(value is not None for value in column)
    assume(count)
    zeros = [None if value is None else 0 for value in column]
    assert figures(marked(*column), floor=count + 1) == figures(marked(*zeros), floor=count + 1)


@given(st.lists(st.integers(0, 80).map(lambda n: Decimal(n) / 4), min_size=5, max_size=12))
def test_an_oracle(column):
    """Where a mean is shown, it is the marks' own, to the rounding."""
    work, marks = marked(*column)
    found = figures((work, marks)).by_assessment.get(work.id)
    if found is not None:
        assert abs(found.mean - sum(map(Fraction, column)) / len(column)) <= Fraction(1, 20)
        assert found.number == len(column)
