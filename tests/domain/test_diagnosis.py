"""The help line always has something to answer: one case for any facts, each with a next step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Account, AccountState, Audience, CredentialLetter
from teleservices_core.domain.diagnosis import (
    Case,
    Facts,
    MailState,
    Remedy,
    Sending,
    diagnose,
    mail_state,
    remedies,
)
from teleservices_core.testing.builders import DIJON
from teleservices_core.testing.reaching import often, reached
from teleservices_core.words.diagnoses import ADVICE, REMEDY_WORDS, diagnosis

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(days=3), NOW + timedelta(days=3)
SOMEBODY = UUID(int=1)
LETTER = CredentialLetter(
    SOMEBODY, SOMEBODY, "0219999E", "hash", NOW - timedelta(days=30), NOW + timedelta(days=60)
)
EXPIRED = evolve(LETTER, expires_at=NOW)
USED = evolve(LETTER, used_at=BEFORE)


def an_account(state, **changes):
    """An account in a state, with a password and a confirmed address."""
    values = {"password_hash": "hash", "email": "anne@example.org"}
    return Account(
        SOMEBODY, Audience.GUARDIAN, "anne.martin", state, (SOMEBODY,), **{**values, **changes}
    )


def facts(state, changes=None, **others):
    """Facts about such an account."""
    return Facts(an_account(state, **(changes or {})), NOW, **others)


UNCONFIRMED = {"email": None, "pending_email": "anne@example.org"}


def sent(state=MailState.SENT, until=LATER):
    """A confirmation mail of three days ago."""
    return {"confirmation": Sending(state, BEFORE), "link_until_at": until}


@pytest.mark.parametrize(
    ("case", "known"),
    [
        (Case.NO_LETTER, facts(AccountState.NEW)),
        (Case.LETTER_GOOD, facts(AccountState.ISSUED, letter=LETTER)),
        (Case.LETTER_EXPIRED, facts(AccountState.ISSUED, letter=EXPIRED)),
        (Case.LETTER_DEAD, facts(AccountState.ISSUED, letter=USED)),
        (Case.LETTER_DEAD, facts(AccountState.ISSUED)),
        (Case.NO_ADDRESS, facts(AccountState.CLAIMED, {"email": None})),
        (Case.CONFIRMATION_SENT, facts(AccountState.CLAIMED, UNCONFIRMED, **sent())),
        (
            Case.CONFIRMATION_LEAVING,
            facts(AccountState.CLAIMED, UNCONFIRMED, **sent(MailState.WAITING)),
        ),
        (
            Case.CONFIRMATION_FAILED,
            facts(AccountState.CLAIMED, UNCONFIRMED, **sent(MailState.FAILED)),
        ),
        (
            Case.CONFIRMATION_OVER,
            facts(AccountState.CLAIMED, UNCONFIRMED, **sent(until=NOW)),
        ),
        (Case.CONFIRMATION_OVER, facts(AccountState.CLAIMED, UNCONFIRMED)),
        (
            Case.CONFIRMATION_OVER,
            facts(AccountState.CLAIMED, UNCONFIRMED, **sent(MailState.DROPPED)),
        ),
        (Case.LOCKED, facts(AccountState.LOCKED)),
        (Case.GROUPED, facts(AccountState.GROUPED)),
        (Case.CLOSED, facts(AccountState.CLOSED)),
        (Case.MUST_WAIT, facts(AccountState.ACTIVE, wait_until_at=LATER)),
        (Case.IN_ORDER, facts(AccountState.ACTIVE, wait_until_at=NOW)),
        (Case.MUST_RENEW, facts(AccountState.ACTIVE, {"must_renew": True})),
        (Case.HOST_ONLY, facts(AccountState.ACTIVE, {"password_hash": None}, has_identity=True)),
        (Case.ADDRESS_FAILS, facts(AccountState.ACTIVE, bounced=True)),
        (Case.UNREACHABLE, facts(AccountState.ACTIVE, {"email": None})),
        (Case.IN_ORDER, facts(AccountState.ACTIVE, has_identity=True)),
    ],
)
def test_cases(case, known):
    """Each case of the table, from the facts that make it."""
    assert diagnose(known) is case


def test_every_case_is_reached_and_worded():
    """No case without words, and none that no facts lead to."""
    reached = {args[0] for args in test_cases.pytestmark[0].args[1]}
    assert set(Case) == set(ADVICE) == reached
    assert set(Remedy) == set(REMEDY_WORDS)


@pytest.mark.faq("F16")
def test_an_expired_letter_names_the_office():
    """The dates and the school's office are in the words."""
    known = facts(AccountState.ISSUED, letter=EXPIRED)
    told = diagnosis(known, DIJON.zone, " du Collège des Trois-Rivières (03 53 01 00 01)")
    assert told.found == "Sa notification du 25 octobre 2026 a expiré le 24 novembre 2026."
    assert told.answer == (
        "Qu’il en demande une nouvelle au secrétariat du Collège des Trois-Rivières "
        "(03 53 01 00 01)."
    )


instants = st.none() | st.sampled_from([BEFORE, NOW, LATER])
any_account = st.builds(
    lambda state, **changes: an_account(state, **changes),
    st.sampled_from([*[AccountState.ACTIVE] * 4, *AccountState]),
    email=st.sampled_from(["anne@example.org", "anne@example.org", None]),
    pending_email=st.none() | st.just("neuve@example.org"),
    password_hash=st.none() | st.just("hash"),
    must_renew=st.sampled_from([False, False, True]),
)
any_facts = st.builds(
    Facts,
    account=any_account,
    at=st.just(NOW),
    letter=st.sampled_from([None, LETTER, EXPIRED, USED, evolve(LETTER, replaced_at=BEFORE)]),
    confirmation=st.none() | st.builds(Sending, st.sampled_from(MailState), st.just(BEFORE)),
    link_until_at=instants,
    bounced=st.sampled_from([False, False, True]),
    wait_until_at=instants,
    has_identity=st.booleans(),
)


@often(0.01)
@settings(max_examples=200)
@given(any_facts, st.sampled_from(["", " du Collège (03 53 01 00 01)"]))
def test_any_facts_have_a_next_step(known, school):
    """Whatever the combination: what is the matter, and something to do, without a hole."""
    told = diagnosis(known, DIJON.zone, school)
    for text in (told.found, told.answer):
        assert text.endswith(".")
        assert "{" not in text
        assert "None" not in text
    assert len(told.answer) > 30
    assert "@" not in told.found + told.answer, "an address is never told"
    possible = remedies(known)
    if told.case in {Case.CONFIRMATION_SENT, Case.CONFIRMATION_OVER}:
        assert Remedy.RESEND in possible, "what the words advise can be done"
    if told.case is Case.LOCKED:
        assert Remedy.UNLOCK in possible
    if reached(told.case is Case.IN_ORDER and known.account.password_hash is not None):
        assert Remedy.RESET in possible
    if known.account.state in {AccountState.CLOSED, AccountState.GROUPED, AccountState.NEW}:
        assert not {Remedy.RESET, Remedy.LOCK} & set(possible)


def test_state_of_a_mail():
    """One that came back was sent before."""
    assert mail_state(None, None, None) is MailState.WAITING
    assert mail_state(NOW, None, None) is MailState.SENT
    assert mail_state(NOW, LATER, None) is MailState.FAILED
    assert mail_state(None, LATER, None) is MailState.FAILED
    assert mail_state(None, None, NOW) is MailState.DROPPED
