"""Local time: midnights, calendar months, birthdays, school years, windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.localtime import (
    SchoolYear,
    Window,
    add_months,
    birthday,
    end_of_day,
    instant,
    local_date,
    midnight,
)
from teleservices_core.errors import InvalidValueError

PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Paris",
        "America/Guadeloupe",
        "America/Martinique",
        "America/Cayenne",
        "America/Miquelon",
        "Indian/Reunion",
        "Indian/Mayotte",
        "Pacific/Noumea",
        "Pacific/Tahiti",
        "Pacific/Wallis",
    )
]
SECOND = timedelta(seconds=1)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
zones = st.sampled_from(ZONES)


@given(days, zones)
def test_a_day_is_its_instants(day, zone):
    """The first instant of a day is in it, the one before is not; its end begins the next."""
    start, end = midnight(day, zone), end_of_day(day, zone)
    assert local_date(start, zone) == day
    assert local_date(start - SECOND, zone) < day
    assert local_date(end - SECOND, zone) == day
    assert local_date(end, zone) > day


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 24), 24)]
)
def test_days_of_the_change_of_hour(day, hours):
    """The two nights of the change make days of 25 and 23 hours."""
    assert end_of_day(day, PARIS) - midnight(day, PARIS) == timedelta(hours=hours)


@given(days, st.integers(0, 24))
def test_calendar_months(day, months):
    """The same day of the month, or its last when it has no such day."""
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(days)
def test_eighteen(born_on):
    """Of age on the birthday; who is born on 29 February waits for 1 March."""
    day = birthday(born_on, 18)
    assert day.year == born_on.year + 18
    assert (day.month, day.day) == (born_on.month, born_on.day) or day.month == 3


@given(days)
def test_school_year_contains_its_days(day):
    """Days from 1 September belong to the year that begins, the others to the one that ends."""
    year = SchoolYear.on(day)
    assert date(year.start, 9, 1) <= day < date(year.start + 1, 9, 1)
    assert SchoolYear.parse(str(year)) == year == SchoolYear.parse(str(year.start))


def test_school_year_of_the_south():
    """A calendar that starts in February makes another year of the same day."""
    assert SchoolYear.on(date(2027, 1, 15), starts=(2, 15)) == SchoolYear(2026)
    assert SchoolYear.on(date(2027, 3, 1), starts=(2, 15)) == SchoolYear(2027)


@pytest.mark.parametrize("text", ["", "26", "2026-2028", "2026/2027", "abc"])
def test_bad_school_year(text):
    """What is no school year is refused."""
    with pytest.raises(InvalidValueError):
        SchoolYear.parse(text)


@pytest.mark.faq("F71")
def test_campaign_of_2018():
    """From Friday 29 June 14:30 to Monday 2 July 23:59, to the last second."""
    window = Window.local(datetime(2018, 6, 29, 14, 30), datetime(2018, 7, 2, 23, 59), PARIS)
    assert datetime(2018, 6, 29, 12, 29, 59, tzinfo=UTC) not in window
    assert datetime(2018, 6, 29, 12, 30, tzinfo=UTC) in window
    assert datetime(2018, 7, 2, 21, 59, 59, tzinfo=UTC) in window
    assert datetime(2018, 7, 2, 22, 0, tzinfo=UTC) not in window


def test_values_refused():
    """Naive instants and windows upside down cannot exist."""
    with pytest.raises(InvalidValueError):
        instant(datetime(2026, 1, 1))
    with pytest.raises(InvalidValueError):
        Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
