"""No mark of anybody follows from what is shown of a class: by search, class by class."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import combinations, combinations_with_replacement
from math import ceil, floor

import pytest
from hypothesis import assume, given, note, target
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.builders import DIJON
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_notes.model import PublicationPlan
from teleservices_notes.rules import Viewpoint, class_figures

from .test_comparison import marked

EYES = Viewpoint(PublicationPlan(), Audience.GUARDIAN, A_TUESDAY, DIJON.zone)


def shown(marks, out_of):
    """What a page says of a class that got some marks: nothing, or figures."""
    work, column = marked(*marks, out_of=Decimal(out_of))
    return class_figures([(work, column)], EYES, 5).by_assessment.get(work.id)


def certain(classes):
    """What who knows up to two marks is certain that another got, over classes that look alike."""
    left: dict[tuple[int, ...], frozenset[int]] = {}
    for marks in classes:
        for known in (0, 1, 2):
            for mine in set(combinations(marks, known)):
                others = frozenset(Counter(marks) - Counter(mine))
                left[mine] = left.get(mine, others) & others
    return {mine: values for mine, values in left.items() if values}


@pytest.mark.parametrize(
    ("number", "out_of", "step"),
    [(5, 5, 1), (8, 5, 1), (5, 10, 1), (6, 10, 1), (5, 20, 2), (6, 20, 4), (7, 20, 5), (7, 4, 1)],
)
def test_in_every_small_class(number, out_of, step):
    """Of all classes with the same figures, none of the others' marks is in each."""
    alike = defaultdict(list)
    for marks in combinations_with_replacement(range(0, out_of + 1, step), number):
        alike[shown(marks, out_of)].append(marks)
    for figures, classes in alike.items():
        assert certain(classes) == {}, figures


def test_the_search_would_see():
    """What was shown once, the least and the most of three, tells both classmates' marks."""
    assert certain([(8, 12, 15)]) == {
        (): {8, 12, 15},
        (8,): {12, 15},
        (12,): {8, 15},
        (15,): {8, 12},
        (8, 12): {15},
        (8, 15): {12},
        (12, 15): {8},
    }


@given(st.data(), st.integers(14, 28), st.sampled_from([10, 20]))
def test_between_which_marks_in_a_larger_class(data, number, out_of):
    """Whatever a mark is, another class with the same figures does without it."""
    step = out_of // 10
    low, high = data.draw(st.integers(0, 3)), data.draw(st.integers(7, 10))
    ends = [low] * 3 + [high] * 3
    middle = st.integers(low, high)
    rest = data.draw(st.lists(middle, min_size=number - 6, max_size=number - 6))
    marks = [step * each for each in (*ends, *rest)]
    found = shown(marks, out_of)
    assume(found is not None and found.between is not None)
    target(float(found.number))
    for mine in {(), (min(marks),) * 2, (max(marks),) * 2, (min(marks), max(marks))}:
        others = Counter(marks) - Counter(mine)
        note(f"{found} {mine}")
        for value in others:
            assert _does_without(found, value, mine, out_of)


def _does_without(found, value, mine, out_of):
    """Whether a class with these figures and the marks known has nobody else with a value."""
    step = out_of // 10
    low, high = found.between
    in_lowest, in_highest = low + 2 * step, high - 2 * step

    def count(state, v):
        return min(3, state[0] + (v < in_lowest)), min(3, state[1] + (v > in_highest))

    grain = max(Fraction(1, 10), Fraction(out_of, 200))
    least = ceil((found.mean - grain / 2) * found.number) - sum(mine)
    most = floor((found.mean + grain / 2) * found.number) - sum(mine)
    allowed = [v for v in range(int(low), int(high) + 1, step) if v != value]
    # By how many stand in the lowest and the highest band: the sums that can be reached, as bits.
    sums = {reduce(count, mine, (0, 0)): 1}
    for _ in range(found.number - len(mine)):
        reached: dict[tuple[int, int], int] = defaultdict(int)
        for state, bits in sums.items():
            for v in allowed:
                reached[count(state, v)] |= bits << v
        sums = reached
    return any(sums.get((3, 3), 0) >> total & 1 for total in range(least, most + 1))
