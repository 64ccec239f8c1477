"""Rounds of campaigns: to the minute, extended for all or for one, cancelled, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import Window, readings
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR, an_establishment
from teleservices_core.testing.races import only_winner, race
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.answers import answer
from teleservices_core.usecases.campaigns import (
    Doubt,
    carry_out,
    find_campaign,
    plan_cancel,
    plan_extension,
    plan_round,
)
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.plans import landscape
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_core.words.telling import Told

PARIS = ZoneInfo("Europe/Paris")
OPENS, CLOSES = datetime(2026, 11, 27, 14, 30), datetime(2026, 11, 30, 23, 59)


@pytest.fixture
def world(services):
    """Two establishments where « Notes » is imposed."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    set_opening(services.site, None, Scope.academie(), "notes", Audience.GUARDIAN, Stance.IMPOSED)
    return world


def planned(services, opens=OPENS, closes=CLOSES, **options):
    """A round of « Notes »."""
    return plan_round(services.site, "notes", YEAR, opens, closes, **options)


def added(services, *span, **options):
    """The same, made; returns the round."""
    plan = planned(services, *span, **options)
    carry_out(services.site, None, plan, seen=plan.seen)
    return plan.after


def is_open(services, clock, local, uai=COLLEGE):
    """Whether the module is open at a local time."""
    clock.set(local.replace(tzinfo=PARIS))
    site = services.site
    with site.database.reading() as tx:
        place = landscape(site, tx, YEAR, uai)
    question = place.question(place.establishments[0], Audience.GUARDIAN)
    return answer(site, site.catalogue.by_id["notes"], question).is_open


def says(told: Told):
    """The sentences for a family, with plain spaces."""
    return f"{told.state} {told.family} {told.next_step}".replace("\u00a0", " ")


@pytest.mark.faq("F71")
def test_a_round_to_the_second(services, world, clock):
    """Planned without being written; then both minutes count to their last second."""
    plan = planned(services)
    assert find(services) == ()
    before, during, after = (says(each.answer.told) for each in plan.families)
    assert "Ouvre le vendredi 27 novembre 2026 à 14 h 30" in before
    assert "Ouvert jusqu’au lundi 30 novembre 2026 à 23 h 59" in during
    assert "terminée le lundi 30 novembre 2026 à 23 h 59" in after
    carry_out(services.site, None, plan, seen=plan.seen)
    second = timedelta(seconds=1)
    assert not is_open(services, clock, OPENS - second)
    assert is_open(services, clock, OPENS)
    assert is_open(services, clock, CLOSES + 59 * second)
    assert not is_open(services, clock, CLOSES + 60 * second)


def find(services):
    """Every round recorded."""
    with services.site.database.reading() as tx:
        return tx.policy.whole(YEAR).rounds("notes", YEAR)


def test_several_rounds(services, world, clock):
    """Open in each, closed between them."""
    added(services)
    second = (datetime(2026, 12, 10, 8, 0), datetime(2026, 12, 11, 18, 0))
    plan = planned(services, *second)
    assert plan.after.title == "Tour 2"
    carry_out(services.site, None, plan, seen=plan.seen)
    assert is_open(services, clock, CLOSES)
    assert not is_open(services, clock, datetime(2026, 12, 5, 12, 0))
    assert is_open(services, clock, second[0])
    assert len(find(services)) == 2


def test_extended_for_all(services, world, clock):
    """The same round, closing later; the longer one is compared with what was seen."""
    first = added(services)
    later = CLOSES + timedelta(days=1)
    plan = plan_extension(services.site, first, later)
    assert plan.doubts == ()
    carry_out(services.site, None, plan, seen=plan.seen)
    assert is_open(services, clock, later)
    assert len(find(services)) == 1
    clock.set(CLOSES.replace(tzinfo=PARIS))
    with pytest.raises(ConflictError):
        carry_out(services.site, None, plan, seen=plan.seen)


@pytest.mark.parametrize("days", [0, 5])
def test_extended_for_one(services, world, clock, days):
    """A round of its own from the end of the other, or from now when that is over."""
    first = added(services)
    clock.set(CLOSES.replace(tzinfo=PARIS) + timedelta(days=days))
    later = CLOSES + timedelta(days=9)
    plan = plan_extension(services.site, first, later, COLLEGE)
    carry_out(services.site, None, plan, seen=plan.seen)
    own = plan.after
    assert own.uai == COLLEGE
    assert own.window.from_at >= first.window.until_at
    assert is_open(services, clock, later)
    assert not is_open(services, clock, later, LYCEE)
    between = CLOSES + timedelta(days=3)
    assert is_open(services, clock, between) is (days == 0), "the past is not rewritten"


@pytest.mark.parametrize(
    ("closes", "uai", "moved", "code"),
    [
        (CLOSES, None, 0, "not_later"),
        (CLOSES - timedelta(days=1), COLLEGE, 0, "not_later"),
        (CLOSES + timedelta(days=1), None, 6, "over"),
        (CLOSES + timedelta(days=1), COLLEGE, 20, "not_later"),
        (datetime(2027, 3, 28, 2, 30), None, 0, "closes_skipped"),
    ],
)
def test_extensions_refused(services, world, clock, closes, uai, moved, code):
    """Not shorter, not once it is over for all, not to a time that does not exist."""
    first = added(services)
    clock.advance(days=moved + 1)
    with pytest.raises(RefusedError, match=code):
        plan_extension(services.site, first, closes, uai)


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ((CLOSES, OPENS), "ends_before"),
        ((datetime(2027, 3, 28, 2, 0), datetime(2027, 3, 29)), "opens_skipped"),
        ((datetime(2027, 3, 20), datetime(2027, 3, 28, 2, 59)), "closes_skipped"),
    ],
)
def test_rounds_refused(services, world, span, code):
    """Ends before it begins, or a local time that the clock never shows."""
    with pytest.raises(RefusedError, match=code):
        planned(services, *span)


def test_a_round_of_one_minute(services, world, clock):
    """Opening and closing in the same minute: that minute counts."""
    added(services, OPENS, OPENS)
    assert is_open(services, clock, OPENS + timedelta(seconds=59))
    assert not is_open(services, clock, OPENS + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("span", "doubts"),
    [
        ((OPENS, CLOSES), {Doubt.RESTRICTS}),
        ((datetime(2026, 9, 1), datetime(2026, 9, 2)), {Doubt.RESTRICTS, Doubt.PAST}),
        ((datetime(2026, 11, 1), datetime(2027, 6, 30)), {Doubt.RESTRICTS, Doubt.LONG}),
        ((datetime(2027, 6, 1), datetime(2027, 9, 1)), {Doubt.RESTRICTS, Doubt.OTHER_YEAR}),
        (
            (datetime(2026, 10, 25, 2, 30), datetime(2026, 12, 25)),
            {Doubt.RESTRICTS, Doubt.OPENS_TWICE},
        ),
        (
            (datetime(2026, 10, 20), datetime(2026, 10, 25, 2, 30)),
            {Doubt.RESTRICTS, Doubt.CLOSES_TWICE, Doubt.PAST},
        ),
    ],
)
def test_doubts(services, world, span, doubts):
    """What may be a mistake is said, and allowed."""
    assert set(planned(services, *span).doubts) == doubts


def test_rounds_that_touch(services, world):
    """Said for two rounds that meet somewhere; not for two establishments apart."""
    added(services)
    assert Doubt.OVERLAPS in planned(services, CLOSES, CLOSES + timedelta(days=1)).doubts
    later = (CLOSES + timedelta(days=2), CLOSES + timedelta(days=3))
    added(services, *later, uai=COLLEGE)
    assert Doubt.OVERLAPS not in planned(services, *later, uai=LYCEE).doubts
    assert Doubt.OVERLAPS in planned(services, *later).doubts


def test_a_round_that_restricts_is_announced(services, world):
    """A module open all the year closes outside of its first round: the preview says where."""
    plan = planned(services)
    assert len(plan.consequence.closed) == 2
    assert plan.consequence.opened == ()


def test_cancelled(services, world, clock):
    """Gone, with its trace; once only."""
    first = added(services)
    plan = plan_cancel(services.site, first)
    carry_out(services.site, None, plan, seen=plan.seen)
    assert find(services) == ()
    with pytest.raises(ConflictError):
        carry_out(services.site, None, plan, seen=plan.seen)
    with pytest.raises(NotFoundError):
        find_campaign(services.site, first.id)
    with services.site.database.reading() as tx:
        actions = [e.action for e in tx.audit.latest(9) if e.action.startswith("campaign")]
    assert actions == ["campaign.cancelled", "campaign.added"]


def test_who_may(services, world):
    """The rectorat only; an unknown module or establishment is told."""
    head = world.staff(Role.HEAD, COLLEGE)
    done = sign_in(services.site, head.login_name, PASSWORD, source="x")
    viewer = resume(services.site, done.secret)
    plan = planned(services)
    with pytest.raises(NotAllowedError):
        carry_out(services.site, viewer, plan, seen=plan.seen)
    with pytest.raises(NotFoundError):
        plan_round(services.site, "nothing", YEAR, OPENS, CLOSES)
    with pytest.raises(NotFoundError):
        planned(services, uai=Uai.from_digits("0990001"))


@pytest.mark.parametrize("backend", ["postgresql"])
def test_extended_and_cancelled_at_once(services: Teleservices, world):
    """One of both happens."""

    def trials():
        for _trial in range(100):
            for old in find(services):
                undo = plan_cancel(services.site, old)
                carry_out(services.site, None, undo, seen=undo.seen)
            first = added(services)
            plans = (
                plan_extension(services.site, first, CLOSES + timedelta(days=1)),
                plan_cancel(services.site, first),
            )
            yield [partial(carry_out, services.site, None, p, seen=p.seen) for p in plans]

    before = ["UPDATE core_campaigns", "DELETE FROM core_campaigns"]
    for outcome in race(services.engine, trials(), before=before):
        winner = only_winner(outcome, ConflictError)
        assert len(find(services)) == (1, 0)[winner]


ZONES = ("Europe/Paris", "Indian/Reunion", "America/Miquelon", "Pacific/Noumea")


@given(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31)).flatmap(
        lambda at: st.sampled_from([at, at.replace(month=10, day=at.day - 4)])
    ),
    st.integers(0, 3 * 24 * 60),
    st.integers(-120, 4 * 24 * 60),
)
def test_every_minute_that_the_clock_shows(zone, start, length, minute):
    """Inside as long as the local clock reads a time of the window, on any night of change."""
    opens = start.replace(second=0, microsecond=0)
    closes = opens + timedelta(minutes=length)
    assume(readings(opens, zone) and readings(closes, zone))
    window = Window.local(opens, closes, zone)
    at = opens.replace(tzinfo=zone).astimezone(UTC) + timedelta(minutes=minute)
    shown = at.astimezone(zone).replace(tzinfo=None)
    if opens <= shown <= closes:
        assert at in window
    if not (opens <= shown <= closes):
        # Out, but for the hour that comes back between two readings of one minute.
        inside = at in window
        assert (
            not inside
            or readings(shown, zone) == 2
            or readings(closes, zone) == 2
            or (readings(opens, zone) == 2)
        )


@pytest.mark.parametrize(
    ("local", "number"),
    [
        (datetime(2026, 3, 29, 1, 59), 1),
        (datetime(2026, 3, 29, 2, 0), 0),
        (datetime(2026, 3, 29, 2, 59), 0),
        (datetime(2026, 3, 29, 3, 0), 1),
        (datetime(2026, 10, 25, 1, 59), 1),
        (datetime(2026, 10, 25, 2, 0), 2),
        (datetime(2026, 10, 25, 2, 59), 2),
        (datetime(2026, 10, 25, 3, 0), 1),
    ],
)
def test_readings(local, number):
    """How often the clock of Paris shows a time."""
    assert readings(local, PARIS) == number
    assert readings(local, ZoneInfo("Indian/Reunion")) == 1
