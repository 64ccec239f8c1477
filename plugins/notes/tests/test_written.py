"""Marks as teachers type them, and what becomes of a row that two people typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_notes.model import MarkStatus, Outcome
from teleservices_notes.rules.entering import NOTHING, Verdict, settle, stamp
from teleservices_notes.rules.written import read_number, read_status
from teleservices_notes.testing import hundredths
from teleservices_notes.words import STATUS_SHORT, STATUS_WORDS, show_figure

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
VALUES = st.sampled_from(["0", "9.5", "12", "20"]).map(Decimal)


@given(hundredths(0, 999))
def test_what_is_shown_can_be_typed(number):
    """A figure reads back from the way it is shown, with spaces and a point too."""
    shown = show_figure(number)
    assert read_number(shown) == number
    assert read_number(f" {shown.replace(',', '.')}\u00a0") == number


@given(st.text(max_size=8))
def test_anything_else_is_nothing(typed):
    """Whatever is typed, it is a figure that can be stored, a status, or neither."""
    number = read_number(typed)
    assert number is None or (number * 100 % 1 == 0 and 0 <= number < 1000)
    assert not (number is not None and read_status(typed) is not None)


@pytest.mark.parametrize("status", [each for each in MarkStatus if each is not MarkStatus.MARK])
def test_statuses(status):
    """As pages write them, in short and in full, in any case."""
    for words in (STATUS_SHORT[status](), STATUS_WORDS[status](), STATUS_SHORT[status]().upper()):
        assert read_status(words) is status


@st.composite
def outcomes(draw):
    """Nothing, or one of few outcomes, so that equal ones happen."""
    if draw(st.integers(0, 4)) == 0:
        return None
    return Outcome(
        MarkStatus.MARK,
        draw(VALUES),
        NOON + timedelta(minutes=draw(st.integers(0, 2))),
        draw(st.sampled_from(["", "Bien"])),
        draw(st.sampled_from([{}, {"D1": 3}])),
    )


def said(outcome):
    """What an outcome says, whenever it was entered."""
    if outcome is None:
        return None
    return outcome.status, outcome.value, outcome.remark, dict(outcome.levels)


@given(outcomes(), outcomes(), outcomes())
def test_nothing_is_lost(shown, typed, recorded):
    """Against the whole truth of a row: what was shown, what was typed, what is recorded."""
    verdict = settle(stamp(shown), typed, recorded)
    if said(typed) == said(shown) or said(typed) == said(recorded):
        assert verdict is Verdict.KEEP
    elif shown == recorded:
        assert verdict is Verdict.WRITE
    else:
        assert verdict is Verdict.CONFLICT


def test_nothing_has_its_stamp():
    """A row without a mark is told from any mark."""
    assert stamp(None) == NOTHING
    assert stamp(Outcome(MarkStatus.ABSENT, None, NOON)) != NOTHING
