"""From when a family sees a mark: local midnight, to the second, everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_notes.model import GradingPeriod, GradingPeriodKind, PublicationMode
from teleservices_notes.rules import is_visible, visible, visible_from
from teleservices_notes.testing import an_entry, entries

ROLLING, SCHEDULED = PublicationMode.ROLLING, PublicationMode.SCHEDULED
PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    PARIS,
    ZoneInfo("Indian/Reunion"),
    ZoneInfo("Indian/Mayotte"),
    ZoneInfo("America/Martinique"),
    ZoneInfo("America/Cayenne"),
    ZoneInfo("America/Miquelon"),
    ZoneInfo("Pacific/Noumea"),
    ZoneInfo("Pacific/Tahiti"),
    ZoneInfo("Pacific/Wallis"),
]
MODES = st.sampled_from(PublicationMode)


def seen_from(entry, mode, zone):
    from_at = visible_from(entry.assessment, entry.mark, mode, zone)
    for at, expected in ((from_at - timedelta(microseconds=1), False), (from_at, True)):
        assert is_visible(entry.assessment, entry.mark, mode, at, zone) is expected
        assert (visible([entry], mode, at, zone) == [entry]) is expected
    return from_at


@pytest.mark.faq("F50")
@pytest.mark.parametrize(
    ("zone", "entered", "expected_utc"),
    [
        # An ordinary evening, and the last and first minute of a day.
        ("Europe/Paris", "2026-11-24T18:10", "2026-11-24T23:00"),
        ("Europe/Paris", "2026-11-24T23:59", "2026-11-24T23:00"),
        ("Europe/Paris", "2026-11-24T00:00", "2026-11-24T23:00"),
        # Clocks go back on 25 October 2026: that day has 25 hours…
        ("Europe/Paris", "2026-10-24T23:30", "2026-10-24T22:00"),
        ("Europe/Paris", "2026-10-25T00:30", "2026-10-25T23:00"),
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T23:00"),
        # … and forward on 28 March 2027: that one has 23.
        ("Europe/Paris", "2027-03-27T23:59", "2027-03-27T23:00"),
        ("Europe/Paris", "2027-03-28T00:00", "2027-03-28T22:00"),
        ("Europe/Paris", "2027-03-28T03:30", "2027-03-28T22:00"),
        # Overseas, the day is the school's own.
        ("Indian/Reunion", "2026-11-24T23:59", "2026-11-24T20:00"),
        ("America/Martinique", "2026-11-24T20:30", "2026-11-25T04:00"),
        ("Pacific/Noumea", "2027-03-10T00:10", "2027-03-10T13:00"),
        ("Pacific/Tahiti", "2026-11-24T15:00", "2026-11-25T10:00"),
        ("America/Miquelon", "2026-11-01T12:00", "2026-11-02T03:00"),
    ],
)
def test_rolling_day_after_entry(zone, entered, expected_utc):
    """« Au fil de l'eau »: local midnight after the day of the last entry."""
    zone = ZoneInfo(zone)
    entry = an_entry(entered_at=datetime.fromisoformat(entered).replace(tzinfo=zone))
    assert seen_from(entry, ROLLING, zone) == datetime.fromisoformat(expected_utc + "+00:00")


@pytest.mark.faq("F50")
def test_both_hours_of_the_autumn_night():
    """02:30 happens twice on 25 October: both are that day."""
    for fold in (0, 1):
        entered_at = datetime(2026, 10, 25, 2, 30, tzinfo=PARIS, fold=fold)
        entry = an_entry(entered_at=entered_at)
        assert seen_from(entry, ROLLING, PARIS) == datetime(2026, 10, 25, 23, tzinfo=UTC)


@pytest.mark.faq("F51")
@pytest.mark.parametrize(
    ("zone", "publish_on", "expected_utc"),
    [
        ("Europe/Paris", date(2026, 11, 24), "2026-11-23T23:00"),
        ("Europe/Paris", date(2026, 10, 25), "2026-10-24T22:00"),
        ("Europe/Paris", date(2026, 10, 26), "2026-10-25T23:00"),
        ("Europe/Paris", date(2027, 3, 28), "2027-03-27T23:00"),
        ("Europe/Paris", date(2027, 3, 29), "2027-03-28T22:00"),
        ("Indian/Reunion", date(2026, 11, 24), "2026-11-23T20:00"),
        ("America/Cayenne", date(2026, 11, 24), "2026-11-24T03:00"),
        ("Pacific/Wallis", date(2026, 11, 24), "2026-11-23T12:00"),
    ],
)
def test_scheduled_on_its_date(zone, publish_on, expected_utc):
    """« À échéance »: local midnight that begins the publication date."""
    entry = an_entry(publish_on=publish_on)
    expected = datetime.fromisoformat(expected_utc + "+00:00")
    assert seen_from(entry, SCHEDULED, ZoneInfo(zone)) == expected


@pytest.mark.faq("F51")
def test_scheduled_without_a_date_never():
    """« Seules les notes pour lesquelles la date … est arrivée à échéance »."""
    entry = an_entry()
    assert visible_from(entry.assessment, entry.mark, SCHEDULED, PARIS) is None
    assert visible([entry], SCHEDULED, datetime(2090, 1, 1, tzinfo=UTC), PARIS) == []


def test_each_mode_ignores_the_other_rule():
    """A publication date delays nothing au fil de l'eau; entry delays nothing à échéance."""
    late = an_entry(publish_on=date(2099, 1, 1))
    assert seen_from(late, ROLLING, PARIS) < datetime(2026, 10, 9, tzinfo=UTC)
    hasty = an_entry(publish_on=date(2026, 11, 2), entered_at=datetime(2026, 11, 9, 8, tzinfo=UTC))
    assert seen_from(hasty, SCHEDULED, PARIS) == datetime(2026, 11, 1, 23, tzinfo=UTC)


@given(
    st.lists(entries(), max_size=8),
    MODES,
    st.datetimes(datetime(2026, 11, 14), datetime(2026, 12, 4)),
    st.sampled_from(ZONES),
)
def test_page_filter_is_the_rule(found, mode, at, zone):
    """The page's one-pass filter says what the rule says of each mark."""
    at = at.replace(tzinfo=UTC)
    expected = [e for e in found if is_visible(e.assessment, e.mark, mode, at, zone)]
    assert visible(found, mode, at, zone) == expected


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    st.sampled_from([*ZONES, ZoneInfo("America/Havana"), ZoneInfo("America/Asuncion")]),
)
def test_page_filter_over_years(entered_at, at, zone):
    """So does it across every change of hour, at midnight too."""
    at, entry = at.replace(tzinfo=UTC), an_entry(entered_at=entered_at.replace(tzinfo=UTC))
    expected = is_visible(entry.assessment, entry.mark, ROLLING, at, zone)
    assert bool(visible([entry], ROLLING, at, zone)) is expected


@given(entries(), MODES, st.sampled_from(ZONES), st.integers(0, 10_000))
def test_what_is_seen_stays_seen(entry, mode, zone, minutes):
    """Time alone never hides a mark again."""
    from_at = visible_from(entry.assessment, entry.mark, mode, zone)
    if from_at is not None:
        at = from_at + timedelta(minutes=minutes)
        assert is_visible(entry.assessment, entry.mark, mode, at, zone)


def test_grading_period():
    """Both days included; a year has three trimesters or two semesters."""
    first = GradingPeriod(GradingPeriodKind.TRIMESTER, 1, date(2026, 9, 1), date(2026, 11, 27))
    assert date(2026, 11, 27) in first
    assert date(2026, 11, 28) not in first
    with pytest.raises(ValueError, match="a year has 2"):
        GradingPeriod(GradingPeriodKind.SEMESTER, 3, date(2026, 9, 1), date(2027, 1, 29))
    with pytest.raises(ValueError, match="ends before"):
        GradingPeriod(GradingPeriodKind.SEMESTER, 1, date(2026, 9, 1), date(2026, 8, 29))
