"""What was open before: undoing acts one by one equals having lived through them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.activation import Effect, Lever, LeverKind, Vote, decide
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.past import Cut, Decided, Joined, Past, Rescheduled, State
from teleservices_core.domain.policy import NO_POLICY, Campaign, CutOff, Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import COLLEGE, YEAR, a_module, a_question
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.reaching import often, reached
from teleservices_core.testing.situations import SCOPES, modules, questions

HOUR = timedelta(hours=1)
SCHOOL = Scope.establishment(COLLEGE)


def imposed(question):
    """The same question, once every switch that the core knows of has been turned on."""
    opening = Opening("notes", YEAR, question.audience, Stance.IMPOSED, Scope.academie())
    always = Campaign("notes", YEAR, Window())
    return evolve(
        question,
        policy=Policy.of([opening], [always]),
        establishment=evolve(question.establishment, takes_part=True),
    )


@often(0.05)
@settings(max_examples=200)
@given(modules(), questions())
def test_switched_off_is_what_switches_alone_would_open(module, question):
    """It is closed by choices exactly when other choices, and nothing else, would open it."""
    decision = decide(module, question, CORE_RULES)
    could_be = decide(module, imposed(question), CORE_RULES).is_open
    reached(decision.is_switched_off)
    assert could_be is (decision.is_open or decision.is_switched_off)


@often(0.01)
@settings(max_examples=200)
@given(modules("needed"), questions(), st.booleans())
def test_switched_off_through_a_required_module(needed, question, is_known):
    """A right that is missing for the required module is missing for the one that needs it."""
    module = a_module("needing", requires=("needed",))
    catalogue = {"needed": needed} if is_known else {}
    opened = Opening("needing", YEAR, question.audience, Stance.IMPOSED, Scope.academie())
    question = evolve(question, policy=question.policy.with_opening(opened))
    inner = decide(needed, question, CORE_RULES)
    decision = decide(module, question, CORE_RULES, catalogue)
    if reached(decision.is_switched_off and question.establishment.takes_part):
        assert is_known
        assert inner.is_switched_off
    if not is_known or not (inner.is_open or inner.is_switched_off):
        assert not decision.is_switched_off


@given(st.lists(st.builds(Lever, st.sampled_from(LeverKind), st.none() | st.just(SCHOOL))))
def test_one_missing_right_is_enough(levers):
    """Whatever switches are off besides."""
    votes = [Vote(Effect.DENY, "test.no", lever=lever) for lever in levers]
    rights = {LeverKind.ROSTER, LeverKind.NOTHING, LeverKind.FAULT, LeverKind.MODULE}
    missing = [v for v in votes if v.lever.kind in rights]
    assert not any(vote.is_switch for vote in missing)
    through = Vote(
        Effect.DENY, "test.no", lever=Lever(LeverKind.MODULE, module_id="x"), causes=tuple(votes)
    )
    assert through.is_switch is (bool(votes) and all(vote.is_switch for vote in votes))


def _open_span(draw):
    start = draw(st.integers(-4, 20))
    return Window(A_TUESDAY + start * HOUR, A_TUESDAY + (start + draw(st.integers(1, 8))) * HOUR)


@st.composite
def acts(draw):
    """(at, how the state becomes another, the turn that tells it), hour after hour."""
    lived = []
    state = State(NO_POLICY, {COLLEGE: draw(st.booleans())})
    states = [state]
    for hour in range(draw(st.integers(1, 12))):
        at, policy = A_TUESDAY + hour * HOUR, state.policy
        kind = draw(st.sampled_from(["decide", "decide", "round", "join", "cut"]))
        if kind == "decide":
            scope, stance = draw(st.sampled_from(SCOPES)), draw(st.sampled_from([None, *Stance]))
            after = Opening("notes", YEAR, draw_audience(draw), stance or Stance.ALLOWED, scope)
            before = policy.opening(scope, "notes", YEAR, after.audience)
            turn = Decided(at, after, before)
            policy = policy.with_opening(after) if stance else policy.without(after)
            state = evolve(state, policy=policy)
        elif kind == "round":
            known = {each.id: each for each in policy.campaigns}
            number = UUID(int=draw(st.integers(1, 2)))
            before = known.pop(number, None)
            after = Campaign("notes", YEAR, _open_span(draw), id=number)
            after = None if before is not None and draw(st.booleans()) else after
            turn = Rescheduled(at, "notes", before, after)
            rounds = [*known.values(), *([after] if after else [])]
            state = evolve(state, policy=policy.with_campaigns(rounds))
        elif kind == "join":
            takes_part = not state.taking_part[COLLEGE]
            turn = Joined(at, COLLEGE, takes_part)
            state = evolve(state, taking_part={COLLEGE: takes_part})
        else:
            is_cut = policy.cut_off("p") is None
            turn = Cut(at, "p", is_cut)
            state = evolve(state, policy=policy.with_cut_offs([CutOff("p", at)] if is_cut else []))
        lived.append(turn)
        states.append(state)
    return lived, states


def draw_audience(draw):
    """One of the audiences of « Notes »."""
    return draw(st.sampled_from(sorted(a_module().audiences)))


def _plain(state):
    """A state without what undoing cannot know: when, and the order."""
    return (
        {(o.scope, o.audience): o.stance for o in state.policy.openings},
        {c.id: c.window for c in state.policy.campaigns},
        {each.plugin for each in state.policy.cut_offs},
        dict(state.taking_part),
    )


@given(acts())
def test_the_past_is_what_was_lived(lived):
    """At every instant, the state found backwards is the one that was."""
    turns, states = lived
    past = Past.of(states[-1], reversed(turns))
    for turn, before, after in zip(turns, states, states[1:], strict=False):
        assert _plain(past.at(turn.at)) == _plain(after)
        assert _plain(past.at(turn.at - timedelta(microseconds=1))) == _plain(before)


@often(0.02)
@given(acts(), modules(), st.sampled_from([None, 0, 1]))
def test_the_last_opening_equals_a_slow_watch(lived, module, ends):
    """Asking every half hour finds the module open last when ``last_open`` says so."""
    turns, states = lived
    module = evolve(module, plugin="p")
    until_at = A_TUESDAY + 24 * HOUR
    question = a_question(at=until_at)
    if ends is not None:
        day = A_TUESDAY.date() + ends * timedelta(days=1)
        question = evolve(question, schooling=evolve(question.schooling, left_on=day))
    watched = []
    for half_hours in range(48):
        at = A_TUESDAY + half_hours * HOUR / 2
        state = states[sum(turn.at <= at for turn in turns)]
        school = evolve(question.establishment, takes_part=state.taking_part[COLLEGE])
        asked = evolve(question, at=at, policy=state.policy, establishment=school)
        if decide(module, asked, CORE_RULES).is_open:
            watched.append(at)
    past = Past.of(states[-1], reversed(turns))
    found = past.last_open(
        module, question, Window(A_TUESDAY, until_at), CORE_RULES, {"notes": module}
    )
    if not reached(bool(watched)):
        assert found is None
    else:
        assert found is not None
        assert watched[-1] <= found < watched[-1] + HOUR / 2
        assert found < until_at, "never later than now"
