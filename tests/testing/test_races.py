"""The race harness itself: it must catch what it is made to catch."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve
from sqlalchemy import select, update

from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.races import Outcome, only_winner, race
from teleservices_core.testing.world import World

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
BEFORE = ["UPDATE core_accounts"]


@pytest.fixture
def account(services) -> Account:
    """An account that two acts want to lock."""
    return World(services).account(an_adult(), Audience.GUARDIAN)


def naive(services, account):
    """Look, then update: what nobody should write."""
    with services.site.database.writing() as tx:
        state = tx.connection.scalar(
            select(t.accounts.c.state).where(t.accounts.c.id == account.id)
        )
        if state != "active":
            raise ConflictError("already locked")
        tx.connection.execute(
            update(t.accounts).where(t.accounts.c.id == account.id).values(state="locked")
        )


def careful(services, account):
    """Compare and set."""
    with services.site.database.writing() as tx:
        found = tx.accounts.get(account.id)
        if found.state is not AccountState.ACTIVE:
            raise ConflictError("already locked")
        tx.accounts.replace(found, evolve(found, state=AccountState.LOCKED))


def trials(services, account, act, number):
    """The same race again and again, from an unlocked account."""
    for _n in range(number):
        with services.site.database.writing() as tx:
            tx.connection.execute(update(t.accounts).values(state="active"))
        yield [lambda: act(services, account)] * 2


def test_a_naive_act_is_caught(services, account):
    """Both read before either writes, so both win, every time."""
    outcomes = list(race(services.engine, trials(services, account, naive, 50), before=BEFORE))
    assert all(outcome.met and outcome.winners == [0, 1] for outcome in outcomes)
    with pytest.raises(AssertionError, match="2 winners"):
        only_winner(outcomes[0], ConflictError)


def test_a_careful_act_wins_alone(services, account):
    """Exactly one winner, now one side, now the other."""
    outcomes = list(race(services.engine, trials(services, account, careful, 200), before=BEFORE))
    assert all(outcome.met for outcome in outcomes)
    assert set(Counter(only_winner(each, ConflictError) for each in outcomes)) == {0, 1}


def test_an_act_that_never_writes_keeps_nobody_waiting(services, account):
    """A refusal before the write is an outcome like another; it was no race."""

    def refused():
        raise ConflictError("no")

    pair = [refused, lambda: careful(services, account)]
    (outcome,) = race(services.engine, [pair], before=BEFORE)
    assert only_winner(outcome, ConflictError) == 1
    assert not outcome.met


def test_surprises_are_not_taken_for_losers(services, account):
    """Only the expected exceptions make a loser."""
    with pytest.raises(AssertionError, match="unexpected ValueError"):
        only_winner(Outcome((None, ValueError()), met=True), ConflictError)
