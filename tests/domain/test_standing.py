"""Where accounts stand, which letters are chosen, how far a class is: rules alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from uuid6 import uuid7

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.funnel import Funnel, Stage, stage_of
from teleservices_core.domain.standing import (
    EmailState,
    LetterChoice,
    LetterTrace,
    Situation,
    Standing,
    email_state,
    masked,
    situation,
    speaks_of,
)
from teleservices_core.errors import InvalidValueError
from teleservices_core.words.standings import EMAIL_WORDS, STANDING_WORDS

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HELD = [state for state in AccountState if state is not AccountState.GROUPED]
instants = st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days))


@st.composite
def letters(draw):
    """A letter that may be used, and ticked."""
    issued_at = draw(instants)
    return LetterTrace(
        id=uuid7(),
        uai="0219999E",
        issued_at=issued_at,
        expires_at=issued_at + timedelta(days=92),
        used_at=draw(st.none() | instants),
        handed_at=draw(st.none() | instants),
    )


some_letter = st.none() | letters()


@given(st.sampled_from(HELD), st.none() | instants, some_letter, instants)
def test_each_account_has_one_standing(state, claimed_at, letter, at):
    """It says the state, but for a letter, which ages; and it has a word."""
    found = situation(state, claimed_at, letter, at)
    assert STANDING_WORDS[found.standing]()
    assert found.standing.is_claimed is (state in {"claimed", "active", "locked"})
    assert found.standing.is_to_issue is (state in {"new", "closed"})
    assert (found.standing in {Standing.ISSUED, Standing.EXPIRED}) is (state == "issued")
    if found.until_at is not None:
        assert found.standing is Standing.ISSUED
        assert at < found.until_at


@pytest.mark.parametrize(("seconds", "standing"), [(-1, Standing.ISSUED), (0, Standing.EXPIRED)])
def test_a_letter_expires_to_the_second(seconds, standing):
    """At the first instant after its last day."""
    letter = LetterTrace(uuid7(), "0219999E", NOW - timedelta(days=92), NOW)
    at = NOW + timedelta(seconds=seconds)
    assert situation(AccountState.ISSUED, None, letter, at).standing is standing


def test_a_grouped_account_is_in_no_list():
    """It holds nobody: asking for its standing is a mistake."""
    with pytest.raises(InvalidValueError, match="grouped"):
        situation(AccountState.GROUPED, None, None, NOW)


@pytest.mark.parametrize(
    ("email", "pending", "bounced", "state"),
    [
        (None, None, False, EmailState.NONE),
        (None, "a@b.fr", False, EmailState.PENDING),
        ("a@b.fr", None, False, EmailState.CONFIRMED),
        ("a@b.fr", "c@d.fr", False, EmailState.CONFIRMED),
        ("a@b.fr", None, True, EmailState.BOUNCED),
        (None, "a@b.fr", True, EmailState.BOUNCED),
        (None, None, True, EmailState.NONE),
    ],
)
def test_email_states(email, pending, bounced, state):
    """What bounces helps nobody; a change waiting leaves the confirmed address in use."""
    assert email_state(email, pending, bounced=bounced) is state
    assert EMAIL_WORDS[state]()


@given(st.from_regex(r"[a-z.]{1,30}@example\.org", fullmatch=True))
def test_a_masked_address_hides_its_name(address):
    """Two characters at most, and never all of them."""
    shown, _mark, host = masked(address).partition("…@")
    name = address.partition("@")[0]
    assert host == "example.org"
    assert name.startswith(shown)
    assert len(shown) <= 2
    assert shown != name


@given(st.sampled_from(LetterChoice), st.sampled_from(Standing), some_letter)
def test_no_choice_touches_a_claimed_account(choice, standing, letter):
    """Of the others, « unused » is all; the three others share nothing."""
    if standing.is_claimed:
        assert not choice.covers(standing, letter)
    else:
        assert LetterChoice.UNUSED.covers(standing, letter)
        others = [each for each in LetterChoice if each is not LetterChoice.UNUSED]
        assert sum(each.covers(standing, letter) for each in others) <= 1


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", True),
        ("   ", True),
        ("leo", True),
        ("LÉO petit", True),
        ("petit-martin", True),
        ("petitm", True),
        ("martin anne", True),
        ("d’artagnan", False),
        ("œuvre", True),
        ("oeuv", True),
        ("leon", False),
        ("leo dupont", False),
        ("’ -", True),
    ],
)
def test_names_are_found(typed, found):
    """Accents, case, hyphens and order are no matter; each word counts."""
    names = ["MME Anne D'ŒUVREY", "Léo PETIT-MARTIN"]
    assert speaks_of(typed, names) is found


stages = st.lists(st.sampled_from(Stage), max_size=30)


@given(stages, stages)
def test_funnels_narrow_and_add_up(some, others):
    """Each stage holds those that went beyond; two classes together are their sum."""
    funnel = Funnel.of(some)
    widths = [funnel.total, funnel.edited, funnel.handed, funnel.claimed, funnel.confirmed]
    assert widths == sorted(widths, reverse=True)
    assert funnel.total == len(some)
    assert funnel.to_issue == some.count(Stage.NOTHING)
    assert funnel + Funnel.of(others) == Funnel.of([*some, *others])


@given(st.sampled_from(Standing), some_letter, st.none() | st.just("a@b.fr"))
def test_stages(standing, letter, email):
    """A letter that was used was handed over, whatever was ticked."""
    stage = stage_of(standing, letter, email)
    assert (stage >= Stage.CLAIMED) is standing.is_claimed
    assert (stage is Stage.NOTHING) is standing.is_to_issue
    if stage is Stage.EDITED:
        assert letter is None or not (letter.handed_at or letter.used_at)
    if stage is Stage.CONFIRMED:
        assert email is not None


LETTER = LetterTrace(uuid7(), "0219999E", NOW - timedelta(days=30), NOW + timedelta(days=62))


@pytest.mark.parametrize(
    ("state", "letter", "expected"),
    [
        (AccountState.NEW, None, Situation(Standing.TO_ISSUE)),
        (AccountState.NEW, LETTER, Situation(Standing.TO_ISSUE)),
        (AccountState.ISSUED, None, Situation(Standing.ISSUED)),
        (
            AccountState.ISSUED,
            LETTER,
            Situation(Standing.ISSUED, LETTER.issued_at, LETTER.expires_at),
        ),
        (AccountState.CLAIMED, LETTER, Situation(Standing.AWAITING, NOW)),
        (AccountState.ACTIVE, LETTER, Situation(Standing.ACTIVE, NOW)),
        (AccountState.LOCKED, LETTER, Situation(Standing.LOCKED)),
        (AccountState.CLOSED, LETTER, Situation(Standing.CLOSED)),
    ],
)
def test_situations(state, letter, expected):
    """Since the letter where one is out, since the password where it is chosen."""
    assert situation(state, NOW, letter, NOW) == expected


def test_since_when_a_letter_has_expired():
    """Since the instant at which it did, and for ever."""
    old = evolve(LETTER, expires_at=NOW)
    assert situation(AccountState.ISSUED, None, old, NOW) == Situation(Standing.EXPIRED, NOW)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("anne@example.org", "an…@example.org"),
        ("ann@example.org", "an…@example.org"),
        ("an@example.org", "a…@example.org"),
        ("a@example.org", "…@example.org"),
        ('"a@b"@example.org', '"a…@example.org'),
    ],
)
def test_masked_addresses(address, shown):
    assert masked(address) == shown


@pytest.mark.parametrize(
    ("choice", "standings"),
    [
        (LetterChoice.NEVER, {Standing.TO_ISSUE, Standing.CLOSED}),
        (LetterChoice.EXPIRED, {Standing.EXPIRED}),
        (LetterChoice.NOT_HANDED, {Standing.ISSUED}),
        (
            LetterChoice.UNUSED,
            {Standing.TO_ISSUE, Standing.CLOSED, Standing.EXPIRED, Standing.ISSUED},
        ),
    ],
)
def test_who_is_chosen(choice, standings):
    """A letter that nobody has in hand chooses only where it is asked for."""
    assert {each for each in Standing if choice.covers(each, LETTER)} == standings
    handed = evolve(LETTER, handed_at=NOW)
    covered = {each for each in Standing if choice.covers(each, handed)}
    assert covered == (set() if choice is LetterChoice.NOT_HANDED else standings)


@pytest.mark.parametrize(("used", "handed"), [(None, None), (NOW, None), (None, NOW), (NOW, NOW)])
def test_handed_over(used, handed):
    """Ticked by the office, or known from its use."""
    letter = evolve(LETTER, used_at=used, handed_at=handed)
    assert letter.is_handed is (used is not None or handed is not None)
