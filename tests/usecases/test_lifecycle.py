"""The daily run: who is warned, closed and erased, on both databases."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, timedelta
from random import Random
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from attrs import evolve
from sqlalchemy import func, insert, select

from teleservices_core.domain.accounts import AccountState, Audience, TokenPurpose
from teleservices_core.domain.lifecycle import Expected
from teleservices_core.domain.localtime import end_of_day, local_date
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.errors import RefusedError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import (
    COLLEGE,
    DIJON,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.claiming import choose_password, confirm_email, give_email
from teleservices_core.usecases.home import family_home
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.lifecycle import (
    BATCH,
    expected,
    last_runs,
    plan_lifecycle,
    run_lifecycle,
)
from teleservices_core.usecases.links import send_link, send_mail
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.signing_in import resume, sign_in

CHOSEN = "quatre chats sur le toit"
A_WEEK = timedelta(days=7)
MONTHLY = range(30, 331, 30)
DAYS = int(os.environ.get("LIFECYCLE_DAYS", "500"))
"""Of daily runs; three years, 1095, for changes to when an account ends."""
ACTS = {"warned", "unclaimed", "unconfirmed", "unused", "grouped"}


@pytest.fixture
def family(services):
    """A child and a mother, known and without letter."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    world.account(mother, Audience.GUARDIAN, **fresh)
    return child, mother


def hand_out(services):
    plan = plan_letters(
        services.site, COLLEGE, audiences=[Audience.GUARDIAN], which=LetterChoice.UNUSED
    )
    (letter,) = issue_letters(services.site, plan)
    return letter


def enter(services, login_name, secret):
    return resume(services.site, sign_in(services.site, login_name, secret, source="x").secret)


def claim(services, letter):
    viewer = enter(services, letter.candidate.account.login_name, letter.code)
    return resume(services.site, choose_password(services.site, viewer, CHOSEN).secret)


def the_account(services, login_name="anne.martin"):
    with services.site.database.reading() as tx:
        return tx.accounts.by_login(login_name)


def mails(services):
    """Every mail sent so far, the oldest first, as (subject, text)."""
    deliver(services.site, services.mailer)
    found = sorted(services.mailer.messages(), key=lambda each: each["Message-ID"])
    return [(each["Subject"], each.get_content()) for each in found]


def counts(services, **options):
    return dict(run_lifecycle(services.site, **options).counts)


def runs(services, *days):
    """Run on some days, counted from now; what was done to accounts on each."""
    start, done = services.site.now(), {}
    for day in days:
        services.site.clock.set(start + timedelta(days=day))
        found = counts(services)
        deliver(services.site, services.mailer)
        if acts := {name: found[name] for name in found.keys() & ACTS}:
            done[day] = acts
    return done


@pytest.mark.faq("F31")
def test_never_claimed(services, family, clock):
    """Closed after 90 days and the letter's own time; a new letter starts again (F15, F31)."""
    letter = hand_out(services)
    assert letter.valid_until == date(2027, 2, 24)
    assert runs(services, 1, 60, 91, 92, 93, 94) == {93: {"unclaimed": 1}}
    assert the_account(services).state is AccountState.CLOSED
    for secret in (letter.code, "un mot de passe"):
        with pytest.raises(RefusedError, match="wrong_credentials"):
            enter(services, "anne.martin", secret)
    viewer = claim(services, hand_out(services))
    assert viewer.account.state is AccountState.CLAIMED
    assert viewer.account.login_name == "anne.martin"


@pytest.mark.faq("F31")
def test_never_confirmed(services, family, clock):
    """Warned 30 and 7 days before, where the address to confirm is; then closed, and told."""
    viewer = claim(services, hand_out(services))
    give_email(services.site, viewer, "anne@example.org")
    assert mails(services)
    done = runs(services, 1, 59, 60, 61, 82, 83, 84, 90, 91, 92)
    assert done == {60: {"warned": 1}, 83: {"warned": 1}, 91: {"unconfirmed": 1}}
    (_first, *warnings, farewell) = mails(services)
    assert len(warnings) == 2
    for subject, text in warnings:
        assert "confirmer votre adresse" in subject
        assert "après le lundi 22 février 2027" in text
    assert "supprimé" in farewell[0]
    assert the_account(services).pending_email is None


@pytest.mark.faq("F31")
def test_confirmed_in_time(services, family, clock):
    """The second letter gives no more time than the first; confirming ends the count."""
    hand_out(services)
    clock.advance(days=80)
    letter = hand_out(services)
    assert the_account(services).issued_at == clock.now() - timedelta(days=80)
    viewer = claim(services, letter)
    give_email(services.site, viewer, "anne@example.org")
    _subject, text = mails(services)[-1]
    confirm_email(services.site, text.split("/confirmer/")[1].split()[0], None)
    assert runs(services, 10, 11, 60, 100, 150) == {}


@pytest.mark.faq("F32")
@pytest.mark.parametrize("audience", [Audience.GUARDIAN, Audience.STAFF])
def test_unused(services, clock, audience):
    """A year without a sign-in; one sign-in after a warning gives a whole year more."""
    world = World(services)
    account = world.account(an_adult(), audience, email="anne@example.org")
    assert runs(services, *MONTHLY, 334, 335, 336) == {335: {"warned": 1}}
    (_subject, text) = mails(services)[-1]
    assert "après le mercredi 24 novembre 2027" in text
    assert "365 jours" in text
    assert the_account(services).warned_at is not None
    enter(services, account.login_name, PASSWORD)
    assert the_account(services).warned_at is None
    assert runs(services, *MONTHLY, 334, 335, 336, 357, 358, 359, 365, 366, 367) == {
        335: {"warned": 1},
        358: {"warned": 1},
        366: {"unused": 1},
    }
    assert "Votre compte est supprimé" in mails(services)[-1][0]


def test_locked_accounts_too(services, clock):
    """One that nobody could unlock is not kept for ever."""
    World(services).account(an_adult(), Audience.GUARDIAN, state=AccountState.LOCKED, email=None)
    assert runs(services, *MONTHLY, 365, 366, 367) == {366: {"unused": 1}}


def test_after_a_long_stop_a_warning_comes_first(services, clock):
    """A run that comes a year late warns, and closes a week later."""
    World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")
    clock.advance(days=800)
    assert counts(services) == {"warned": 1}
    assert counts(services) == {}, "a run repeated does nothing"
    assert runs(services, 1, 7, 8, 9) == {8: {"unused": 1}}


def test_grouped(services, clock):
    """The account that gave its persons closes when that is final; its owner has been told."""
    world = World(services)
    kept = world.account(an_adult(), Audience.GUARDIAN)
    given = world.account(an_adult(first_name="Zoé"), Audience.GUARDIAN, state=AccountState.GROUPED)
    with services.site.database.writing() as tx:
        tx.connection.execute(
            insert(t.groupings).values(
                id=uuid4(),
                account_id=kept.id,
                other_id=given.id,
                person_ids=[],
                at=clock.now(),
                until_at=clock.now() + timedelta(days=7),
            )
        )
    assert runs(services, 6, 7, 8) == {7: {"grouped": 1}}
    assert mails(services) == []


def rows(services, table, **equal):
    with services.engine.connect() as connection:
        found = select(table).where(*(table.c[name] == value for name, value in equal.items()))
        return connection.execute(found).all()


def leave_traces(services, account):
    """Everything that an account in use leaves."""
    site, now = services.site, services.site.now()
    with site.database.writing() as tx:
        send_link(site, tx, account, TokenPurpose.RESET_PASSWORD, "anne@example.org", A_WEEK)
        send_mail(site, tx, "core.password_changed", "anne@example.org", account=account)
        digest = "0" * 64
        for table, values in (
            (t.devices, {"digest": digest, "first_at": now, "last_at": now}),
            (
                t.identities,
                {"issuer": "ent", "subject": "42", "linked_at": now, "seen_at": now},
            ),
            (t.throttles, {"key": digest, "failures": 1, "last_at": now}),
        ):
            tx.connection.execute(insert(table).values(account_id=account.id, **values))


@pytest.mark.faq("F32")
def test_what_is_erased_and_what_stays(services, family, clock):
    """No secret, address, device or mail is left; the row, the persons, the school's data are."""
    child, mother = family
    viewer = claim(services, hand_out(services))
    give_email(services.site, viewer, "anne@example.org")
    confirm_email(services.site, mails(services)[-1][1].split("/confirmer/")[1].split()[0], None)
    account = the_account(services)
    clock.advance(days=366)
    counts(services)
    clock.advance(days=8)
    leave_traces(services, account)
    assert counts(services)["unused"] == 1
    left = the_account(services)
    assert left == evolve(
        account,
        state=AccountState.CLOSED,
        password_hash=None,
        email=None,
        last_used_at=None,
        issued_at=None,
        claimed_at=None,
        epoch=account.epoch + 1,
        version=left.version,
    )
    for table in (t.sessions, t.tokens, t.devices, t.identities, t.throttles):
        assert rows(services, table, account_id=account.id) == [], table.name
    (farewell,) = [
        each for each in rows(services, t.outbox, account_id=account.id) if not each.sent_at
    ]
    assert farewell.kind == "core.account_closed"
    assert [each.code_hash for each in rows(services, t.letters, account_id=account.id)] == [""]
    for table in (t.students, t.adults, t.responsibilities, t.schoolings):
        assert len(rows(services, table)) == 1, table.name
    said = str([each.detail for each in rows(services, t.audit, action="account.closed")])
    assert said == "[{'reason': 'unused'}]"
    mails(services)
    clock.advance(days=40)
    counts(services)
    clock.advance(days=40)
    counts(services)
    with services.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            content = str(connection.execute(select(table)).all())
            assert "anne@example.org" not in content, table.name


def test_the_same_answer_as_for_an_unknown_account(services, clock):
    """Nobody learns from the sign-in page that there was an account."""
    account = World(services).account(an_adult(), Audience.GUARDIAN, email=None)
    clock.advance(days=366)
    assert counts(services) == {"unused": 1}
    refusals = []
    for login in (account.login_name, "personne.inconnue"):
        with pytest.raises(RefusedError) as refused:
            sign_in(services.site, login, PASSWORD, source="x")
        refusals.append((refused.value.code, refused.value.detail))
    assert refusals[0] == refusals[1] == ("wrong_credentials", {})


def test_a_session_ends_with_its_account(services, clock):
    """A browser left open does not keep a closed account in."""
    account = World(services).account(an_adult(), Audience.GUARDIAN, email=None)
    secret = sign_in(services.site, account.login_name, PASSWORD, source="x").secret
    with services.site.database.writing() as tx:
        stored = tx.accounts.get(account.id)
        past = services.site.now() - timedelta(days=400)
        tx.accounts.replace(stored, evolve(stored, last_used_at=past))
    assert resume(services.site, secret) is not None
    counts(services)
    assert resume(services.site, secret) is None


def crowd(services, number, **changes):
    """Accounts of nobody in particular, many at once."""
    values = {
        "audience": Audience.GUARDIAN,
        "state": AccountState.ACTIVE,
        "created_at": services.site.now(),
        "last_used_at": services.site.now(),
        **changes,
    }
    with services.site.database.writing() as tx:
        tx.connection.execute(
            insert(t.accounts),
            [
                {"id": services.site.new_id(), "login_name": f"x.{uuid4().hex}", **values}
                for _n in range(number)
            ],
        )


def test_dry_run(services, clock):
    """A plan says what would be done, and writes nothing."""
    World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")
    clock.advance(days=340)
    plan = plan_lifecycle(services.site)
    assert plan.counts == {"warned": 1}
    assert plan.closed == 0
    assert plan.refusal is None
    assert last_runs(services.site) == []
    assert the_account(services).warned_at is None


def test_a_run_that_would_close_too_many_is_refused(services, clock):
    """A tenth of the accounts at most, unless told otherwise; a few are no matter."""
    crowd(services, 19)
    clock.advance(days=200)
    crowd(services, 1)
    clock.advance(days=166)
    crowd(services, 170)
    assert counts(services) == {"unused": 19}
    crowd(services, 20, last_used_at=clock.now() - timedelta(days=400))
    with pytest.raises(RefusedError, match="too_many") as refused:
        run_lifecycle(services.site)
    assert refused.value.detail == {"number": 20, "of": 191}
    assert plan_lifecycle(services.site).refusal.code == "too_many"
    assert counts(services, force=True) == {"unused": 20}


def test_an_unlikely_clock_is_refused(services, clock):
    """Before the last run, or two months after it, the hour is to be looked at first."""
    run_lifecycle(services.site)
    at = clock.now()
    clock.set(at - timedelta(seconds=1))
    with pytest.raises(RefusedError, match="clock_back"):
        run_lifecycle(services.site)
    clock.set(at + timedelta(days=60, seconds=1))
    with pytest.raises(RefusedError, match="clock_ahead") as refused:
        run_lifecycle(services.site)
    assert refused.value.detail["last"] == at
    run_lifecycle(services.site, force=True)
    run_lifecycle(services.site)


def test_stopped_and_resumed(services, clock):
    """Each batch is whole and recorded; the next run goes on from there."""
    crowd(services, 3 * BATCH)
    clock.advance(days=366)
    seen = []
    stopped = run_lifecycle(
        services.site,
        force=True,
        progress=lambda done, total: seen.append((done, total)),
        is_stopping=lambda: len(seen) == 2,
    )
    assert seen == [(BATCH, 3 * BATCH), (2 * BATCH, 3 * BATCH)]
    assert stopped.finished_at is None
    assert last_runs(services.site) == [stopped]
    assert stopped.counts == {"unused": 2 * BATCH}
    resumed = run_lifecycle(services.site, force=True)
    assert resumed.counts == {"unused": BATCH}
    assert resumed.finished_at is not None


def test_two_runs_side_by_side(services, clock):
    """Each account is warned, or closed, by one of them."""
    crowd(services, 2 * BATCH)
    clock.advance(days=340)
    crowd(services, 2 * BATCH, last_used_at=clock.now() - timedelta(days=340), email="a@b.fr")
    clock.advance(days=26)
    barrier, done = Barrier(2), []

    def run():
        barrier.wait()
        done.append(run_lifecycle(services.site, force=True))

    threads = [Thread(target=run) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum((Counter(each.counts) for each in done), Counter()) == {
        "unused": 2 * BATCH,
        "warned": 2 * BATCH,
    }
    with services.engine.connect() as connection:
        acts = select(t.audit.c.subject_id, func.count()).group_by(t.audit.c.subject_id)
        assert {number for _id, number in connection.execute(acts)} == {1}
        queued = connection.scalar(select(func.count()).select_from(t.outbox))
    assert queued == 2 * BATCH


def test_what_is_over_is_forgotten(services, clock):
    """Links, mails, sessions and waits go in their time, and not what is still of use."""
    world = World(services)
    account = world.account(an_adult(), Audience.GUARDIAN)
    enter(services, account.login_name, PASSWORD)
    with services.site.database.writing() as tx:
        send_link(services.site, tx, account, TokenPurpose.RESET_PASSWORD, "a@example.org", A_WEEK)
        send_mail(services.site, tx, "core.password_changed", "a@example.org", name="A")
    deliver(services.site, services.mailer, limit=1)
    clock.advance(hours=24)
    assert counts(services) == {"sessions": 1}
    clock.advance(days=29)
    assert counts(services).keys() == {"waits"}
    clock.advance(seconds=1)
    assert counts(services) == {"mails": 1}, "the one that has left"
    deliver(services.site, services.mailer)
    clock.advance(days=7)
    assert counts(services) == {"links": 1, "mails": 1}


def test_what_comes_next(services, family, clock):
    """How many will be warned and closed in the coming month, by reason, unless they are used."""
    crowd(services, 3)
    crowd(services, 5, email="a@b.fr")
    crowd(services, 2, state=AccountState.CLAIMED, pending_email="a@b.fr", claimed_at=clock.now())
    hand_out(services)

    def now():
        return {each.reason: (each.warned, each.closed) for each in expected(services.site, 30)}

    nothing = {"unclaimed": (0, 0), "unconfirmed": (0, 0), "unused": (0, 0), "grouped": (0, 0)}
    assert now() == nothing
    clock.advance(days=30)
    assert now() == {**nothing, "unconfirmed": (2, 0)}
    clock.advance(days=32)
    assert now() == {**nothing, "unconfirmed": (2, 2)}, "the letter outlives the 90 days"
    clock.advance(days=1)
    assert now() == {**nothing, "unconfirmed": (2, 2), "unclaimed": (0, 1)}
    clock.advance(days=305 - 63)
    assert now()["unused"] == (5, 0)
    clock.advance(days=31)
    assert now()["unused"] == (5, 8)
    assert expected(services.site, 30)[0] == Expected("unclaimed", 0, 1)


def test_persons_keep_their_school(services, family, clock):
    """After a closing and a new letter, the same child is on the home page."""
    child, _mother = family
    hand_out(services)
    clock.advance(days=100)
    assert counts(services)["unclaimed"] == 1
    viewer = claim(services, hand_out(services))
    (answer,) = family_home(services.site, viewer)
    assert answer.child.student.id == child.id


@pytest.mark.faq("F31")
@pytest.mark.faq("F32")
def test_day_after_day(services, clock):
    """Random uses and daily runs: nobody early, late, or without two warnings."""
    random = Random(7)
    world, zone = World(services), DIJON.zone
    used, warned, gone = {}, {}, {}
    for number in range(30):
        address = f"p{number}@example.org" if number % 3 else None
        account = world.account(an_adult(first_name=f"P{number}"), Audience.GUARDIAN, email=address)
        used[account.id] = (clock.now(), address)
    kind = {"core.closing_unused": warned, "core.account_closed": gone}
    seen = set()
    for _day in range(DAYS):
        clock.advance(days=1, minutes=random.randint(-5, 5))
        for account_id in [each for each in used if random.random() < 1 / 400]:
            with services.site.database.writing() as tx:
                account = tx.accounts.get(account_id)
                if account.state is AccountState.ACTIVE:
                    tx.accounts.replace(account, account.used(clock.now()))
                    used[account_id] = (clock.now(), used[account_id][1])
        run_lifecycle(services.site, force=True)
        with services.engine.connect() as connection:
            for row in connection.execute(select(t.outbox)):
                if row.id not in seen:
                    seen.add(row.id)
                    kind[row.kind].setdefault(row.account_id, []).append(row.created_at)
            states = dict(connection.execute(select(t.accounts.c.id, t.accounts.c.state)).all())
        for account_id, (at, address) in used.items():
            end = end_of_day(local_date(at, zone) + timedelta(days=365), zone)
            is_closed = states[account_id] == AccountState.CLOSED
            assert is_closed is (clock.now() >= end)
            if is_closed and address:
                since = [each for each in warned[account_id] if each > at]
                assert len(since) == 2
                assert clock.now() - since[-1] >= timedelta(days=7)
                assert len(gone[account_id]) == 1
    assert 5 < sum(state == AccountState.CLOSED for state in states.values()) < 30
