"""Averages against an oracle in plain fractions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import chain, combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.errors import InvalidValueError
from teleservices_notes.model import MarkStatus, PublicationMode
from teleservices_notes.rules import Part, mark_book, mean, rounded, score, subject_average
from teleservices_notes.testing import FRENCH, HISTORY, MATHS, an_assessment, an_entry, entries

IN_MATHS = st.lists(entries(), min_size=1, max_size=6)


def weighted(found):
    """The oracle: sum of weight × value / scale × 20, over the sum of weights."""
    weight = sum(Fraction(e.assessment.weight) for e in found)
    points = sum(
        Fraction(e.assessment.weight) * Fraction(e.mark.value) / Fraction(e.assessment.out_of) * 20
        for e in found
    )
    return points / weight if weight else None


def oracle(found):
    """Of every choice of optional marks, the one that gives the highest average."""
    figures = [e for e in found if e.mark.status is MarkStatus.MARK and e.assessment.weight]
    compulsory = [e for e in figures if not e.assessment.is_optional]
    optional = [e for e in figures if e.assessment.is_optional]
    if not compulsory:
        return None
    choices = chain.from_iterable(combinations(optional, n) for n in range(len(optional) + 1))
    return max(weighted([*compulsory, *chosen]) for chosen in choices)


@given(IN_MATHS)
def test_equals_the_oracle(found):
    """Exactly: as fractions, with no rounding."""
    assert subject_average(found).value == oracle(found)


@given(IN_MATHS)
def test_terms_explain_the_average(found):
    """What the page shows as the working gives the average."""
    average = subject_average(found)
    assert [term.entry for term in average.terms] == found
    if average.value is not None:
        assert average.points / Fraction(average.weight) == average.value
    else:
        assert Part.COUNTS not in {term.part for term in average.terms}


@given(IN_MATHS, st.randoms())
def test_order_does_not_matter(found, random):
    """Neither does it choose between optional marks."""
    shuffled = random.sample(found, len(found))
    assert subject_average(shuffled).value == subject_average(found).value


@given(st.lists(entries(), max_size=12), st.sampled_from(PublicationMode))
def test_overall_is_the_mean_of_subjects(found, mode):
    """Each subject with the same weight, unrounded."""
    found = [e for e in found if mode is PublicationMode.ROLLING or e.assessment.publish_on]
    by_code = {}
    for entry in found:
        by_code.setdefault(entry.assessment.subject.code, []).append(entry)
    values = [v for v in map(oracle, by_code.values()) if v is not None]
    book = mark_book(found, mode)
    assert book.overall == (sum(values) / len(values) if values else None)
    assert [each.subject.code for each in book.subjects] == [
        code for code in ("FRANC", "HIGEO", "MATHS") if code in by_code
    ]
    assert sorted(map(id, book.latest)) == sorted(map(id, found))


@pytest.mark.parametrize("status", [each for each in MarkStatus if each is not MarkStatus.MARK])
def test_no_figure_is_no_zero(status):
    """Absent, exempt, unmarked, not submitted: out of the average."""
    found = [an_entry(14), an_entry(None, status=status, weight=Decimal(5))]
    average = subject_average(found)
    assert average.value == 14
    assert [term.part for term in average.terms] == [Part.COUNTS, Part.NO_FIGURE]
    assert subject_average(found[1:]).value is None


def test_zero_is_a_figure():
    """A zero that was entered counts."""
    assert subject_average([an_entry(0), an_entry(10)]).value == 5


def test_scales_and_weights():
    """7/10 with weight 2 and 12/20: (14 × 2 + 12) / 3."""
    found = [an_entry(7, out_of=Decimal(10), weight=Decimal(2)), an_entry(12)]
    assert subject_average(found).value == Fraction(40, 3)
    assert score(found[0]) == 14


def test_weight_zero():
    """Shown, never counted, even alone."""
    found = [an_entry(3, weight=Decimal(0))]
    average = subject_average(found)
    assert average.value is None
    assert average.terms[0].part is Part.NO_WEIGHT


def test_optional():
    """Counts when it raises; says so when it does not; makes no average alone."""

    def parts(*found):
        return [term.part for term in subject_average(list(found)).terms]

    good, bad = an_entry(18, is_optional=True), an_entry(4, is_optional=True)
    same = an_entry(12, is_optional=True)
    assert parts(an_entry(12), good, bad, same) == [
        Part.COUNTS,
        Part.COUNTS,
        Part.NO_GAIN,
        Part.NO_GAIN,
    ]
    assert parts(good) == [Part.ONLY_OPTIONAL]


def test_no_subject_no_overall():
    """A subject without an average leaves the overall one alone."""
    book = mark_book(
        [
            an_entry(12, subject=MATHS),
            an_entry(15, subject=FRENCH),
            an_entry(None, subject=HISTORY),
        ],
        PublicationMode.ROLLING,
    )
    assert book.overall == Fraction(27, 2)
    assert mark_book([], PublicationMode.ROLLING).overall is None
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
