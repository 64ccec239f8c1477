"""Averages against an oracle in plain fractions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.errors import InvalidValueError
from teleservices_notes.model import Counting, MarkStatus, Publication, PublicationPlan, Subject
from teleservices_notes.rules import Part, mark_book, mean, rounded, score, subject_average
from teleservices_notes.testing import (
    FRENCH,
    HISTORY,
    MATHS,
    a_shown,
    an_assessment,
    an_entry,
    as_shown,
    entries,
)

SHOWN = entries().map(as_shown)
IN_MATHS = st.lists(SHOWN, min_size=1, max_size=6)


def out_of_20(shown):
    return Fraction(shown.outcome.value) / Fraction(shown.assessment.out_of) * 20


def weighted(found, bonuses):
    """The oracle: sum of weight × value / scale × 20, with bonuses on top, over the weights."""
    weight = sum(Fraction(e.assessment.weight) for e in found)
    points = sum(Fraction(e.assessment.weight) * out_of_20(e) for e in found)
    above = sum(Fraction(e.assessment.weight) * max(out_of_20(e) - 10, 0) for e in bonuses)
    return min((points + above) / weight, Fraction(20)) if weight else None


def oracle(found):
    """Of every choice of optional marks, the one that gives the highest average."""
    figures = [e for e in found if e.outcome.status is MarkStatus.MARK and e.assessment.weight]
    by = {each: [e for e in figures if e.assessment.counting is each] for each in Counting}
    compulsory, optional = by[Counting.COMPULSORY], by[Counting.OPTIONAL]
    if not compulsory:
        return None
    choices = chain.from_iterable(combinations(optional, n) for n in range(len(optional) + 1))
    return max(weighted([*compulsory, *chosen], by[Counting.BONUS]) for chosen in choices)


def book_of(found):
    return mark_book(found, PublicationPlan(), Publication())


@given(IN_MATHS)
def test_equals_the_oracle(found):
    """Exactly: as fractions, with no rounding."""
    assert subject_average(found).value == oracle(found)


@given(IN_MATHS)
def test_terms_explain_the_average(found):
    """What the page shows as the working gives the average."""
    average = subject_average(found)
    assert [term.shown for term in average.terms] == found
    if average.value is not None:
        told = average.points / Fraction(average.weight)
        assert min(told, 20) == average.value
        assert average.is_capped is (told > 20)
    else:
        assert Part.COUNTS not in {term.part for term in average.terms}


@given(IN_MATHS, st.randoms())
def test_order_does_not_matter(found, random):
    """Neither does it choose between optional marks."""
    shuffled = random.sample(found, len(found))
    assert subject_average(shuffled).value == subject_average(found).value


@given(st.lists(SHOWN, max_size=12))
def test_overall_is_the_mean_of_subjects(found):
    """Each subject with the same weight, unrounded."""
    by_code = {}
    for entry in found:
        by_code.setdefault(entry.assessment.subject.code, []).append(entry)
    values = [v for v in map(oracle, by_code.values()) if v is not None]
    book = book_of(found)
    assert book.overall == (sum(values) / len(values) if values else None)
    assert [each.subject.code for each in book.subjects] == [
        code for code in ("FRANC", "HIGEO", "MATHS") if code in by_code
    ]
    assert sorted(map(id, book.latest)) == sorted(map(id, found))


@pytest.mark.parametrize("status", [each for each in MarkStatus if each is not MarkStatus.MARK])
def test_no_figure_is_no_zero(status):
    """Absent, exempt, unmarked, not submitted: out of the average."""
    found = [a_shown(14), a_shown(None, status=status, weight=Decimal(5))]
    average = subject_average(found)
    assert average.value == 14
    assert [term.part for term in average.terms] == [Part.COUNTS, Part.NO_FIGURE]
    assert subject_average(found[1:]).value is None


def test_zero_is_a_figure():
    """A zero that was entered counts."""
    assert subject_average([a_shown(0), a_shown(10)]).value == 5


def test_scales_and_weights():
    """7/10 with weight 2 and 12/20: (14 × 2 + 12) / 3."""
    found = [a_shown(7, out_of=Decimal(10), weight=Decimal(2)), a_shown(12)]
    assert subject_average(found).value == Fraction(40, 3)
    assert score(found[0]) == 14


def test_weight_zero():
    """Shown, never counted, even alone."""
    found = [a_shown(3, weight=Decimal(0))]
    average = subject_average(found)
    assert average.value is None
    assert average.terms[0].part is Part.NO_WEIGHT


def test_optional():
    """Counts when it raises; says so when it does not; makes no average alone."""

    def parts(*found):
        return [term.part for term in subject_average(list(found)).terms]

    good, bad = a_shown(18, counting=Counting.OPTIONAL), a_shown(4, counting=Counting.OPTIONAL)
    same = a_shown(12, counting=Counting.OPTIONAL)
    assert parts(a_shown(12), good, bad, same) == [
        Part.COUNTS,
        Part.COUNTS,
        Part.NO_GAIN,
        Part.NO_GAIN,
    ]
    assert parts(good) == [Part.NOTHING_TO_RAISE]


def test_bonus():
    """Points above 10 come on top, the weight does not; never beyond 20, never alone."""

    def average(*found):
        return subject_average(list(found))

    bonus = {"counting": Counting.BONUS, "weight": Decimal(2)}
    raised = average(a_shown(12), a_shown(13), a_shown(14, **bonus))
    assert (raised.value, raised.points, raised.weight) == (Fraction(33, 2), 33, 2)
    assert average(a_shown(12), a_shown(8, **bonus)).terms[1].part is Part.NO_GAIN
    top = average(a_shown(19), a_shown(20, **bonus))
    assert (top.value, top.is_capped) == (20, True)
    assert average(a_shown(20, **bonus)).value is None


def test_no_subject_no_overall():
    """A subject without an average leaves the overall one alone."""
    book = book_of(
        [
            a_shown(12, subject=MATHS),
            a_shown(15, subject=FRENCH),
            a_shown(None, subject=HISTORY),
        ]
    )
    assert book.overall == Fraction(27, 2)
    assert book_of([]).overall is None
    assert mean([]) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Fraction(12345, 1000), "12.35"),
        (Fraction(12335, 1000), "12.34"),
        (Fraction(40, 3), "13.33"),
        (Fraction(0), "0.00"),
        (Fraction(20), "20.00"),
        (Fraction(19995, 1000), "20.00"),
    ],
)
def test_rounding_half_up(value, shown):
    """As schools round, not as banks do."""
    assert str(rounded(value)) == shown


@given(st.fractions(0, 20))
def test_rounding_is_nearest(value):
    """Never off by more than half a hundredth, up at the half."""
    error = Fraction(rounded(value)) - value
    assert -Fraction(1, 200) < error <= Fraction(1, 200)


@pytest.mark.parametrize(
    "changes",
    [
        {"out_of": Decimal(0)},
        {"out_of": Decimal("NaN")},
        {"out_of": Decimal("Infinity")},
        {"weight": Decimal(-1)},
        {"weight": Decimal("0.125")},
        {"weight": Decimal(1000)},
    ],
)
def test_impossible_assessments(changes):
    """An invalid one cannot exist."""
    with pytest.raises(InvalidValueError):
        an_assessment(given_on=date(2026, 10, 1), **changes)


def test_impossible_marks():
    """A figure goes with MARK and with nothing else."""
    with pytest.raises(InvalidValueError):
        an_entry(12, status=MarkStatus.ABSENT)
    with pytest.raises(InvalidValueError):
        an_entry(None, status=MarkStatus.MARK)
    with pytest.raises(InvalidValueError):
        an_entry("12.345")


OPTIONAL, BONUS = Counting.OPTIONAL, Counting.BONUS
COUNTS, NO_GAIN = Part.COUNTS, Part.NO_GAIN


@pytest.mark.parametrize(
    ("marks", "parts", "value"),
    [
        # The best optional mark first: after 18, a 12 would only lower.
        ([(10, None), (12, OPTIONAL), (18, OPTIONAL)], [COUNTS, NO_GAIN, COUNTS], 14),
        # A bonus before every optional mark: 10 + 6, above which 14 adds nothing.
        ([(10, None), (14, OPTIONAL), (16, BONUS)], [COUNTS, NO_GAIN, COUNTS], 16),
        # Two alike count alike.
        ([(10, None), (12, OPTIONAL), (12, OPTIONAL)], [COUNTS] * 3, Fraction(34, 3)),
        # A zero raises nothing, not even a half.
        ([("0.5", None), (0, OPTIONAL)], [COUNTS, NO_GAIN], Fraction(1, 2)),
        # As high as the average is not above it; half of the scale is no bonus.
        ([(12, None), (12, OPTIONAL), (10, BONUS)], [COUNTS, NO_GAIN, NO_GAIN], 12),
        # What has no figure is said so, whatever it could have been.
        ([(12, None), (None, OPTIONAL), (None, BONUS)], [COUNTS, *[Part.NO_FIGURE] * 2], 12),
        ([(None, OPTIONAL), (12, OPTIONAL)], [Part.NO_FIGURE, Part.NOTHING_TO_RAISE], None),
    ],
)
def test_what_each_mark_does(marks, parts, value):
    """The part of each, in the order of the page."""
    found = [a_shown(v, **({"counting": c} if c else {})) for v, c in marks]
    average = subject_average(found)
    assert list(average.parts) == parts
    assert average.value == value


def test_capped_only_where_there_is_an_average():
    """20 with a bonus stops at 20; without a figure nothing is capped."""
    capped = subject_average([a_shown(20), a_shown(20, counting=BONUS)])
    assert (capped.value, capped.is_capped) == (20, True)
    assert not subject_average([a_shown(20)]).is_capped
    assert not subject_average([a_shown(None)]).is_capped


def test_the_latest_first():
    """By publication; of one evening's entries, the newest test first."""
    days = (date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 7))
    found = [a_shown(12, given_on=day, title=f"{day}") for day in days]
    assert [each.assessment.given_on for each in book_of(found).latest] == list(reversed(days))
    later = a_shown(12, given_on=date(2026, 9, 1), entered_at=datetime(2026, 10, 8, 16, tzinfo=UTC))
    assert book_of([*found, later]).latest[0] is later


def test_a_subject_is_named_as_of_late():
    """Its label may be corrected during the year."""
    renamed = Subject(MATHS.code, "Mathématiques et sciences")
    found = [a_shown(12), a_shown(12, subject=renamed, given_on=date(2026, 11, 5))]
    assert subject_average(found).subject == renamed
    assert book_of(found[::-1]).subjects[0].subject == renamed
