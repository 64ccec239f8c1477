"""Who is the same person, and what an account becomes: pure rules."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from uuid6 import uuid7

from teleservices_core.domain import grouping as rules
from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.credentials import fold
from teleservices_core.domain.grouping import Grouping, same_holder, same_person
from teleservices_core.errors import TransitionError
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.strategies import names

adults = st.builds(
    an_adult,
    first_name=names(),
    last_name=names(),
    usage_name=st.just("") | names(),
)
scribbles = st.sampled_from(
    (
        str.upper,
        str.lower,
        lambda text: text.replace("-", " "),
        lambda text: text.replace(" ", ""),
        lambda text: text.replace("'", "’"),
        lambda text: f" {text} ",
        lambda text: "".join(
            c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)
        ),
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: text.replace("œ", "oe").replace("æ", "ae"),
    )
)


@given(adults, scribbles, scribbles)
def test_the_way_of_writing_does_not_matter(adult, write, rewrite):
    """Accents, hyphens, case, spaces: the same person, whoever typed the name."""
    other = an_adult(
        first_name=write(rewrite(adult.first_name)),
        last_name=rewrite(adult.last_name),
        usage_name=write(adult.usage_name),
    )
    assert same_person(adult, other)
    assert same_person(other, adult)


@given(adults)
def test_either_surname_will_do(adult):
    """A school knows the family name, another the usage name."""
    for surname in filter(None, (adult.last_name, adult.usage_name)):
        assert same_person(adult, an_adult(first_name=adult.first_name, last_name=surname))
        unnamed = an_adult(first_name=adult.first_name, last_name="", usage_name=surname)
        assert same_person(adult, unnamed)


@given(adults, adults)
def test_another_name_is_another_person(one, other):
    """The rule says yes for a first name and a surname in common, and for nothing else."""
    surnames = [{fold(a.last_name), fold(a.usage_name)} - {""} for a in (one, other)]
    agree = fold(one.first_name) == fold(other.first_name) and bool(surnames[0] & surnames[1])
    assert same_person(one, other) is agree
    assert same_person(one, other) is same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Anne", "MARTIN", ""), ("ANNE", "Martin", ""), True),
        (("Jean-Noël", "D’ARC", ""), ("JEAN NOEL", "DARC", ""), True),
        (("Anne", "MARTIN", "DUPONT"), ("Anne", "DUPONT", ""), True),
        (("Anne", "MARTIN", ""), ("Anne", "DUPONT", "MARTIN"), True),
        (("Anne", "MARTIN", ""), ("Anne", "DUPONT", ""), False),
        (("Anne", "MARTIN", ""), ("Hanna", "MARTIN", ""), False),
        (("Anne", "MARTIN", ""), ("Martin", "ANNE", ""), False),
        (("", "SERVICE SOCIAL", ""), ("", "SERVICE SOCIAL", ""), False),
        (("Анна", "MARTIN", ""), ("Мария", "MARTIN", ""), False),
        (("Anne", "", ""), ("Anne", "", ""), False),
    ],
)
def test_names(one, other, same):
    """What a school writes, and what it does not prove."""

    def named(first_name, last_name, usage_name):
        return an_adult(first_name=first_name, last_name=last_name, usage_name=usage_name)

    assert same_person(named(*one), named(*other)) is same


def test_one_person_of_a_grouped_account_is_enough():
    """A guardian known by two surnames is recognized by either."""
    mine = [an_adult(last_name="MARTIN"), an_adult(last_name="DUPONT")]
    assert same_holder(mine, [an_adult(last_name="DUPONT")])
    assert not same_holder(mine, [an_adult(last_name="DURAND")])
    assert not same_holder(mine, [])


def an_account(**changes):
    values = {"state": AccountState.ACTIVE, "password_hash": "x", "email": "a@example.org"}
    return Account(uuid7(), Audience.GUARDIAN, "anne.martin", holder_ids=(), **values | changes)


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ({}, AccountState.ACTIVE),
        ({"state": AccountState.CLAIMED, "email": None, "pending_email": "b@example.org"}, None),
        ({"state": AccountState.ISSUED, "email": None, "password_hash": None}, None),
        ({"state": AccountState.ISSUED, "password_hash": None}, None),
    ],
)
def test_there_and_back(before, state):
    """What could be signed in to can be again; the rest starts again with a letter."""
    account = an_account(**before)
    away = rules.given(account)
    assert away.state is AccountState.GROUPED
    assert (away.password_hash, away.email) == (account.password_hash, account.email)
    back = rules.taken_back(away)
    assert account.epoch < away.epoch < back.epoch, "what was mailed before is dead"
    if state:
        assert back == evolve(account, epoch=back.epoch)
    else:
        assert back.state is AccountState.CLOSED
        assert (back.password_hash, back.email, back.pending_email) == (None, None, None)


@pytest.mark.parametrize("state", [AccountState.NEW, AccountState.CLOSED])
def test_what_nobody_signs_in_to_gives_too(state):
    """A school says that it is somebody's second one; back again, it waits for a letter."""
    away = rules.given(an_account(state=state, password_hash=None, email=None))
    assert rules.taken_back(away).state is AccountState.CLOSED


def test_what_was_closed_meanwhile_stays_so():
    """Only the persons come back."""
    account = an_account(state=AccountState.CLOSED, password_hash=None, email=None)
    assert rules.taken_back(account) == account


@pytest.mark.parametrize("state", [AccountState.LOCKED, AccountState.GROUPED])
def test_who_cannot_give(state):
    """A lock stays; what has given has nothing left."""
    with pytest.raises(TransitionError):
        rules.given(an_account(state=state))


def test_until_when():
    """To the last second, and once."""
    until_at = A_TUESDAY + timedelta(days=7)
    done = Grouping(uuid7(), uuid7(), uuid7(), (), A_TUESDAY, until_at)
    assert done.may_be_undone(until_at - timedelta(microseconds=1))
    assert not done.may_be_undone(until_at)
    assert not evolve(done, undone_at=A_TUESDAY).may_be_undone(A_TUESDAY)
