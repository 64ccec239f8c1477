"""Races for an account that closes or changes address, on PostgreSQL.

One order wins entirely: what comes second finds the other's work, or fails
without a trace.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import delete, select, update
from uuid6 import uuid7

from teleservices_core.domain.accounts import (
    AccountState,
    Audience,
    Session,
    SessionPurpose,
    TokenPurpose,
)
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.hashing import link_secret
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases import lifecycle
from teleservices_core.usecases.claiming import confirm_email, look_at_link
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.links import send_link
from teleservices_core.usecases.my_account import change_email
from teleservices_core.usecases.signing_in import resume, sign_in

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
HOLD = "SELECT core_accounts.id \nFROM core_accounts \nWHERE core_accounts.id "
"""Where the daily run and a sign-in take an account: not their first write, but their lock."""
LATE = (ConflictError, RefusedError)
NEW = "neuve@example.org"


@pytest.fixture
def mother(services):
    """A guardian in use, of a student of the school."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    return world.account(mother, Audience.GUARDIAN, email=None)


def closing(services, account):
    """The transaction of a daily run that is about the account; returns what it did."""
    site = services.site

    def act():
        with site.database.writing() as tx:
            return lifecycle._settle(site, site.now(), [account.id], tx)

    return act


def stored(services, account):
    with services.site.database.reading() as tx:
        return tx.accounts.get(account.id)


def put_back(services, account, **changes):
    """The account as it was, of a later version, and nothing left of the trial before."""
    with services.site.database.writing() as tx:
        known = tx.accounts.get(account.id)
        for table in (t.sessions, t.throttles, t.tokens, t.outbox):
            tx.connection.execute(delete(table))
        back = evolve(account, version=known.version, epoch=known.epoch, **changes)
        return tx.accounts.replace(known, back)


def test_closing_against_signing_in(services, mother):
    """Either the account stays, and its session is good; or it is closed, and nothing opens it."""
    site = services.site
    unused = {"last_used_at": site.now() - timedelta(days=400)}

    def trials():
        for _n in range(TRIALS):
            put_back(services, mother, **unused)
            yield [
                lambda: sign_in(site, mother.login_name, PASSWORD, source="x"),
                closing(services, mother),
            ]

    seen: Counter[str] = Counter()
    for outcome in race(services.engine, trials(), before=[HOLD, "UPDATE core_accounts"]):
        assert outcome.met
        signed_in, run = outcome.results
        assert not isinstance(run, Exception), run
        left = stored(services, mother)
        if run.get("unused"):
            assert isinstance(signed_in, LATE), signed_in
            assert left.state is AccountState.CLOSED
            with services.engine.connect() as connection:
                assert connection.execute(select(t.sessions)).all() == []
        else:
            assert left.state is AccountState.ACTIVE
            assert left.last_used_at == site.now()
            assert resume(site, signed_in.secret) is not None
        seen[left.state] += 1
    assert set(seen) == {AccountState.ACTIVE, AccountState.CLOSED}, seen


def test_closing_against_confirming(services, mother):
    """The link of the last minute makes the account, or finds it closed: no address is left."""
    site = services.site
    waiting = {
        "state": AccountState.CLAIMED,
        "pending_email": NEW,
        "claimed_at": site.now() - timedelta(days=100),
        "warned_at": site.now() - timedelta(days=8),
    }

    def trials():
        for _n in range(TRIALS):
            secret = link(services, put_back(services, mother, **waiting), NEW)
            yield [lambda s=secret: confirm_email(site, s, None), closing(services, mother)]

    seen: Counter[str] = Counter()
    for outcome in race(services.engine, trials(), before=[HOLD, "UPDATE core_accounts"]):
        assert outcome.met
        confirmed, run = outcome.results
        assert not isinstance(run, Exception), run
        left = stored(services, mother)
        if run.get("unconfirmed"):
            assert isinstance(confirmed, LATE), confirmed
            assert (left.state, left.email, left.pending_email) == (
                AccountState.CLOSED,
                None,
                None,
            )
        else:
            assert not isinstance(confirmed, Exception), confirmed
            assert (left.state, left.email) == (AccountState.ACTIVE, NEW)
        seen[left.state] += 1
    assert set(seen) == {AccountState.ACTIVE, AccountState.CLOSED}, seen


def test_closing_against_a_new_letter(services, mother):
    """A letter printed at that instant opens its account; or none is printed."""
    site = services.site
    issued = {
        "state": AccountState.ISSUED,
        "password_hash": None,
        "issued_at": site.now() - timedelta(days=100),
    }

    def issue(plan):
        return list(issue_letters(site, plan))

    def trials():
        for _n in range(TRIALS // 2):
            put_back(services, mother, **issued)
            with services.site.database.writing() as tx:
                tx.connection.execute(
                    update(t.letters).values(expires_at=site.now() - timedelta(days=5))
                )
            plan = plan_letters(site, COLLEGE, which=LetterChoice.UNUSED)
            yield [lambda plan=plan: issue(plan), closing(services, mother)]

    seen: Counter[str] = Counter()
    for outcome in race(services.engine, trials(), before=[HOLD, "UPDATE core_accounts"]):
        assert outcome.met
        letters, run = outcome.results
        assert not isinstance(letters, Exception), letters
        assert not isinstance(run, Exception), run
        left = stored(services, mother)
        closed = bool(run.get("unclaimed"))
        assert left.state is (AccountState.CLOSED if closed else AccountState.ISSUED)
        assert len(letters) == (0 if closed else 1)
        for letter in letters:
            assert sign_in(site, mother.login_name, letter.code, source="x")
        seen[left.state] += 1
    assert set(seen) == {AccountState.ISSUED, AccountState.CLOSED}, seen


def link(services, account, address):
    """A link to confirm an address; its secret."""
    with services.site.database.writing() as tx:
        lifetime = timedelta(days=7)
        send_link(services.site, tx, account, TokenPurpose.CONFIRM_EMAIL, address, lifetime)
    with services.site.database.reading() as tx:
        token = tx.tokens.latest(account.id, TokenPurpose.CONFIRM_EMAIL)
    return link_secret(services.settings.secret_key, token.id)


def test_confirming_against_another_address(services, mother):
    """The link followed, or a third address asked for: one of them, and the other link is dead."""
    site, now = services.site, services.site.now()
    session = Session(uuid7().hex, mother.id, SessionPurpose.FULL, now, now, now)
    third = "troisieme@example.org"
    secrets = []

    def trials():
        for _n in range(TRIALS):
            account = put_back(services, mother, email="anne@example.org", pending_email=NEW)
            secrets.append(link(services, account, NEW))
            viewer = Viewer(session, account)
            yield [
                lambda s=secrets[-1]: confirm_email(site, s, None),
                lambda v=viewer: change_email(site, v, PASSWORD, third),
            ]

    seen: Counter[int] = Counter()
    for outcome in race(services.engine, trials(), before=[HOLD, "UPDATE core_accounts"]):
        assert outcome.met
        winner = only_winner(outcome, *LATE)
        left = stored(services, mother)
        expected = [(NEW, None), ("anne@example.org", third)][winner]
        assert (left.email, left.pending_email) == expected
        with pytest.raises(RefusedError):
            look_at_link(site, secrets[-1])
        seen[winner] += 1
    assert set(seen) == {0, 1}, seen
