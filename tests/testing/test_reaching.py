"""A property that proves nothing fails; and what the generators of rules are for is met often."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.activation import decide, flips_at
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.testing.reaching import often, reached
from teleservices_core.testing.situations import modules, questions


def asking(test):
    """A property of whole numbers."""

    @settings(database=None)
    @given(st.integers(0, 9))
    def asked(number):
        test(number)

    return asked


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        (lambda number: reached(number == 11), False),
        (lambda number: None, False),
        (lambda number: reached(number < 7), True),
    ],
)
def test_reaching(test, passes):
    """Never reached, or never asked, is a failure; often enough is not."""
    if passes:
        often(0.2)(asking(test))()
    else:
        with pytest.raises(AssertionError, match="came to the point"):
            often(0.2)(asking(test))()


def test_the_count_is_the_propertys_own():
    """What an inner helper notes outside of a property disturbs nobody."""
    assert reached()
    assert not reached(False)


def test_situations_are_of_every_kind():
    """Open and closed, and closed alone by each of the core's rules but what nothing closes."""
    seen = Counter()

    @settings(max_examples=400, derandomize=True, database=None)
    @given(modules(), questions())
    def look(module, question):
        decision = decide(module, question, CORE_RULES)
        seen["open" if decision.is_open else "closed"] += 1
        seen["flips"] += flips_at(decision, question, CORE_RULES) is not None
        for vote in () if decision.is_open else decision.reasons:
            seen[vote.rule] += 1
        if not decision.is_open and len(decision.reasons) == 1:
            seen[f"{decision.reason.rule} alone"] += 1

    look()
    total = seen["open"] + seen["closed"]
    assert seen["open"] > total / 5
    assert seen["closed"] > total / 5
    assert seen["flips"] > total / 20
    assert seen["core.majority"]
    for rule in ("participation", "concern", "right", "presence", "opening", "campaign"):
        assert seen[f"core.{rule}"] > total / 50, rule
        assert seen[f"core.{rule} alone"], rule
