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
    optional_instant,
    readings,
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


@pytest.mark.parametrize(
    ("on", "months", "later"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 1, 15), 11, date(2026, 12, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 5, 1), 0, date(2026, 5, 1)),
    ],
)
def test_months_around_the_year(on, months, later):
    assert add_months(on, months) == later


@pytest.mark.parametrize(
    ("born_on", "age", "day"),
    [
        (date(2008, 2, 29), 18, date(2026, 3, 1)),
        (date(2008, 2, 29), 20, date(2028, 2, 29)),
        (date(2008, 2, 28), 18, date(2026, 2, 28)),
        (date(2008, 3, 1), 18, date(2026, 3, 1)),
        (date(2008, 12, 31), 15, date(2023, 12, 31)),
    ],
)
def test_birthdays(born_on, age, day):
    """The day of birth has not come before 1 March, where there is no 29 February."""
    assert birthday(born_on, age) == day


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


@pytest.mark.parametrize(
    ("day", "start"),
    [(date(2026, 8, 31), 2025), (date(2026, 9, 1), 2026), (date(2026, 12, 31), 2026)],
)
def test_the_first_of_september(day, start):
    assert SchoolYear.on(day) == SchoolYear(start)


def test_the_first_day_of_the_south():
    starts = (2, 15)
    assert SchoolYear.on(date(2027, 2, 14), starts=starts) == SchoolYear(2026)
    assert SchoolYear.on(date(2027, 2, 15), starts=starts) == SchoolYear(2027)


@pytest.mark.parametrize(("start", "good"), [(1899, 0), (1900, 1), (2200, 1), (2201, 0)])
def test_years_that_may_be(start, good):
    if good:
        assert SchoolYear(start).start == start
    else:
        with pytest.raises(InvalidValueError):
            SchoolYear(start)


def test_the_next_year():
    assert SchoolYear(2026).next == SchoolYear(2027)
    assert str(SchoolYear(2026)) == "2026-2027"
    assert SchoolYear(2026) < SchoolYear(2027)


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


@pytest.mark.parametrize(
    ("opens", "closes", "first", "after"),
    [
        # The clock shows 2:00 to 2:59 twice on 25 October 2026: UTC+2, then UTC+1.
        ((2, 30), (2, 45), (0, 30), (1, 46)),
        ((1, 59), (2, 0), (-1, 59), (1, 1)),
        ((2, 59), (3, 0), (0, 59), (2, 1)),
    ],
)
def test_windows_of_the_repeated_hour(opens, closes, first, after):
    """It opens at the first of the two, and closes at the second."""
    window = Window.local(datetime(2026, 10, 25, *opens), datetime(2026, 10, 25, *closes), PARIS)
    day = datetime(2026, 10, 25, tzinfo=UTC)
    assert window.from_at == day + timedelta(hours=first[0], minutes=first[1])
    assert window.until_at == day + timedelta(hours=after[0], minutes=after[1])


def test_a_window_that_ends_in_the_skipped_hour():
    """2:45 of 28 March 2027 is not shown: it comes 45 minutes after 2:00, as 3:45."""
    window = Window.local(datetime(2027, 3, 27, 8), datetime(2027, 3, 28, 2, 45), PARIS)
    assert window.until_at == datetime(2027, 3, 28, 1, 46, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "times"),
    [
        (datetime(2026, 10, 25, 1, 59), 1),
        (datetime(2026, 10, 25, 2, 0), 2),
        (datetime(2026, 10, 25, 2, 59), 2),
        (datetime(2026, 10, 25, 3, 0), 1),
        (datetime(2027, 3, 28, 1, 59), 1),
        (datetime(2027, 3, 28, 2, 0), 0),
        (datetime(2027, 3, 28, 2, 59), 0),
        (datetime(2027, 3, 28, 3, 0), 1),
        (datetime(2026, 11, 24, 9, 30), 1),
    ],
)
def test_how_often_a_clock_shows_it(local, times):
    """Twice in the night of autumn, never in that of spring."""
    assert readings(local, PARIS) == times


NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("from_at", "until_at", "inside"),
    [
        (None, None, [True, True, True]),
        (NOON, None, [False, True, True]),
        (None, NOON, [True, False, False]),
        (NOON, NOON + SECOND, [False, True, False]),
    ],
)
def test_ends_of_a_window(from_at, until_at, inside):
    """Its first instant is in it, that of its end is not."""
    window = Window(from_at, until_at)
    assert [NOON + n * SECOND in window for n in (-1, 0, 1)] == inside


def test_one_instant_is_in_utc():
    """Whatever the zone that it is given in; nothing stays nothing."""
    local = datetime(2026, 6, 1, 14, tzinfo=PARIS)
    assert (instant(local), instant(local).tzinfo) == (NOON, UTC)
    assert optional_instant(None) is None
    window = Window(local, local + SECOND)
    assert (window.from_at.tzinfo, window.until_at.tzinfo) == (UTC, UTC)


def test_values_refused():
    """Naive instants and windows upside down cannot exist."""
    with pytest.raises(InvalidValueError):
        instant(datetime(2026, 1, 1))
    with pytest.raises(InvalidValueError):
        Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidValueError):
        Window(NOON, NOON)
