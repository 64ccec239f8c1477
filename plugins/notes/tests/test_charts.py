"""Where the points of a chart stand, and what curve they draw."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from teleservices_notes.model import MarkStatus
from teleservices_notes.rules import (
    Dated,
    chart,
    marks_of,
    mean,
    overall_progress,
    subject_average,
    subject_progress,
)
from teleservices_notes.rules.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP
from teleservices_notes.rules.progress import STEPS
from teleservices_notes.testing import FRENCH, MATHS, a_shown

FIRST = date(2026, 9, 10)


def dated(*values):
    return [Dated(FIRST + timedelta(days=n), Fraction(value)) for n, value in enumerate(values)]


def test_corners():
    """From the first day to the last, 0 at the foot and 20 at the top."""
    drawn = chart(dated(0, 20), dated(10, 20))
    assert drawn is not None
    assert [(dot.x, dot.y) for dot in drawn.dots] == [
        (f"{LEFT}%", str(BOTTOM)),
        (f"{RIGHT}%", str(TOP)),
    ]
    assert drawn.line[0].start.y == str((TOP + BOTTOM) // 2)
    assert drawn.last == drawn.line[-1].end
    assert [(line.value, line.y) for line in drawn.grid][::4] == [(0, str(BOTTOM)), (20, str(TOP))]
    assert (drawn.first_day, drawn.last_day) == (FIRST, FIRST + timedelta(days=1))


def test_no_line_to_draw():
    """One day, or none: a figure says it better."""
    assert chart([], []) is None
    assert chart(dated(12), dated(12)) is None
    assert chart(dated(12, 13, 14), [Dated(FIRST, Fraction(12))]) is None


days = st.integers(0, 300).map(lambda n: FIRST + timedelta(days=n))
points = st.builds(Dated, days, st.fractions(0, 25))


@given(st.lists(points, max_size=20), st.lists(points, min_size=2, max_size=20))
def test_everything_is_inside(marks, averages):
    """Higher figures stand higher, later days further right, nothing outside."""
    averages = sorted(averages, key=lambda each: each.day)
    drawn = chart(sorted(marks, key=lambda each: each.day), averages)
    if drawn is None:
        assert len({each.day for each in averages}) == 1
        return
    across = [float(dot.x.removesuffix("%")) for dot in drawn.dots]
    assert across == sorted(across)
    for dot in (*drawn.dots, *(each.start for each in drawn.line)):
        assert LEFT <= float(dot.x.removesuffix("%")) <= RIGHT
        assert TOP <= float(dot.y) <= BOTTOM < HEIGHT
    assert len(drawn.line) == len(averages) - 1
    by_value = sorted(
        zip(averages, [drawn.line[0].start, *(s.end for s in drawn.line)], strict=True),
        key=lambda pair: pair[0].value,
    )
    heights = [-float(dot.y) for _each, dot in by_value]
    assert heights == sorted(heights)


shown = st.builds(
    lambda value, day, subject: a_shown(
        value,
        status=MarkStatus.ABSENT if value is None else MarkStatus.MARK,
        given_on=day,
        subject=subject,
        weight=Decimal(2),
    ),
    st.none() | st.integers(0, 20),
    days,
    st.sampled_from([MATHS, FRENCH]),
)


@given(st.lists(shown, max_size=40))
def test_curves_end_where_the_averages_are(found):
    """The last point is the average of today; there are never too many points."""
    maths = [each for each in found if each.assessment.subject == MATHS]
    french = [each for each in found if each.assessment.subject == FRENCH]
    averages = [subject_average(each).value for each in (maths, french) if each]
    for curve, expected in (
        (subject_progress(maths), averages[0] if maths else None),
        (overall_progress(found), mean(averages)),
    ):
        assert len(curve) <= STEPS
        assert [each.day for each in curve] == sorted({each.day for each in curve})
        assert (curve[-1].value if curve else None) == expected
    assert len(marks_of(found)) == sum(each.outcome.value is not None for each in found)
