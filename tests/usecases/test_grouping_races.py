"""Two acts on the same accounts at the same instant: one order wins, nobody is lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import bindparam, insert, select, update
from uuid6 import uuid7

from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    Session,
    SessionPurpose,
    TokenPurpose,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.hashing import digest, link_secret
from teleservices_core.storage import tables as t
from teleservices_core.storage.importing_rows import account_row, adult_row
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.world import PASSWORD
from teleservices_core.usecases.grouping import group, undo, undo_by_link

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
BEFORE = ["UPDATE core_accounts"]
LATE = (ConflictError, RefusedError)


def families(services, size, *, email=None):
    """As many accounts as asked for each trial, all of one name and password."""
    site = services.site
    password_hash = site.hasher.hash_password(PASSWORD)
    adults = [an_adult() for _n in range(TRIALS * size)]
    accounts = [
        Account(
            id=uuid7(),
            audience=Audience.GUARDIAN,
            login_name=f"anne.martin{number}",
            state=AccountState.ACTIVE,
            holder_ids=(adult.id,),
            display_name=adult.full_name,
            email=email,
            password_hash=password_hash,
            created_at=site.now(),
        )
        for number, adult in enumerate(adults)
    ]
    with services.engine.begin() as connection:
        connection.execute(insert(t.adults), [adult_row(each) for each in adults])
        secrets = {"password_hash": password_hash, "email": email}
        connection.execute(insert(t.accounts), [account_row(each) | secrets for each in accounts])
        held = [{"person_id": each.holder_ids[0], "account_id": each.id} for each in accounts]
        connection.execute(insert(t.account_holders), held)
    return [accounts[start : start + size] for start in range(0, len(accounts), size)]


def viewer_of(services, account):
    """Somebody signed in by the host: no password of his own is asked for, which saves time."""
    now = services.site.now()
    session = Session(uuid7().hex, account.id, SessionPurpose.FULL, now, now, now)
    return Viewer(session, evolve(account, password_hash=None))


def gathering(services, account, other):
    """The act of grouping an account into another."""
    viewer = viewer_of(services, account)
    return lambda: group(
        services.site, viewer, other.login_name, PASSWORD, "", source=other.login_name
    )


def holders(services):
    """Who holds each person, and the state of each account."""
    with services.engine.connect() as connection:
        held = connection.execute(select(t.account_holders)).all()
        states = connection.execute(select(t.accounts.c.id, t.accounts.c.state)).all()
    assert len(held) == len(states), "a person for each account, none lost"
    return {row.person_id: row.account_id for row in held}, dict(states)


def grouped(services, pairs):
    """Have each first account hold the persons of the second: (grouping's id, link) of each."""
    now = services.site.now()
    until_at = now + timedelta(days=7)
    done = [
        {
            "id": uuid7(),
            "account_id": a.id,
            "other_id": b.id,
            "person_ids": [str(person) for person in b.holder_ids],
            "at": now,
            "until_at": until_at,
        }
        for a, b in pairs
    ]
    links = [(b, link_secret(services.site.settings.secret_key, b.id)) for _a, b in pairs]
    tokens = [
        {
            "id": b.id,
            "digest": digest(secret),
            "account_id": b.id,
            "purpose": TokenPurpose.UNDO_GROUPING,
            "created_at": now,
            "expires_at": until_at,
        }
        for b, secret in links
    ]
    with services.engine.begin() as connection:
        connection.execute(insert(t.groupings), done)
        connection.execute(insert(t.tokens), tokens)
        others = [{"a_id": a.id, "b_id": b.id} for a, b in pairs]
        connection.execute(
            update(t.account_holders)
            .where(t.account_holders.c.account_id == bindparam("b_id"))
            .values(account_id=bindparam("a_id")),
            others,
        )
        connection.execute(
            update(t.accounts)
            .where(t.accounts.c.id == bindparam("b_id"))
            .values(state=AccountState.GROUPED),
            others,
        )
    return [(each["id"], secret) for each, (_b, secret) in zip(done, links, strict=True)]


def undoing(services, account, grouping_id):
    """The act of giving back what a grouping brought, from « Mon compte »."""
    viewer = viewer_of(services, account)
    return lambda: undo(services.site, viewer, grouping_id)


def run(services, trials, *expected):
    """Race every trial: who won, having met nearly every time."""
    outcomes = list(race(services.engine, trials, before=BEFORE))
    assert sum(outcome.met for outcome in outcomes) > 0.95 * TRIALS
    return [only_winner(outcome, *expected) for outcome in outcomes]


def test_two_accounts_grouping_each_other(services):
    """One takes the other; never a circle."""
    trials = families(services, 2)
    winners = run(
        services,
        [[gathering(services, a, b), gathering(services, b, a)] for a, b in trials],
        *LATE,
    )
    held, states = holders(services)
    for pair, won in zip(trials, winners, strict=True):
        kept, gone = pair[won], pair[1 - won]
        assert {held[each.holder_ids[0]] for each in pair} == {kept.id}
        assert (states[kept.id], states[gone.id]) == ("active", "grouped")
    assert len(Counter(winners)) == 2, "now one, now the other"


def test_two_accounts_grouping_the_same_third(services):
    """One of them has it, the other one is told."""
    trials = families(services, 3)
    winners = run(
        services,
        [[gathering(services, a, c), gathering(services, b, c)] for a, b, c in trials],
        *LATE,
    )
    held, states = holders(services)
    for trio, won in zip(trials, winners, strict=True):
        *takers, third = trio
        assert held[third.holder_ids[0]] == takers[won].id
        assert held[takers[1 - won].holder_ids[0]] == takers[1 - won].id
        assert [states[each.id] for each in trio] == ["active", "active", "grouped"]


def test_undoing_twice(services):
    """The button and the mailed link: one of them undoes, the other finds it done just now."""
    trials = families(services, 2, email="anne@example.org")
    pairs = [
        [
            undoing(services, a, grouping_id),
            lambda secret=secret: undo_by_link(services.site, secret),
        ]
        for (a, _b), (grouping_id, secret) in zip(trials, grouped(services, trials), strict=True)
    ]
    outcomes = list(race(services.engine, pairs, before=BEFORE))
    assert sum(outcome.met for outcome in outcomes) > 0.95 * TRIALS
    results = [result for outcome in outcomes for result in outcome.results]
    assert all(isinstance(each, LATE) or not isinstance(each, Exception) for each in results)
    assert all(outcome.winners for outcome in outcomes)
    held, states = holders(services)
    assert all(held[each.holder_ids[0]] == each.id for pair in trials for each in pair)
    assert set(states.values()) == {"active"}


def test_grouping_an_account_that_gives_back(services):
    """C takes A while A gives B back: both are done, one after the other, each person once."""
    trials = families(services, 3, email="anne@example.org")
    done = grouped(services, [(a, b) for a, b, _c in trials])
    pairs = [
        [gathering(services, c, a), undoing(services, a, grouping_id)]
        for (a, _b, c), (grouping_id, _secret) in zip(trials, done, strict=True)
    ]
    outcomes = list(race(services.engine, pairs, before=BEFORE))
    assert sum(outcome.met for outcome in outcomes) > 0.95 * TRIALS
    assert all(outcome.winners == [0, 1] for outcome in outcomes)
    held, states = holders(services)
    for a, b, c in trials:
        assert [held[each.holder_ids[0]] for each in (a, b, c)] == [c.id, b.id, c.id]
        assert [states[each.id] for each in (a, b, c)] == ["grouped", "active", "active"]
