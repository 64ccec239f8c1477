"""Decisions in words: each reader is told the truth, and sent to somebody who can act."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings

from teleservices_core.contributions import Words
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import (
    ActivationRule,
    Actor,
    Effect,
    LeverKind,
    Vote,
    decide,
    flips_at,
)
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import COLLEGE, YEAR, a_module, a_question
from teleservices_core.testing.reaching import often, reached
from teleservices_core.testing.situations import modules, questions
from teleservices_core.words.reasons import CORE_WORDS
from teleservices_core.words.telling import tell

PARIS = ZoneInfo("Europe/Paris")
ENROLMENT = a_module("enrolment", opening_mode=OpeningMode.AUTOMATIC, has_campaign=True)
OPENS, CLOSES = datetime(2018, 6, 29, 14, 30), datetime(2018, 7, 2, 23, 59)


def told(module, question, rules=CORE_RULES, words=CORE_WORDS, catalogue=None):
    """The words of a decision."""
    decision = decide(module, question, rules, catalogue)
    return tell(decision, question, words, flips_at(decision, question, rules, catalogue))


def waiting(question):
    """The same question the day before a round of a module that is imposed."""
    imposed = Opening("notes", YEAR, question.audience, Stance.IMPOSED, Scope.academie())
    begins = question.at + timedelta(days=1)
    tomorrow = Campaign("notes", YEAR, Window(begins, begins + timedelta(days=1)))
    return evolve(question, policy=Policy.of([imposed], [tomorrow]))


def before_and_after(module, question):
    """The decision, and when it flips."""
    decision = decide(module, question, CORE_RULES)
    return decision, flips_at(decision, question, CORE_RULES)


@given(modules(), questions())
def test_everybody_is_told_something(module, question):
    """No field is left open, no closed module is without a next step, no vote without words."""
    said = told(module, question)
    texts = [said.family, said.next_step, said.staff, said.lever, said.state, said.since]
    texts += [text for line in said.trace for text in (line.words, line.lever)]
    assert not any("{" in text or " ." in text or "  " in text for text in texts)
    assert said.family
    assert said.staff
    assert not {said.family, said.staff} & {"Ouvert.", "Fermé."}, "the state stands beside"
    assert said.lever
    assert said.decision.is_open or said.next_step
    assert all(line.words for line in said.trace)
    assert {line.reason for line in said.trace} <= set(CORE_WORDS)


@often(0.02)
@settings(max_examples=200)
@given(modules(), questions())
def test_nobody_is_sent_to_who_cannot_act(module, question):
    """The office is named as able to change the answer only where the school can."""
    said = told(module, question)
    vote = said.decision.reason
    step = CORE_WORDS[vote.reason].next_step()
    if reached("{contact}" in step or "secrétariat" in step):
        assert vote.lever.actor is Actor.SCHOOL
    elif not said.decision.is_open:
        assert "{instead}" in step or vote.lever.actor is not Actor.ACADEMIE


@often(0.02)
@settings(max_examples=200)
@given(modules(), questions())
def test_dates_are_kept(module, question):
    """A second before the promised instant nothing has changed; at that instant it has."""
    decision, at = before_and_after(module, question)
    if not reached(at is not None):
        return
    assert at > question.at
    for seconds, same in ((-1, True), (0, False)):
        later = evolve(question, at=at + timedelta(seconds=seconds))
        assert (decide(module, later, CORE_RULES).is_open is decision.is_open) is same


@often(0.01)
@settings(max_examples=200)
@given(modules(), questions() | questions().map(waiting))
def test_waiting_is_advised_where_it_helps(module, question):
    """« Revenez à partir de cette date » is said only where nothing but time closes."""
    decision = decide(module, question, CORE_RULES)
    if reached(not decision.is_open and decision.reason.lever.kind is LeverKind.TIME):
        assert {vote.lever.kind for vote in decision.reasons} == {LeverKind.TIME}


@pytest.mark.faq("F71")
@pytest.mark.parametrize(
    ("at", "state"),
    [
        (datetime(2018, 6, 28, 9, 0), "Ouvre le vendredi 29 juin 2018 à 14\u00a0h\u00a030"),
        (datetime(2018, 6, 29, 14, 29, 59), "Ouvre le vendredi 29 juin 2018 à 14\u00a0h\u00a030"),
        (datetime(2018, 6, 29, 14, 30), "Ouvert jusqu’au lundi 2 juillet 2018 à 23\u00a0h\u00a059"),
        (
            datetime(2018, 7, 2, 23, 59, 59),
            "Ouvert jusqu’au lundi 2 juillet 2018 à 23\u00a0h\u00a059",
        ),
        (datetime(2018, 7, 3, 0, 0), "Fermé"),
    ],
)
def test_a_campaign_in_words(at, state):
    """Opening and closing as the FAQ writes them, the last minute included."""
    window = Window.local(OPENS, CLOSES, PARIS)
    policy = Policy.of([], [Campaign("enrolment", YEAR, window)])
    question = a_question(policy=policy, at=at.replace(tzinfo=PARIS), zone=PARIS)
    said = told(ENROLMENT, question)
    assert said.state == state
    assert said.family


def test_a_date_that_opens_nothing_is_not_shown():
    """Closed by its head with a campaign to come: the family is not told to wait for it."""
    module = a_module(has_campaign=True)
    at = OPENS.replace(tzinfo=PARIS) - timedelta(days=1)
    closed = Opening(
        "notes", YEAR, Audience.GUARDIAN, Stance.CLOSED, Scope.establishment(COLLEGE), "Mme D."
    )
    rounds = [Campaign("notes", YEAR, Window.local(OPENS, CLOSES, PARIS))]
    question = a_question(policy=Policy.of([closed], rounds), at=at, zone=PARIS)
    said = told(module, question)
    assert said.state == "Fermé"
    assert "juin" not in said.family + said.next_step
    assert "secrétariat" in said.next_step
    assert {line.reason for line in said.trace if line.is_decisive} == {
        "core.closed_by_head",
        "core.campaign_coming",
    }
    assert said.trace[-1].effect is not Effect.DENY


def test_the_switch_is_named():
    """Where to act: the establishment, a level, a class, or the rectorat."""
    wanted = {
        Scope.academie(): "toute l’académie",
        Scope.departement("021"): "département 021",
        Scope.named(COLLEGE): "rectorat, pour cet établissement",
        Scope.establishment(COLLEGE): "chef d’établissement, pour tout",
        Scope.division(COLLEGE, "6 B"): "la classe 6 B",
    }
    for scope, words in wanted.items():
        stance = Stance.CLOSED if scope.rank.is_heads else Stance.FORBIDDEN
        opening = Opening("notes", YEAR, Audience.GUARDIAN, stance, scope, "Mme Durand")
        said = told(a_module(), a_question(policy=Policy.of([opening])))
        assert words in said.lever
        assert "Mme Durand" in said.staff


def test_a_required_module_tells_its_own_next_step():
    """Closed because another is: what to do is what opens that other one."""
    notes, other = a_module(), a_module("bulletins", requires=("notes",))
    question = a_question(policy=_open(other))
    said = told(other, question, catalogue={"notes": notes})
    assert "« Notes »" in said.family.replace("\u00a0", " ")
    assert said.next_step == told(notes, question).next_step
    assert "« Notes »" in said.lever.replace("\u00a0", " ")


def test_a_required_module_gives_its_dates():
    """A module that needs one of a campaign opens and closes with it."""
    other = a_module("options", requires=("enrolment",), opening_mode=OpeningMode.AUTOMATIC)
    window = Window.local(OPENS, CLOSES, PARIS)
    policy = Policy.of([], [Campaign("enrolment", YEAR, window)])
    catalogue = {"enrolment": ENROLMENT}
    for at, expected in ((OPENS - timedelta(hours=1), window.from_at), (OPENS, window.until_at)):
        question = a_question(policy=policy, at=at.replace(tzinfo=PARIS), zone=PARIS)
        assert told(other, question, catalogue=catalogue).flips_at == expected


def _open(module):
    scope = Scope.establishment(COLLEGE)
    return Policy.of([Opening(module.id, YEAR, Audience.GUARDIAN, Stance.OPEN, scope)])


@pytest.mark.parametrize(
    "text", ["Fermé pour {nobody}.", "Fermé pour {0}.", "Fermé {year!z}.", "{"]
)
def test_words_that_fail_harm_nobody(text):
    """A plugin's faulty sentence is replaced or cut; the page stands."""
    rule = ActivationRule("test.closing", lambda _m, _q: Vote(Effect.DENY, "test.no"))
    words = Words(family=lambda: text, next_step=lambda: text, staff=lambda: text)
    said = told(a_module(), a_question(), [rule], {"test.no": words})
    assert said.family
    assert "{" not in said.family + said.next_step


def test_a_rule_that_looks_ahead_for_ever():
    """A rule that always names a later instant does not hang the page."""
    rule = ActivationRule(
        "test.clock",
        lambda _m, q: Vote(Effect.ALLOW, "test.yes", changes_at=q.at + timedelta(seconds=1)),
    )
    question = a_question()
    decision = decide(a_module(), question, [rule])
    assert flips_at(decision, question, [rule]) is None
