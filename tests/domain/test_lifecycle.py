"""When accounts close, and that nobody is closed early, late or without a word."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from attrs import define, evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Account, AccountEvent, AccountState, Audience
from teleservices_core.domain.credentials import letter_expires_at
from teleservices_core.domain.lifecycle import (
    REASONS,
    Act,
    Due,
    Standing,
    Terms,
    closed,
    closes_at,
    due,
    over_if_before,
)
from teleservices_core.domain.localtime import end_of_day, local_date, midnight
from teleservices_core.errors import TransitionError

ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in ("Europe/Paris", "Pacific/Noumea", "America/Cayenne", "Indian/Reunion")
    ]
)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
FAQ = Terms(90, 365, (30, 7), ZoneInfo("Europe/Paris"))
START = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
LIVING_STATES = (
    AccountState.ISSUED,
    AccountState.CLAIMED,
    AccountState.ACTIVE,
    AccountState.LOCKED,
)
LIVING = st.sampled_from(LIVING_STATES)


def an_account(state=AccountState.ACTIVE, **changes):
    values = {
        "id": UUID(int=1),
        "audience": Audience.GUARDIAN,
        "login_name": "anne.martin",
        "state": state,
        "holder_ids": (UUID(int=2),),
        "created_at": START,
    }
    return Account(**{**values, **changes})


def started(state, start):
    """An account whose time to close began at an instant."""
    field = {AccountState.ISSUED: "issued_at", AccountState.CLAIMED: "claimed_at"}
    return an_account(state, **{field.get(state, "last_used_at"): start})


def days_of(state, terms=FAQ):
    waiting = state in {AccountState.ISSUED, AccountState.CLAIMED}
    return terms.unclaimed_days if waiting else terms.unused_days


@pytest.mark.faq("F31")
@pytest.mark.faq("F32")
@pytest.mark.parametrize(
    ("account", "last_day"),
    [
        (started(AccountState.ISSUED, START), date(2027, 2, 22)),
        (started(AccountState.CLAIMED, START), date(2027, 2, 22)),
        (started(AccountState.ACTIVE, START), date(2027, 11, 24)),
        (started(AccountState.LOCKED, START), date(2027, 11, 24)),
        (an_account(claimed_at=START + timedelta(days=1)), date(2027, 11, 25)),
        (an_account(), date(2027, 11, 24)),
        (an_account(audience=Audience.STAFF), date(2027, 11, 24)),
    ],
)
def test_last_days(account, last_day):
    """90 days to claim and as many to confirm; 365 from the last use, to the end of the day."""
    assert closes_at(Standing(account), FAQ) == end_of_day(last_day, FAQ.zone)


@pytest.mark.parametrize("state", [AccountState.NEW, AccountState.CLOSED])
def test_nothing_to_close(state):
    """What was never issued has nothing to lose, what is closed stays so."""
    standing = Standing(an_account(state, email="anne@example.org"))
    assert due(standing, FAQ, START + timedelta(days=5000)) is None


@pytest.mark.faq("F15")
def test_a_good_letter_keeps_its_account():
    """Three calendar months may be longer than 90 days: who holds a good letter may use it."""
    standing = Standing(started(AccountState.ISSUED, START), letter_expires_at(START, 3, FAQ.zone))
    assert closes_at(standing, FAQ) == midnight(date(2027, 2, 25), FAQ.zone)
    replaced = evolve(standing, letter_expires_at=START + timedelta(days=170))
    assert closes_at(replaced, FAQ) == START + timedelta(days=170)


def test_a_grouped_account_closes_unwarned_once_final():
    """Its owner grouped it: there is nothing to come back to."""
    account = an_account(AccountState.GROUPED, email="anne@example.org")
    standing = Standing(account, undone_until_at=START)
    assert due(standing, FAQ, START - timedelta(seconds=1)) is None
    assert due(standing, FAQ, START).act is Act.CLOSE
    assert due(Standing(account), FAQ, START) is None


def test_the_address_that_counts():
    """The one to be confirmed serves for who has just chosen a password, and for nobody else."""
    pending = {"pending_email": "anne@example.org"}
    assert Standing(an_account(AccountState.CLAIMED, **pending)).address == "anne@example.org"
    assert Standing(an_account(AccountState.ACTIVE, **pending)).address is None


@pytest.mark.parametrize(
    ("day", "warned_on", "expected"),
    [
        (date(2027, 10, 24), None, None),
        (date(2027, 10, 25), None, (Act.WARN, date(2027, 11, 24))),
        (date(2027, 10, 26), date(2027, 10, 25), None),
        (date(2027, 11, 16), date(2027, 10, 25), None),
        (date(2027, 11, 17), date(2027, 10, 25), (Act.WARN, date(2027, 11, 24))),
        (date(2027, 11, 24), date(2027, 11, 17), None),
        (date(2027, 11, 25), date(2027, 11, 17), (Act.CLOSE, date(2027, 11, 24))),
        (date(2027, 11, 19), date(2027, 10, 25), (Act.WARN, date(2027, 11, 26))),
        (date(2027, 11, 25), date(2027, 11, 19), None),
        (date(2028, 4, 1), None, (Act.WARN, date(2028, 4, 8))),
        (date(2028, 4, 9), date(2028, 4, 1), (Act.CLOSE, date(2028, 4, 8))),
    ],
)
def test_warnings_by_the_calendar(day, warned_on, expected):
    """30 and 7 days before the last day, which a late warning moves a week away."""
    warned_at = warned_on and midnight(warned_on, FAQ.zone) + timedelta(hours=3)
    account = an_account(last_used_at=START, warned_at=warned_at, email="anne@example.org")
    found = due(Standing(account), FAQ, midnight(day, FAQ.zone))
    last_day = found and local_date(found.closes_at - timedelta(seconds=1), FAQ.zone)
    assert (found and (found.act, last_day)) == expected


@given(INSTANTS, INSTANTS, st.integers(1, 800), ZONES)
def test_the_count_of_days_inverts(start, at, days, zone):
    """What the database looks for is what the rule says, in every zone and at every change."""
    end = end_of_day(local_date(start, zone) + timedelta(days=days), zone)
    assert (end <= at) is (start < over_if_before(at, days, zone))


@given(LIVING, INSTANTS, st.integers(0, 500), ZONES)
def test_without_address_it_closes_on_its_day(state, start, later, zone):
    """Not a second before the end of the last day, and from then on."""
    terms = evolve(FAQ, zone=zone)
    standing = Standing(started(state, start))
    at = start + timedelta(days=later)
    act = due(standing, terms, at)
    elapsed = local_date(at, zone) - local_date(start, zone)
    assert (act is not None and act.act is Act.CLOSE) is (elapsed.days > days_of(state))


@given(
    LIVING,
    INSTANTS,
    st.integers(0, 1000),
    st.none() | st.integers(0, 1000),
    st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True),
    ZONES,
)
def test_nobody_closes_without_a_notice(state, start, later, warned_after, steps, zone):
    """Whatever the state of the warnings, closing comes after the time and after a notice."""
    terms = Terms(90, 365, tuple(sorted(steps, reverse=True)), zone)
    warned_at = None if warned_after is None else start + timedelta(days=warned_after)
    account = evolve(started(state, start), warned_at=warned_at, email="anne@example.org")
    at = start + timedelta(days=later)
    act = due(Standing(account), terms, at)
    if act is None:
        return
    notice = timedelta(days=min(steps))
    if act.act is Act.CLOSE:
        assert warned_at is not None
        assert at >= warned_at + notice
        assert at >= closes_at(Standing(account), terms)
    else:
        assert act.closes_at >= max(closes_at(Standing(account), terms), at + notice)
        again = Standing(evolve(account, warned_at=at))
        assert due(again, terms, at) is None, "a run repeated warns once"
        just_before = due(again, terms, act.closes_at - timedelta(seconds=1))
        assert just_before is None or just_before.act is Act.WARN
        assert due(again, terms, act.closes_at) is not None, "the date said is kept"


@define
class Life:
    """One account under daily runs: what was done, and when."""

    account: Account
    letter_expires_at: datetime | None = None
    warnings: tuple[datetime, ...] = ()
    closed_at: datetime | None = None

    def standing(self):
        return Standing(self.account, self.letter_expires_at)

    def run(self, at, terms):
        act = due(self.standing(), terms, at)
        if act is None:
            return
        if act.act is Act.WARN:
            self.account = evolve(self.account, warned_at=at)
            self.warnings = (*self.warnings, at)
            return
        end = closes_at(self.standing(), terms)
        assert at >= end, "early"
        if self.standing().address:
            assert len([w for w in self.warnings if w >= end - timedelta(days=40)]) >= 2
            assert at - self.warnings[-1] >= timedelta(days=7)
        self.account, self.closed_at = closed(self.account), at

    def happen(self, event, at, terms):
        state = self.account.state
        if event == "sign_in" and state in {AccountState.ACTIVE, AccountState.CLAIMED}:
            self.account = self.account.used(at)
        elif event == "claim" and state is AccountState.ISSUED and at < self.letter_expires_at:
            self.account = evolve(
                self.account.used(at).after(AccountEvent.CLAIM),
                claimed_at=at,
                pending_email="anne@example.org",
            )
        elif event == "confirm" and state is AccountState.CLAIMED:
            self.account = evolve(
                self.account.after(AccountEvent.COMPLETE), email="anne@example.org"
            )
        elif event == "letter":
            first = state in {AccountState.ISSUED, AccountState.CLAIMED}
            self.account = evolve(
                self.account.after(AccountEvent.ISSUE_LETTER),
                issued_at=(self.account.issued_at if first else None) or at,
                claimed_at=None,
                warned_at=None,
            )
            self.letter_expires_at = letter_expires_at(at, 3, terms.zone)


@pytest.mark.faq("F31")
@pytest.mark.faq("F32")
@given(
    st.dictionaries(
        st.integers(1, 3 * 365),
        st.sampled_from(["sign_in", "sign_in", "claim", "confirm", "letter"]),
        max_size=30,
    ),
    st.lists(st.integers(0, 24 * 60 - 1), min_size=7, max_size=7),
    st.booleans(),
    ZONES,
)
def test_three_years_of_daily_runs(events, minutes, has_address, zone):
    """Nobody closes early or without two warnings; nobody stays a day longer than said."""
    terms = evolve(FAQ, zone=zone)
    life = Life(an_account(AccountState.NEW, email="anne@example.org" if has_address else None))
    life.happen("letter", START, terms)
    first = local_date(START, zone)
    for number in range(1, 3 * 365 + 200):
        day = first + timedelta(days=number)
        at = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
        at += timedelta(minutes=minutes[number % 7])
        if number in events:
            life.happen(events[number], at, terms)
        before = closes_at(life.standing(), terms)
        life.run(at, terms)
        after = closes_at(life.standing(), terms)
        assert after is None or at < after + timedelta(days=1), "kept late"
        assert before == after or after is None, "a run moves no date"


@given(st.lists(st.integers(1, 200), min_size=1, max_size=30), ZONES)
def test_runs_that_come_when_they_may(gaps, zone):
    """After any stop, a warning comes first, and closing at least a week later."""
    terms = evolve(FAQ, zone=zone)
    account, at, warned = started(AccountState.ACTIVE, START), START, None
    account = evolve(account, email="anne@example.org")
    for gap in gaps:
        at += timedelta(days=gap)
        act = due(Standing(account), terms, at)
        if act is None:
            continue
        if act.act is Act.CLOSE:
            assert warned is not None
            assert at - warned >= timedelta(days=7)
            return
        account, warned = evolve(account, warned_at=at), at


def test_closing_erases():
    """Nothing is left to sign in with or to write to; the name and the persons stay."""
    account = an_account(
        AccountState.LOCKED,
        password_hash="x",
        email="anne@example.org",
        pending_email="a@example.org",
        last_used_at=START,
        must_renew=True,
        display_name="Anne",
        epoch=4,
    )
    left = closed(account)
    assert left == an_account(AccountState.CLOSED, display_name="Anne", epoch=5)
    with pytest.raises(TransitionError):
        closed(left)


@pytest.mark.parametrize("state", AccountState)
def test_signs_of_life(state):
    """A use ends the warning, but where time runs to the password or to the address."""
    account = an_account(state, warned_at=START)
    kept = state in {AccountState.ISSUED, AccountState.CLAIMED}
    used = account.used(START + timedelta(days=1))
    assert used.last_used_at == START + timedelta(days=1)
    assert (used.warned_at is not None) is kept


@pytest.mark.parametrize("state", LIVING_STATES)
def test_whose_dates_are_not_known(state):
    """It counts from when the account was made; without even that, there is nothing to count."""
    made = Standing(an_account(state))
    assert closes_at(made, FAQ) == closes_at(Standing(started(state, START)), FAQ)
    with pytest.raises(ValueError, match="without any date"):
        closes_at(Standing(an_account(state, created_at=None)), FAQ)


def test_whichever_date_is_the_right_one():
    """A later creation does not make the time longer."""
    late = START + timedelta(days=40)
    for state in LIVING_STATES:
        account = evolve(started(state, START), created_at=late)
        assert closes_at(Standing(account), FAQ) == closes_at(Standing(started(state, START)), FAQ)
    claimed = an_account(claimed_at=START, last_used_at=late)
    assert closes_at(Standing(claimed), FAQ) == closes_at(
        Standing(an_account(last_used_at=late)), FAQ
    )


def test_a_letter_keeps_its_account():
    """The later of the two ends: of the days, or of a letter still good."""
    account = started(AccountState.ISSUED, START)
    days = closes_at(Standing(account), FAQ)
    for offset, end in ((-1, days), (1, days + timedelta(days=1))):
        letter = Standing(account, letter_expires_at=days + timedelta(days=offset))
        assert closes_at(letter, FAQ) == end


@pytest.mark.parametrize(
    ("state", "changes", "address"),
    [
        (AccountState.ACTIVE, {"email": "a@b.fr", "pending_email": "c@d.fr"}, "a@b.fr"),
        (AccountState.ACTIVE, {"pending_email": "c@d.fr"}, None),
        (AccountState.CLAIMED, {"pending_email": "c@d.fr"}, "c@d.fr"),
        (AccountState.CLAIMED, {"email": "a@b.fr", "pending_email": "c@d.fr"}, "a@b.fr"),
        (AccountState.ISSUED, {"pending_email": "c@d.fr"}, None),
        (AccountState.GROUPED, {"email": "a@b.fr"}, "a@b.fr"),
    ],
)
def test_where_an_owner_is_warned(state, changes, address):
    """At the confirmed address, or at the one still to be; nobody of his own grouping."""
    standing = Standing(an_account(state, **changes))
    assert standing.address == address
    assert standing.is_warned is (address is not None and state is not AccountState.GROUPED)


def warned(at=None):
    return Standing(an_account(email="a@b.fr", last_used_at=START, warned_at=at))


def test_steps_to_the_day():
    """At each step's midnight, once; then at the end, not an instant before."""
    end = closes_at(warned(), FAQ)
    first, second = (
        midnight(local_date(end, FAQ.zone) - timedelta(days=n + 1), FAQ.zone) for n in (30, 7)
    )
    tick = timedelta.resolution
    assert due(warned(), FAQ, first - tick) is None
    assert due(warned(), FAQ, first) == Due(Act.WARN, end)
    assert due(warned(first), FAQ, second - tick) is None
    assert due(warned(first), FAQ, second) == Due(Act.WARN, end)
    assert due(warned(second), FAQ, end - tick) is None
    assert due(warned(second), FAQ, end) == Due(Act.CLOSE, end)


def test_a_late_run_gives_the_notice_first():
    """Warned on the last day, it has the seven days that are promised."""
    end = closes_at(warned(), FAQ)
    later = end_of_day(local_date(end, FAQ.zone) + timedelta(days=7), FAQ.zone)
    assert due(warned(), FAQ, end) == Due(Act.WARN, later)
    assert due(warned(end), FAQ, later - timedelta.resolution) is None
    assert due(warned(end), FAQ, later) == Due(Act.CLOSE, later)


def test_without_address_nobody_is_warned():
    standing = Standing(an_account(last_used_at=START))
    end = closes_at(standing, FAQ)
    assert due(standing, FAQ, end - timedelta.resolution) is None
    assert due(standing, FAQ, end) == Due(Act.CLOSE, end)


def test_why_an_account_closes():
    """A word for each state that closes by itself, and for no other."""
    assert REASONS == {
        AccountState.ISSUED: "unclaimed",
        AccountState.CLAIMED: "unconfirmed",
        AccountState.ACTIVE: "unused",
        AccountState.LOCKED: "unused",
        AccountState.GROUPED: "grouped",
    }
