"""Codes, their drift, and from which day a second factor is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.second_factor import (
    matching_period,
    period_of,
    read_code,
    required_from,
)
from teleservices_core.domain.staff import Role
from teleservices_core.one_time_codes import address_of, code_of, picture_of

OF_THE_RFC = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The secret of RFC 6238, appendix B."""
SINCE = date(2026, 12, 1)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_of_the_rfc(seconds, code):
    """The last six digits of the eight that the RFC gives."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert code_of(OF_THE_RFC, period_of(at)) == code


@given(
    st.integers(-5, 5),
    st.integers(0, 29),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_half_a_minute_early_or_late_at_most(drift, second, near):
    """A code counts in its own period and the two beside it, and says of which it is."""
    codes = {
        period: f"{period % 1_000_000:06}" for period in range(period_of(near) - 9, 10**9)[:20]
    }
    at = datetime.fromtimestamp(period_of(near) * 30 + second, UTC)
    shown = codes[period_of(at) + drift]
    found = matching_period(shown, codes.__getitem__, at)
    assert found == (period_of(at) + drift if abs(drift) <= 1 else None)


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "12 34 56"])
def test_a_code_as_people_type_it(typed):
    """Spaces and dashes do not matter."""
    assert read_code(typed) == ("123456", True)


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "١٢٣٤٥٦", "abcd-efgh-jkmn", "12345６"])
def test_what_no_telephone_shows(typed):
    """Anything else is a code on paper, or nothing."""
    assert read_code(typed)[1] is False


@given(
    st.frozensets(st.sampled_from(Role)),
    st.frozensets(st.sampled_from(Role)),
    st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(0, 90),
    st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_from_which_day(held, imposed, since, grace, began):
    """Whoever holds such a function, never before the grace is over, never never."""
    day = required_from(held, imposed, since, grace, began)
    assert (day is None) == (since is None or not held & imposed)
    if day is not None:
        assert day - timedelta(days=grace) == max(each for each in (since, began) if each)


def test_a_picture_needs_no_style_of_its_own():
    """The address is inside, and the policy of the pages lets it be drawn."""
    address = address_of(OF_THE_RFC, login_name="anne.martin", site_name="Téléservices")
    assert address.startswith("otpauth://totp/T%C3%A9l%C3%A9services:anne.martin?secret=")
    picture = picture_of(address)
    assert picture.startswith("<svg ")
    assert "style" not in picture
    assert "script" not in picture
