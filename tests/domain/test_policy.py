"""Decisions kept as a value: rounds brought together, and what is added, replaced or taken away."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import (
    Campaign,
    CutOff,
    Opening,
    Policy,
    Stance,
    opened_without_plugin,
    settle,
)
from teleservices_core.domain.scopes import Scope, chain
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR, a_module
from teleservices_core.testing.clock import A_TUESDAY

HOUR = timedelta(hours=1)
SCOPES = chain(COLLEGE, None, "6 B")
RECTORAT, SCHOOL, CLASS = Scope.academie(), Scope.establishment(COLLEGE), SCOPES[-1]


def window(span):
    return Window(*(None if hour is None else A_TUESDAY + hour * HOUR for hour in span))


def policy_of(*spans, uai=None):
    return Policy.of([], [Campaign("notes", YEAR, window(span), uai) for span in spans])


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([(0, 2), (4, 6)], [(0, 2), (4, 6)]),
        ([(4, 6), (0, 2)], [(0, 2), (4, 6)]),
        ([(0, 2), (2, 4)], [(0, 4)]),
        ([(0, 3), (2, 4)], [(0, 4)]),
        ([(0, 9), (2, 4)], [(0, 9)]),
        ([(0, 9), (2, 4), (8, 10)], [(0, 10)]),
        ([(0, 9), (2, 9)], [(0, 9)]),
        ([(0, 2), (1, None)], [(0, None)]),
        ([(0, None), (1, 3)], [(0, None)]),
        ([(0, None), (1, None)], [(0, None)]),
        ([(None, 2), (1, 3)], [(None, 3)]),
        ([(0, 1), (None, 2)], [(None, 2)]),
        ([(0, 1), (None, None)], [(None, None)]),
        ([(3, 4), (None, 2)], [(None, 2), (3, 4)]),
        ([(0, 1), (3, 5), (4, 7)], [(0, 1), (3, 7)]),
    ],
)
def test_rounds_that_touch_are_one_span(spans, merged):
    """Nested, endless and begun before time: each counts once."""
    found = policy_of(*spans).windows(COLLEGE, "notes", YEAR)
    assert list(found) == [window(span) for span in merged]


hours = st.none() | st.integers(0, 12)
spans = st.tuples(hours, hours).filter(lambda s: None in s or s[0] < s[1])


@given(st.lists(spans, max_size=5))
def test_spans_hold_what_rounds_hold(given_spans):
    """An instant is in a span exactly when it is in a round; spans are apart, in their order."""
    found = policy_of(*given_spans).windows(COLLEGE, "notes", YEAR)
    for half in range(-2, 28):
        at = A_TUESDAY + half * HOUR / 2
        inside = any(at in window(span) for span in given_spans)
        assert any(at in each for each in found) is inside
    for one, other in itertools.pairwise(found):
        assert one.until_at < other.from_at


def test_whose_rounds():
    """An establishment has those of all and its own, of the module and year asked for."""
    rounds = [
        Campaign("notes", YEAR, window((0, 1))),
        Campaign("notes", YEAR, window((2, 3)), COLLEGE),
        Campaign("notes", YEAR, window((4, 5)), LYCEE),
        Campaign("fiche", YEAR, window((6, 7))),
        Campaign("notes", YEAR.next, window((8, 9))),
    ]
    found = Policy.of([], rounds)
    assert found.windows(COLLEGE, "notes", YEAR) == (window((0, 1)), window((2, 3)))
    assert found.rounds("notes", YEAR) == tuple(rounds[:3])
    assert found.campaigns == tuple(rounds)


def test_the_order_of_rounds():
    """By their start; of two that begin together, that of all before an establishment's own."""
    own = Campaign("notes", YEAR, window((0, 2)), COLLEGE)
    everybody, always = evolve(own, uai=None), Campaign("notes", YEAR, window((None, 1)))
    late = Campaign("notes", YEAR, window((1, 2)))
    found = Policy.of([], [late, own, everybody, always])
    assert found.rounds("notes", YEAR) == (always, everybody, own, late)


def opening(stance, scope, module_id="notes", audience=Audience.GUARDIAN):
    return Opening(module_id, YEAR, audience, stance, scope)


def test_of_the_rectorat():
    """Its decisions about a module, the widest first: no head's, no other module's."""
    mine = [opening(Stance.OPEN, scope) for scope in (Scope.named(COLLEGE), RECTORAT)]
    others = [opening(Stance.OPEN, SCHOOL), opening(Stance.OPEN, RECTORAT, "fiche")]
    found = Policy.of([*others, *mine])
    assert found.of_rectorat("notes") == tuple(reversed(mine))


def test_other_values():
    """What is replaced or taken away leaves the rest as it was."""
    one, other = opening(Stance.OPEN, SCHOOL), opening(Stance.CLOSED, CLASS)
    cut, rounds = CutOff("notes", A_TUESDAY), [Campaign("notes", YEAR, window((0, 1)))]
    policy = Policy.of([one], rounds, [cut])
    both = policy.with_opening(other)
    assert set(both.openings) == {one, other}
    closed = evolve(one, stance=Stance.CLOSED)
    assert set(both.with_opening(closed).openings) == {closed, other}
    assert both.without(closed).openings == (other,)
    for each in (both, both.without(one)):
        assert each.cut_offs == (cut,)
        assert each.campaigns == tuple(rounds)
    assert policy.with_campaigns([]) == Policy.of([one], [], [cut])
    put_back = policy.with_cut_offs([CutOff("fiche", A_TUESDAY)])
    assert put_back == Policy.of([one], rounds, [CutOff("fiche", A_TUESDAY)])
    assert put_back.cut_off("notes") is None
    assert policy.cut_off("notes") == cut


AUTOMATIC, BY_DEFAULT, BY_HEAD = (
    OpeningMode.AUTOMATIC,
    OpeningMode.DEFAULT_OPEN,
    OpeningMode.HEAD_DECIDES,
)


@pytest.mark.parametrize(
    ("mode", "stances", "is_open", "decides_at"),
    [
        (BY_HEAD, {}, False, SCHOOL),
        (BY_DEFAULT, {}, True, SCHOOL),
        (AUTOMATIC, {}, True, RECTORAT),
        (BY_HEAD, {SCHOOL: Stance.OPEN}, True, SCHOOL),
        (BY_HEAD, {SCHOOL: Stance.OPEN, CLASS: Stance.CLOSED}, False, CLASS),
        (BY_HEAD, {RECTORAT: Stance.OPEN}, True, SCHOOL),
        (BY_HEAD, {RECTORAT: Stance.OPEN, SCHOOL: Stance.CLOSED}, False, SCHOOL),
        (BY_HEAD, {RECTORAT: Stance.IMPOSED, SCHOOL: Stance.CLOSED}, True, RECTORAT),
        (BY_DEFAULT, {RECTORAT: Stance.FORBIDDEN, SCHOOL: Stance.OPEN}, False, RECTORAT),
        (BY_HEAD, {RECTORAT: Stance.OPEN, Scope.named(COLLEGE): Stance.ALLOWED}, False, SCHOOL),
        (BY_DEFAULT, {RECTORAT: Stance.CLOSED, Scope.named(COLLEGE): Stance.ALLOWED}, True, SCHOOL),
        (AUTOMATIC, {SCHOOL: Stance.CLOSED, CLASS: Stance.CLOSED}, True, RECTORAT),
        (AUTOMATIC, {Scope.named(COLLEGE): Stance.CLOSED}, False, Scope.named(COLLEGE)),
    ],
)
def test_inheritance(mode, stances, is_open, decides_at):
    """The widest final word, else the narrowest; heads have no say in what is automatic."""
    module = a_module(opening_mode=mode)
    policy = Policy.of([opening(stance, scope) for scope, stance in stances.items()])
    found = settle(module, policy, SCOPES, YEAR, Audience.GUARDIAN)
    assert (found.is_open, found.decides_at) == (is_open, decides_at)


def test_nobody_of_a_school_decides_without_a_school():
    """Asked of the académie as a whole, no establishment has its say."""
    assert settle(a_module(), Policy.of(), [RECTORAT], YEAR, Audience.GUARDIAN).decides_at is None


def test_modules_without_a_plugin():
    """What somebody opened and no plugin provides any more, for that audience, in order."""
    policy = Policy.of(
        [
            opening(Stance.OPEN, SCHOOL, "menus"),
            opening(Stance.OPEN, SCHOOL, "agenda"),
            opening(Stance.CLOSED, SCHOOL, "forum"),
            opening(Stance.OPEN, SCHOOL, "notes"),
            opening(Stance.OPEN, SCHOOL, "stages", Audience.STUDENT),
        ]
    )
    found = opened_without_plugin(policy, {"notes"}, SCOPES, YEAR, Audience.GUARDIAN)
    assert found == ("agenda", "menus")
