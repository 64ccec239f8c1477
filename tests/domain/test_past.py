"""What was open before: undoing acts one by one equals having lived through them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import (
    ABSTAIN,
    ActivationRule,
    Effect,
    Lever,
    LeverKind,
    Vote,
    decide,
)
from teleservices_core.domain.localtime import Window, midnight
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.past import Cut, Decided, Joined, Past, Rescheduled, State
from teleservices_core.domain.policy import NO_POLICY, Campaign, CutOff, Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import (
    COLLEGE,
    DIJON,
    LYCEE,
    YEAR,
    a_module,
    a_question,
    a_schooling,
)
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


def an_opening(stance=Stance.OPEN, module_id="notes", scope=SCHOOL):
    return Opening(module_id, YEAR, Audience.GUARDIAN, stance, scope)


def round_of(start, end, module_id="notes", number=1):
    """A round in hours from now."""
    window = Window(A_TUESDAY + start * HOUR, A_TUESDAY + end * HOUR)
    return Campaign(module_id, YEAR, window, id=UUID(int=number))


BY_ROUNDS = a_module(opening_mode=OpeningMode.AUTOMATIC, has_campaign=True)
CATALOGUE = {"notes": BY_ROUNDS}


def last_open(now, turns=(), module=BY_ROUNDS, catalogue=None, window=(0, 24), at=None, **changes):
    """When a module was last open, in hours from now; the moment before an end is that end."""
    start, end = (A_TUESDAY + hour * HOUR for hour in window)
    question = a_question(at=at or end, **changes)
    past = Past.of(State(now, {COLLEGE: True}), turns)
    found = past.last_open(module, question, Window(start, end), CORE_RULES, catalogue or CATALOGUE)
    return None if found is None else round((found - A_TUESDAY) / HOUR, 6)


@pytest.mark.parametrize(
    ("rounds", "hours"),
    [
        ([(2, 4)], 4),
        ([(2, 4), (6, 8)], 8),
        ([(2, 9), (4, 6)], 9),
        ([(-5, 3)], 3),
        ([(-5, -3)], None),
        ([(-5, 0)], None),
        ([(20, 30)], 24),
        ([(24, 30)], None),
        ([(25, 30)], None),
        ([(-5, 48)], 24),
    ],
)
def test_rounds_that_no_turn_tells(rounds, hours):
    """They may be older than the journal, and reach beyond the window looked at."""
    policy = Policy.of([], [round_of(*span, number=n) for n, span in enumerate(rounds)])
    assert last_open(policy) == hours


def test_rounds_of_other_modules_open_nothing():
    """But those of a module that is required do, at any depth."""
    policy = Policy.of([], [round_of(2, 4, "notes"), round_of(6, 8, "other", number=2)])
    assert last_open(policy) == 4
    middle = a_module("middle", opening_mode=OpeningMode.AUTOMATIC, requires=("notes",))
    top = a_module("top", opening_mode=OpeningMode.AUTOMATIC, requires=("middle", "missing"))
    catalogue = {"notes": BY_ROUNDS, "middle": middle, "top": top}
    assert last_open(policy, module=middle, catalogue=catalogue) == 4
    whole = evolve(top, requires=("middle",))
    assert last_open(policy, module=whole, catalogue={**catalogue, "top": whole}) == 4
    assert last_open(policy, module=top, catalogue=catalogue) is None


def test_a_turn_about_another_module_is_no_boundary():
    """Nor is one about all modules passed over."""
    policy = Policy.of([], [round_of(2, 10)])
    out = Joined(A_TUESDAY + 5 * HOUR, COLLEGE, takes_part=False)
    other = Decided(A_TUESDAY + 7 * HOUR, an_opening(module_id="other"), None)
    past = Past.of(State(policy, {COLLEGE: False}), [other, out])
    question = a_question(at=A_TUESDAY + 24 * HOUR)
    window = Window(A_TUESDAY, A_TUESDAY + 24 * HOUR)
    found = past.last_open(BY_ROUNDS, question, window, CORE_RULES, CATALOGUE)
    assert found == A_TUESDAY + 5 * HOUR - timedelta.resolution


def test_time_alone_closed_it_in_between():
    """No act, no round: the student left; then the instant before he did is the last."""
    always = a_module(opening_mode=OpeningMode.AUTOMATIC)
    student = a_question().student
    leaves = midnight(A_TUESDAY.date() + timedelta(days=1), DIJON.zone)
    schooling = a_schooling(student.id, left_on=A_TUESDAY.date() + timedelta(days=1))
    question = a_question(student=student, schooling=schooling, at=A_TUESDAY + 24 * HOUR)
    past = Past.of(State(NO_POLICY, {COLLEGE: True}), [])
    window = Window(A_TUESDAY, A_TUESDAY + 24 * HOUR)
    found = past.last_open(always, question, window, CORE_RULES, {"notes": always})
    assert found == leaves - timedelta.resolution
    # It closes for ever at the very boundary looked back from: the first instant is told.
    cut = Cut(leaves, "p", is_cut=True)
    cut_off = Past.of(State(NO_POLICY, {COLLEGE: True}), [cut])
    found = cut_off.last_open(always, question, window, CORE_RULES, {"notes": always})
    assert found == leaves - timedelta.resolution


@pytest.mark.parametrize(
    ("told", "found"), [(None, 0), (timedelta(days=1), 0), (timedelta(days=2), 0), (10 * HOUR, 10)]
)
def test_a_rule_that_does_not_tell_when_it_closes(told, found):
    """A host's: the last instant at which it is known to have been open counts."""
    at, end = A_TUESDAY + 10 * HOUR, A_TUESDAY + timedelta(days=1)
    before = evolve(ABSTAIN, changes_at=None if told is None else A_TUESDAY + told)
    after = Vote(Effect.DENY, "host.too_late")
    rule = ActivationRule("host.hours", lambda _m, asked: before if asked.at < at else after)
    always = a_module(opening_mode=OpeningMode.AUTOMATIC)
    past = Past.of(State(NO_POLICY, {COLLEGE: True}), [])
    last = past.last_open(
        always, a_question(at=end), Window(A_TUESDAY, end), (*CORE_RULES, rule), {"notes": always}
    )
    assert last == A_TUESDAY + found * HOUR - (timedelta.resolution if found else timedelta())


def test_rounds_that_were_cancelled_count():
    """Their edges are in the turn that took them away; what came instead too."""
    gone, come = round_of(2, 4), round_of(6, 8)
    cancelled = Rescheduled(A_TUESDAY + 5 * HOUR, "notes", gone, None)
    assert last_open(NO_POLICY, [cancelled]) == 4
    moved = Rescheduled(A_TUESDAY + 5 * HOUR, "notes", gone, come)
    assert last_open(Policy.of([], [come]), [moved]) == 8
    assert last_open(Policy.of([], [come]), [moved], window=(0, 5)) == 4
    assert cancelled.edges == (gone.window.from_at, gone.window.until_at)


def test_other_rounds_stay_when_one_is_undone():
    """A round is known by its number, its module and its year."""
    kept = [
        round_of(0, 1, number=2),
        round_of(0, 1, "other"),
        evolve(round_of(0, 1), school_year=YEAR.next),
    ]
    added = round_of(3, 4)
    state = State(Policy.of([], [*kept, added]), {})
    undone = Rescheduled(A_TUESDAY, "notes", None, added).undone(state)
    assert set(undone.policy.campaigns) == set(kept)


def test_what_is_undone():
    """A decision gives way to the one before; a plugin cut off was not, and the contrary."""
    before, after = an_opening(Stance.OPEN), an_opening(Stance.CLOSED)
    state = State(Policy.of([after]), {COLLEGE: True})
    assert Decided(A_TUESDAY, after, before).undone(state).policy.openings == (before,)
    assert Decided(A_TUESDAY, after, None).undone(state).policy.openings == ()
    other = CutOff("q", A_TUESDAY)
    cut = State(Policy.of(cut_offs=[CutOff("p", A_TUESDAY), other]), {})
    assert Cut(A_TUESDAY, "p", is_cut=True).undone(cut).policy.cut_offs == (other,)
    put_back = Cut(A_TUESDAY, "p", is_cut=False).undone(State(Policy.of(cut_offs=[other]), {}))
    assert {each.plugin for each in put_back.policy.cut_offs} == {"p", "q"}
    left = Joined(A_TUESDAY, COLLEGE, takes_part=False).undone(State(NO_POLICY, {LYCEE: True}))
    assert left.taking_part == {COLLEGE: True, LYCEE: True}
