"""How long attempts wait, and when failures are forgotten: the figures that are promised."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.throttling import (
    SITE_SLICE,
    SOURCE_SLICE,
    Counter,
    no_wait,
    slice_end,
    slice_of,
    wait_after,
    wait_of_account,
    wait_of_source,
)
from teleservices_core.testing.clock import A_TUESDAY

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (11, 64), (12, 120), (13, 120), (10**6, 120)],
)
def test_waits_of_one_source_at_one_account(failures, minutes):
    assert wait_after(failures) == minutes * MINUTE


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 0 * DAY), (99, 0 * DAY), (100, DAY), (500, DAY)]
)
def test_waits_of_an_account(failures, wait):
    """NIST SP 800-63B: a hundred failures at most."""
    assert wait_of_account(failures) == wait


@pytest.mark.parametrize(("failures", "minutes"), [(0, 0), (299, 0), (300, 1), (9999, 1)])
def test_waits_of_a_source(failures, minutes):
    assert wait_of_source(failures) == minutes * MINUTE


def test_a_counter_is_one_accounts_for_a_day():
    """Unless its maker says otherwise."""
    counter = Counter("key")
    assert (counter.wait_after, counter.forget_after) == (wait_after, DAY)
    assert not counter.is_shared


@pytest.mark.parametrize("failures", [0, 1, 10**6])
def test_what_is_only_counted_makes_nobody_wait(failures):
    assert no_wait(failures) == timedelta(0)


def test_the_site_is_counted_by_five_minutes():
    assert timedelta(minutes=5) == SITE_SLICE


@given(st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)), st.integers(-12, 12))
def test_slices(naive, hours):
    """Ten minutes each, one after the other, the same in every zone."""
    at = naive.replace(tzinfo=timezone(timedelta(hours=hours)))
    here = slice_of(at, SOURCE_SLICE)
    assert isinstance(here, int)
    assert slice_of(at + 10 * MINUTE, SOURCE_SLICE) == here + 1
    assert slice_of(at - 10 * MINUTE, SOURCE_SLICE) == here - 1
    assert slice_of(at.astimezone(A_TUESDAY.tzinfo), SOURCE_SLICE) == here


def test_within_a_slice():
    """From 9:30 to a moment before 9:40 it is one; at 9:40 begins the next."""
    begins = A_TUESDAY.replace(minute=30, second=0, microsecond=0)
    here = slice_of(begins, SOURCE_SLICE)
    assert slice_of(begins + 10 * MINUTE - timedelta.resolution, SOURCE_SLICE) == here
    assert slice_of(begins + 10 * MINUTE, SOURCE_SLICE) == here + 1
    for at in (begins, begins + 10 * MINUTE - timedelta.resolution):
        assert slice_end(at, SOURCE_SLICE) == begins + 10 * MINUTE
    assert slice_end(begins + 10 * MINUTE, SOURCE_SLICE) == begins + 20 * MINUTE
