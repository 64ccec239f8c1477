"""Which outcome of a mark a family sees: local midnight, to the second, everywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.errors import InvalidValueError
from teleservices_notes.model import (
    FAMILIES,
    Entry,
    GradingPeriod,
    GradingPeriodKind,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
    proposed_periods,
)
from teleservices_notes.rules import Viewpoint, rule_for, succeed, visible_from
from teleservices_notes.testing import (
    an_entry,
    entries,
    histories,
    mark_of,
    plans,
    publications,
    rules,
)

AT_ONCE, ROLLING, SCHEDULED, AFTER_PERIOD = map(Publication, PublicationMode)
GUARDIAN, STUDENT = FAMILIES
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
AUDIENCES = st.sampled_from(FAMILIES)
INSTANTS = st.datetimes(datetime(2026, 11, 14), datetime(2026, 12, 14)).map(
    lambda at: at.replace(tzinfo=UTC)
)
MICROSECOND = timedelta.resolution
TRIMESTER = GradingPeriod(GradingPeriodKind.TRIMESTER, 1, date(2026, 9, 1), date(2026, 11, 30))


def look(entry, plan, at, zone, audience=GUARDIAN):
    found = Viewpoint(plan, audience, at, zone).look([entry])
    return found[0] if found else None


def seen_from(entry, publication, zone, periods=()):
    """The instant of the rule, checked on both sides for both audiences."""
    plan = PublicationPlan(publication, periods=periods)
    from_at = visible_from(entry.assessment, entry.mark.outcome, publication, plan, zone)
    for audience in FAMILIES:
        for off, expected in (
            (timedelta(seconds=-1), False),
            (-MICROSECOND, False),
            (timedelta(0), True),
            (timedelta(seconds=1), True),
        ):
            found = look(entry, plan, from_at + off, zone, audience)
            assert (found is not None) is expected
    return from_at


# -- the modes -----------------------------------------------------------------------


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


MIDNIGHTS = [
    ("Europe/Paris", date(2026, 11, 24), "2026-11-23T23:00"),
    ("Europe/Paris", date(2026, 10, 25), "2026-10-24T22:00"),
    ("Europe/Paris", date(2026, 10, 26), "2026-10-25T23:00"),
    ("Europe/Paris", date(2027, 3, 28), "2027-03-27T23:00"),
    ("Europe/Paris", date(2027, 3, 29), "2027-03-28T22:00"),
    ("Indian/Reunion", date(2026, 11, 24), "2026-11-23T20:00"),
    ("America/Cayenne", date(2026, 11, 24), "2026-11-24T03:00"),
    ("Pacific/Wallis", date(2026, 11, 24), "2026-11-23T12:00"),
]


@pytest.mark.faq("F51")
@pytest.mark.parametrize(("zone", "day", "expected_utc"), MIDNIGHTS)
def test_scheduled_on_its_date(zone, day, expected_utc):
    """« À échéance »: local midnight that begins the assessment's date, or the rule's own."""
    expected = datetime.fromisoformat(expected_utc + "+00:00")
    assert seen_from(an_entry(publish_on=day), SCHEDULED, ZoneInfo(zone)) == expected
    other = an_entry(publish_on=day + timedelta(days=9))
    assert seen_from(other, evolve(SCHEDULED, on=day), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(("zone", "day", "expected_utc"), MIDNIGHTS)
@pytest.mark.parametrize("days", [0, 7])
def test_after_the_period(zone, day, expected_utc, days):
    """Local midnight N + 1 days after the last day of the period that holds the test."""
    ends_on = day - timedelta(days=days + 1)
    period = evolve(TRIMESTER, ends_on=ends_on)
    expected = datetime.fromisoformat(expected_utc + "+00:00")
    for given_on in (period.starts_on, ends_on):
        entry = an_entry(given_on=given_on, entered_at=datetime(2026, 9, 2, tzinfo=UTC))
        rule = evolve(AFTER_PERIOD, days=days)
        assert seen_from(entry, rule, ZoneInfo(zone), (period,)) == expected


@pytest.mark.parametrize("entered", ["2026-10-25T00:30", "2026-10-25T01:30", "2027-03-28T01:00"])
def test_at_once(entered):
    """From the instant of entry, on the nights when clocks change too."""
    entered_at = datetime.fromisoformat(entered + "+00:00")
    assert seen_from(an_entry(entered_at=entered_at), AT_ONCE, PARIS) == entered_at


@pytest.mark.faq("F51")
@pytest.mark.parametrize("publication", [SCHEDULED, AFTER_PERIOD, evolve(AFTER_PERIOD, days=3)])
def test_without_a_date_never(publication):
    """« Seules les notes pour lesquelles la date … est arrivée à échéance »; no period, no end."""
    entry = an_entry(given_on=date(2026, 12, 1))
    plan = PublicationPlan(publication, periods=(TRIMESTER,))
    assert visible_from(entry.assessment, entry.mark.outcome, publication, plan, PARIS) is None
    assert look(entry, plan, datetime(2090, 1, 1, tzinfo=UTC), PARIS) is None


def test_each_mode_ignores_the_other_rules():
    """A publication date delays nothing au fil de l'eau; nor does the day of entry à échéance."""
    late = an_entry(publish_on=date(2099, 1, 1))
    assert seen_from(late, ROLLING, PARIS) < datetime(2026, 10, 9, tzinfo=UTC)
    entered_at = datetime(2026, 11, 9, 8, tzinfo=UTC)
    hasty = an_entry(publish_on=date(2026, 11, 2), entered_at=entered_at)
    assert seen_from(hasty, SCHEDULED, PARIS) == entered_at


# -- the narrowest rule --------------------------------------------------------------


def slow_rule(plan, audience, group, own_rules):
    """The reference: every rule that holds for the reader, the narrowest last."""
    reached = [(0, 0, plan.default)]
    reached += [
        (1 if each.class_group is None else 2, each.audience is not None, each.publication)
        for each in plan.exceptions
        if each.audience in (None, audience) and each.class_group in (None, group)
    ]
    reached += [
        (3, each.audience is not None, each.publication)
        for each in own_rules
        if each.audience in (None, audience)
    ]
    return max(reached, key=lambda each: each[:2])[2]


OWN_RULES = st.lists(rules(), max_size=2, unique_by=lambda each: each.audience)


@given(plans(), AUDIENCES, st.sampled_from(["6 A", "6 B", "5 C"]), OWN_RULES)
def test_the_narrowest_wins(plan, audience, group, own_rules):
    """The resolver says what the reference says."""
    expected = slow_rule(plan, audience, group, own_rules)
    assert rule_for(plan, audience, group, own_rules) == expected


@given(plans(), publications(), AUDIENCES, st.sampled_from(["6 A", "6 B"]))
def test_a_wider_rule_changes_no_narrower_one(plan, other, audience, group):
    """What a class's or an audience's rule decides does not hang on the establishment's."""
    changed = evolve(plan, default=other)
    narrow = [
        each
        for each in plan.exceptions
        if each.audience in (None, audience) and each.class_group in (None, group)
    ]
    expected = rule_for(plan, audience, group) if narrow else other
    assert rule_for(changed, audience, group) == expected
    own = PublicationRule(AT_ONCE)
    assert rule_for(changed, audience, group, (own,)) == AT_ONCE


# -- a mark and its past -------------------------------------------------------------


def oracle(history, entry, publication, plan, at, zone):
    """What is seen at an instant, from every version that ever was: (outcome, is corrected).

    A version is seen from its turn until the next one's; a correction is one whose
    reader could see an earlier version before.
    """
    turns = []
    for version in history:
        from_at = visible_from(entry.assessment, version, publication, plan, zone)
        if from_at is not None and from_at <= at:
            turns.append((from_at, version))
    if not turns:
        return None
    shown_at, shown = turns[-1]
    earlier = any(from_at < shown_at for from_at, _version in turns[:-1])
    return shown, earlier


@given(
    entries(),
    histories(),
    publications(),
    plans(),
    INSTANTS,
    st.sampled_from(ZONES),
)
def test_a_mark_remembers_enough(entry, history, publication, plan, at, zone):
    """From the last entry on, two outcomes say what the whole history says, in every mode."""
    entry = Entry(evolve(entry.assessment, own_rules=()), mark_of(history, zone))
    plan = evolve(plan, default=publication, exceptions=())
    at = max(at, history[-1].entered_at)
    for instant in (at, history[-1].entered_at):
        found = look(entry, plan, instant, zone)
        told = None if found is None else (found.outcome, found.is_corrected)
        assert told == oracle(history, entry, publication, plan, instant, zone)


@given(entries(), histories(), plans(), INSTANTS, st.sampled_from(ZONES), AUDIENCES)
def test_never_sooner(entry, history, plan, at, zone, audience):
    """Whatever the instant, before the last entry too, nothing is shown before its turn."""
    entry = Entry(entry.assessment, mark_of(history, zone))
    found = look(entry, plan, at, zone, audience)
    if found is not None:
        own = entry.assessment.own_rules
        rule = rule_for(plan, audience, entry.assessment.class_group, own)
        assert visible_from(entry.assessment, found.outcome, rule, plan, zone) <= at


@given(
    entries(),
    plans(),
    INSTANTS,
    st.integers(0, 20_000),
    st.sampled_from(ZONES),
    AUDIENCES,
)
def test_what_is_seen_stays_seen(entry, plan, at, minutes, zone, audience):
    """Time alone never hides a mark again, and never takes « corrigée » back."""
    before = look(entry, plan, at, zone, audience)
    after = look(entry, plan, at + timedelta(minutes=minutes), zone, audience)
    if before is not None:
        assert after is not None
        assert after.is_corrected >= before.is_corrected


@given(
    st.lists(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)), min_size=2, max_size=3),
    st.sampled_from([*ZONES, ZoneInfo("America/Havana"), ZoneInfo("America/Asuncion")]),
)
def test_over_years(instants, zone):
    """So across every change of hour, at midnight too."""
    *entered, at = sorted(each.replace(tzinfo=UTC) for each in instants)
    history = [
        Outcome(MarkStatus.MARK, Decimal(number), each) for number, each in enumerate(entered)
    ]
    entry = Entry(an_entry().assessment, mark_of(history, zone))
    plan = PublicationPlan()
    found = look(entry, plan, at, zone)
    told = None if found is None else (found.outcome, found.is_corrected)
    assert told == oracle(history, entry, ROLLING, plan, at, zone)


@pytest.mark.faq("F50")
def test_a_correction_of_the_same_day():
    """Entered twice in an evening: nobody had seen the first, nothing is corrected."""
    evening = datetime(2026, 11, 24, 18, tzinfo=UTC)
    history = [
        Outcome(MarkStatus.MARK, Decimal(8), evening),
        Outcome(MarkStatus.MARK, Decimal(18), evening + timedelta(hours=1)),
    ]
    entry = Entry(an_entry().assessment, mark_of(history, PARIS))
    assert entry.mark.prior is None
    tomorrow = look(entry, PublicationPlan(), evening + timedelta(days=1), PARIS)
    assert (tomorrow.outcome.value, tomorrow.is_corrected) == (18, False)
    at_once = look(entry, PublicationPlan(AT_ONCE), evening + timedelta(hours=2), PARIS)
    assert (at_once.outcome.value, at_once.is_corrected) == (18, True)


def test_no_going_back():
    """An outcome older than the one that stands is not a successor."""
    mark = an_entry(12).mark
    older = evolve(mark.outcome, entered_at=mark.outcome.entered_at - MICROSECOND)
    with pytest.raises(InvalidValueError, match="older"):
        succeed(mark, older, "", PARIS)


# -- values --------------------------------------------------------------------------


def test_grading_period():
    """Both days included; a year has three trimesters or two semesters."""
    first = GradingPeriod(GradingPeriodKind.TRIMESTER, 1, date(2026, 9, 1), date(2026, 11, 27))
    assert date(2026, 11, 27) in first
    assert date(2026, 11, 28) not in first
    with pytest.raises(ValueError, match="a year has 2"):
        GradingPeriod(GradingPeriodKind.SEMESTER, 3, date(2026, 9, 1), date(2027, 1, 29))
    with pytest.raises(ValueError, match="ends before"):
        GradingPeriod(GradingPeriodKind.SEMESTER, 1, date(2026, 9, 1), date(2026, 8, 29))


@pytest.mark.parametrize("kind", GradingPeriodKind)
@pytest.mark.parametrize("starts", [(9, 1), (2, 1), (8, 16)])
def test_proposed_periods(kind, starts):
    """They follow each other, are valid together, and end in the school year."""
    year = SchoolYear(2026)
    found = proposed_periods(kind, year, starts)
    assert len(found) == kind.per_year
    assert PublicationPlan(periods=found).period_of(found[-1].ends_on) is found[-1]
    assert found[0].starts_on == date(2026, *starts)
    assert found[-1].ends_on < date(2027, *starts)
    for before, after in pairwise(found):
        assert after.starts_on - before.ends_on == timedelta(days=1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Publication(PublicationMode.ROLLING, days=3),
        lambda: Publication(PublicationMode.AFTER_PERIOD, days=61),
        lambda: Publication(PublicationMode.ROLLING, on=date(2026, 11, 24)),
        lambda: PublicationRule(ROLLING, Audience.STAFF),
        lambda: PublicationRule(ROLLING, class_group=""),
        lambda: PublicationPlan(exceptions=(PublicationRule(ROLLING),)),
        lambda: PublicationPlan(exceptions=(PublicationRule(ROLLING, GUARDIAN),) * 2),
        lambda: PublicationPlan(periods=(evolve(TRIMESTER, number=2),)),
        lambda: PublicationPlan(periods=(TRIMESTER, evolve(TRIMESTER, number=2))),
    ],
)
def test_impossible_choices(make):
    """An invalid one cannot exist."""
    with pytest.raises(ValueError):  # noqa: PT011
        make()


def entered(*instants):
    """A mark that was entered again and again."""
    outcomes = [Outcome(MarkStatus.MARK, Decimal(n), at) for n, at in enumerate(instants)]
    entry = an_entry(entered_at=instants[0], publish_on=date(2026, 11, 25))
    return Entry(entry.assessment, mark_of(outcomes, PARIS))


DAY_BEFORE, MIDNIGHT = (
    datetime(2026, 11, 23, 12, tzinfo=UTC),
    datetime(2026, 11, 23, 23, tzinfo=UTC),
)
PUBLISHED = datetime(2026, 11, 24, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "seen"),
    [
        (MIDNIGHT - MICROSECOND, None),
        (MIDNIGHT, 0),
        (MIDNIGHT + timedelta(hours=12), 0),
        (PUBLISHED - MICROSECOND, 0),
        (PUBLISHED, 1),
    ],
)
def test_entered_at_midnight_exactly(at, seen):
    """It is the new day's: until the next midnight, what stood before is seen."""
    entry = entered(DAY_BEFORE, MIDNIGHT)
    found = look(entry, PublicationPlan(ROLLING), at, PARIS)
    assert (found and found.outcome.value) == seen


@pytest.mark.parametrize(
    ("first", "second", "corrected"),
    [
        # Corrected before anybody saw it, even on another day.
        (DAY_BEFORE, DAY_BEFORE + timedelta(hours=24), False),
        (DAY_BEFORE, PUBLISHED - MICROSECOND, False),
        (DAY_BEFORE, PUBLISHED, False),
        # And once it was seen, even on the same day.
        (DAY_BEFORE, PUBLISHED + MICROSECOND, True),
        (PUBLISHED + timedelta(hours=9), PUBLISHED + timedelta(hours=10), True),
    ],
)
def test_corrected_before_the_readers_eyes(first, second, corrected):
    """With a date of publication, only what was seen can be corrected."""
    found = look(
        entered(first, second), PublicationPlan(SCHEDULED), second + timedelta(days=9), PARIS
    )
    assert found.is_corrected is corrected


@pytest.mark.parametrize(("minutes", "rolling"), [(30, False), (24 * 60, True)])
def test_corrected_at_once_and_day_by_day(minutes, rolling):
    """At once everybody saw the first; day by day, only if a midnight came in between."""
    entry = entered(DAY_BEFORE, DAY_BEFORE + timedelta(minutes=minutes))
    at = DAY_BEFORE + timedelta(days=9)
    assert look(entry, PublicationPlan(AT_ONCE), at, PARIS).is_corrected
    assert look(entry, PublicationPlan(ROLLING), at, PARIS).is_corrected is rolling


def test_who_entered_it_last():
    mark = mark_of([Outcome(MarkStatus.MARK, Decimal(1), DAY_BEFORE)], PARIS)
    outcome = Outcome(MarkStatus.MARK, Decimal(2), MIDNIGHT)
    assert succeed(mark, outcome, "Mme Petit", PARIS).entered_by == "Mme Petit"
