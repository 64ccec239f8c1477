"""Which figures of a class give no mark of anybody away. Pure.

Who reads knows the figures shown, how many marks make them, the rules of this
page, and up to :data:`KNOWN` of the marks: one's own, and those of a sibling or
of a friend. A figure is shown only if, for each mark that any other student
could have got, there is a class with the same figures where none of the others
got it. Then nobody's mark follows, not even without a name on it.

Whether a mean is shown is decided from the mean itself, never from the marks
behind it: a figure that hid only where it would tell would tell by being there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor, gcd
from typing import Final

KNOWN: Final = 2
"""Marks that a reader may know beside the figures."""
LEAST_FLOOR: Final = 5
"""Marks under which nothing is shown, whatever the establishment chose: three unknown ones."""
_FEWEST_STEPS: Final = 3
"""From the lowest mark to the highest, for one to be avoided by moving two others."""
_STEPS_FOR_EXTREMES: Final = 10
_IN_A_BAND: Final = 3
"""Students of whom one at least is unknown, whoever looks."""


def step_of(out_of: Fraction) -> Fraction:
    """By how much marks are supposed to differ: a tenth of the scale, or a point on small ones.

    The coarser, the less hides a mark; teachers who mark in coarser steps are rare.
    """
    return max(out_of / 10, Fraction(1))


def is_coarse(values: Sequence[Fraction], out_of: Fraction) -> bool:
    """Whether the marks differ by more than :func:`step_of` allows for: none of this holds."""
    return Fraction(gcd(*(int(value * 100) for value in values)), 100) > step_of(out_of)


def hides_each(number: int, mean: Fraction, error: Fraction, out_of: Fraction) -> bool:
    """Whether how many marks there are, and their mean, give none of them away.

    ``error`` is how far the mean shown may be from the true one.
    """
    step = step_of(out_of)
    top = floor(out_of / step) * step
    unknown = number - KNOWN
    # One step for each unknown mark, and one more: coarse classes are left out.
    least, most = (unknown + 1) * step, unknown * top - (unknown + 1) * step
    return (
        number >= LEAST_FLOOR
        and top / step >= _FEWEST_STEPS
        and number * (mean - error) - KNOWN * out_of >= least
        and number * (mean + error) <= most
    )


def extremes(
    values: Sequence[Fraction], mean: Fraction, error: Fraction, out_of: Fraction
) -> tuple[Fraction, Fraction] | None:
    """Between which round figures all marks are; None where they would tell one of them.

    Rounded outwards by two steps, so that the lowest and the highest band hold
    several possible marks each; and each must hold three students. A scale of
    fewer than ten steps is too short for that.
    """
    step = step_of(out_of)
    band = 2 * step
    if out_of / step < _STEPS_FOR_EXTREMES:
        return None
    low = floor(min(values) / band) * band
    high = ceil(max(values) / band) * band
    lowest = sum(value < low + band for value in values)
    highest = sum(value > high - band for value in values)
    if min(lowest, highest) < _IN_A_BAND or (high - low) / step < _FEWEST_STEPS:
        return None
    number, others = len(values), len(values) - KNOWN - _IN_A_BAND
    hides_low = number * (mean - error) - KNOWN * high >= (
        others * (low + step) + _IN_A_BAND * max(low, high - band) + _IN_A_BAND * step
    )
    hides_high = number * (mean + error) - KNOWN * low <= (
        others * (high - step) + _IN_A_BAND * min(high, low + band) - _IN_A_BAND * step
    )
    return (low, high) if others >= 0 and hides_low and hides_high else None
