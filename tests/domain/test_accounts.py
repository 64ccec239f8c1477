"""The life of an account, as the documentation draws it: told here without the code's table."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from teleservices_core.domain.accounts import (
    TRANSITIONS,
    Account,
    AccountEvent,
    AccountState,
    Audience,
    Token,
    TokenPurpose,
    next_state,
)
from teleservices_core.errors import TransitionError
from teleservices_core.testing.account_life import LIFE
from teleservices_core.testing.clock import A_TUESDAY

ROOT = Path(__file__).parents[2]
SOMEBODY = UUID(int=1)


@pytest.mark.parametrize("state", AccountState)
@pytest.mark.parametrize("event", AccountEvent)
def test_life(state, event):
    """Each event in each state, those that cannot happen included."""
    after = LIFE.get((state, event))
    if after is None:
        with pytest.raises(TransitionError):
            next_state(state, event)
        assert (state, event) not in TRANSITIONS
    else:
        assert next_state(state, event) is AccountState(after)


def test_the_diagram_that_people_read():
    """The page draws and lists these steps, and no other."""
    page = (ROOT / "docs" / "reference" / "account-life.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \|$", page, re.MULTILINE)
    drawn = [
        (before, event, after)
        for before, after, events in re.findall(r"(\w+) --> (\w+): (.+)", page)
        for event in events.split(", ")
    ]
    steps = sorted((before, event, after) for (before, event), after in LIFE.items())
    assert sorted(drawn) == steps
    assert sorted(each for each in listed if each[0] != "state") == steps


def an_account(state=AccountState.ACTIVE, **changes):
    return Account(SOMEBODY, Audience.GUARDIAN, "anne.martin", state, (SOMEBODY,), **changes)


@pytest.mark.parametrize("state", AccountState)
@pytest.mark.parametrize("password_hash", [None, "hash"])
def test_who_a_letter_lets_in(state, password_hash):
    """Who has not chosen a password yet; a host's identity may have made the account active."""
    account = an_account(state, password_hash=password_hash)
    never_claimed = state is AccountState.ISSUED
    opened_by_a_host = state is AccountState.ACTIVE and password_hash is None
    assert account.takes_letter is (never_claimed or opened_by_a_host)


def test_which_accounts_are_in_use():
    """One that is locked was activated: its owner is told so, and not to begin anew."""
    usable = {state for state in AccountState if an_account(state).is_usable}
    assert usable == {AccountState.ACTIVE, AccountState.LOCKED}


def test_an_account_begins_with_nothing():
    account = an_account()
    assert (account.epoch, account.version, account.must_renew) == (0, 0, False)


LATER = A_TUESDAY + timedelta(days=7)


@pytest.mark.parametrize("purpose", TokenPurpose)
@pytest.mark.parametrize(
    ("used", "at", "epoch", "undoing", "other"),
    [
        (False, LATER - timedelta.resolution, 4, None, None),
        (False, LATER - timedelta.resolution, 5, None, "link_expired"),
        (False, LATER, 4, "link_expired", "link_expired"),
        (False, LATER, 5, "link_expired", "link_expired"),
        (True, A_TUESDAY, 4, "link_used", "link_used"),
        (True, LATER, 5, "link_used", "link_used"),
    ],
)
def test_when_a_link_dies(purpose, used, at, epoch, undoing, other):
    """Used, at the end of its life, or by what raised the epoch, but for what undoes just that."""
    token = Token(
        id=SOMEBODY,
        digest="x",
        account_id=SOMEBODY,
        purpose=purpose,
        address="anne@example.org",
        epoch=4,
        created_at=A_TUESDAY,
        expires_at=LATER,
        used_at=A_TUESDAY if used else None,
    )
    undoes = purpose in {TokenPurpose.UNDO_EMAIL, TokenPurpose.UNDO_GROUPING}
    assert token.refusal(at, epoch) == (undoing if undoes else other)
