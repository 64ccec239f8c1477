"""Whether a module is open: properties that no rule may break."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import ActivationRule, Effect, Vote, decide
from teleservices_core.domain.localtime import Window, midnight
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import (
    COLLEGE,
    DIJON,
    YEAR,
    a_module,
    a_question,
    a_schooling,
    a_student,
    an_establishment,
)
from teleservices_core.testing.situations import modules, questions
from teleservices_core.words.reasons import CORE_WORDS
from teleservices_core.words.telling import tell

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def _raise(_module, _question):
    raise RuntimeError("broken rule")


votes = st.builds(
    Vote, st.sampled_from(Effect), st.sampled_from(["test.a", "test.b"]), st.text(max_size=5)
)
behaviours = st.one_of(votes.map(lambda vote: lambda _m, _q: vote), st.just(_raise))
rules = st.lists(behaviours, max_size=6).map(
    lambda found: [ActivationRule(f"test.{n}", each) for n, each in enumerate(found)]
)


@given(rules, st.randoms())
def test_order_of_rules_does_not_matter(found, random):
    """Any order of the same rules gives the same decision, votes included."""
    shuffled = list(found)
    random.shuffle(shuffled)
    question = a_question()
    assert decide(a_module(), question, found) == decide(a_module(), question, shuffled)


@given(rules)
def test_deny_always_wins(found):
    """One DENY closes, whatever the others say; a rule that raises is a DENY."""
    decision = decide(a_module(), a_question(), found)
    effects = {vote.effect for vote in decision.votes}
    assert decision.is_open is (Effect.DENY not in effects and Effect.ALLOW in effects)
    closing = ActivationRule("test.closing", lambda _m, _q: Vote(Effect.DENY, "test.no"))
    assert not decide(a_module(), a_question(), [*found, closing]).is_open


@given(rules)
def test_every_answer_has_a_reason(found):
    """Closed or open, some vote says why, and it names its rule."""
    decision = decide(a_module(), a_question(), found)
    assert decision.reasons
    assert decision.reason.rule


@given(modules(), questions())
def test_core_reasons_have_words(module, question):
    """Every answer of the core's own rules is worded; every closed one has a next step."""
    decision = decide(module, question, CORE_RULES)
    for vote in decision.reasons:
        assert vote.reason in CORE_WORDS
    told = tell(decision, question, CORE_WORDS)
    assert told.family
    assert told.staff
    assert decision.is_open or told.next_step
    assert "{" not in told.family + told.next_step + told.staff


@given(modules(), questions(), st.randoms())
def test_core_rules_in_any_order(module, question, random):
    """The core's rules keep the property with real questions."""
    shuffled = list(CORE_RULES)
    random.shuffle(shuffled)
    assert decide(module, question, CORE_RULES) == decide(module, question, shuffled)


@given(modules(), questions(), st.sampled_from([None, *Stance]))
def test_the_head_cannot_undo_the_academie(module, question, head):
    """What the académie imposes or forbids does not depend on the head's choice."""
    asked = ("notes", YEAR, question.audience)
    for above in (Stance.IMPOSED, Stance.FORBIDDEN):
        openings = [Opening(*asked, above, Scope.academie(), "rectorat", NOW)]
        without = evolve(question, policy=Policy.of(openings))
        if head is not None:
            openings.append(Opening(*asked, head, Scope.establishment(COLLEGE), "chef", NOW))
        with_head = evolve(question, policy=Policy.of(openings))
        said = decide(module, with_head, CORE_RULES)
        assert said.is_open == decide(module, without, CORE_RULES).is_open
        assert above is Stance.IMPOSED or not said.is_open


def _open(module, **changes):
    return decide(module, a_question(**changes), CORE_RULES)


def _policy(stance, uai=COLLEGE, audience=Audience.GUARDIAN):
    return Policy.of(
        [Opening("notes", YEAR, audience, stance, Scope.establishment(uai), "Mme Durand", NOW)]
    )


@pytest.mark.faq("F04")
def test_head_decides():
    """Closed until the head opens; opened for guardians says nothing of students."""
    module = a_module()
    closed = _open(module)
    assert not closed.is_open
    assert closed.reason.reason == "core.not_opened"
    assert _open(module, policy=_policy(Stance.OPEN)).is_open
    assert not _open(
        module, policy=_policy(Stance.OPEN), audience=Audience.STUDENT, link=None
    ).is_open


@pytest.mark.faq("F42")
def test_opening_is_for_one_year():
    """What was opened for a year says nothing of the next."""
    question = a_question(policy=_policy(Stance.OPEN), school_year=YEAR.next)
    assert not decide(a_module(), question, CORE_RULES).is_open


@pytest.mark.faq("F05")
def test_automatic():
    """An automatic module ignores the head, not the académie's windows."""
    module = a_module(opening_mode=OpeningMode.AUTOMATIC)
    assert _open(module).is_open
    assert _open(module, policy=_policy(Stance.CLOSED)).is_open
    assert not _open(evolve(module, has_campaign=True)).is_open


@pytest.mark.faq("F06")
def test_open_by_default():
    """Open until the head closes."""
    module = a_module(opening_mode=OpeningMode.DEFAULT_OPEN)
    assert _open(module).is_open
    closed = _open(module, policy=_policy(Stance.CLOSED))
    assert closed.reason.reason == "core.closed_by_head"
    assert closed.reason.set_by == "Mme Durand"


@pytest.mark.faq("F41")
def test_establishment_that_does_not_take_part():
    """Nothing is open there, and the reason says so."""
    decision = _open(a_module(), establishment=an_establishment(takes_part=False))
    assert "core.not_taking_part" in {vote.reason for vote in decision.reasons}


@pytest.mark.faq("F71")
@pytest.mark.parametrize(
    ("seconds", "opens"), [(-1, False), (0, True), (86_399, True), (86_400, False)]
)
def test_campaign_boundaries(seconds, opens):
    """Open from the first second to the last, with the date of the change."""
    start = datetime(2026, 6, 29, 12, 30, tzinfo=UTC)
    policy = Policy.of([], [Campaign("notes", YEAR, Window(start, start + timedelta(days=1)))])
    module = a_module(opening_mode=OpeningMode.AUTOMATIC, has_campaign=True)
    decision = _open(module, policy=policy, at=start + timedelta(seconds=seconds))
    assert decision.is_open is opens
    if seconds < 0:
        assert decision.changes_at == start


def test_leaving_is_a_local_date():
    """The student is there until the local midnight of the day of leaving."""
    student = a_student()
    schooling = a_schooling(student.id, left_on=date(2026, 12, 1))
    leaves = midnight(date(2026, 12, 1), DIJON.zone)
    changes = {"student": student, "schooling": schooling, "policy": _policy(Stance.OPEN)}
    before = _open(a_module(), **changes, at=leaves - timedelta(seconds=1))
    assert before.is_open
    assert before.changes_at == leaves
    assert not _open(a_module(), **changes, at=leaves).is_open


def test_requirements():
    """A module needs those it requires, through the same decision."""
    notes, other = a_module(), a_module("bulletins", requires=("notes",))
    other = evolve(other, opening_mode=OpeningMode.AUTOMATIC)
    catalogue = {module.id: module for module in (notes, other)}
    for policy, is_open in ((Policy.of(), False), (_policy(Stance.OPEN), True)):
        for module in (notes, other):
            decided = decide(module, a_question(policy=policy), CORE_RULES, catalogue)
            assert decided.is_open is is_open
    alone = decide(other, a_question(policy=_policy(Stance.OPEN)), CORE_RULES)
    assert alone.reason.detail == {"required": "notes"}
