"""Where the points of a progress chart stand. Pure.

Across, in percent of the width; down, in pixels: a drawing stretches with the
page while its words keep their size, without a line of style.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from attrs import frozen

from teleservices_notes.rules.averages import SCALE

HEIGHT: Final = 220
TOP: Final = 22
BOTTOM: Final = 190
"""Where 0 stands; days are written under it."""
LEFT: Final = 9
RIGHT: Final = 97
_GRID: Final = (0, 5, 10, 15, 20)


@frozen
class Dated:
    """A figure out of 20, and its day."""

    day: date
    value: Fraction


@frozen
class Dot:
    """A point; both coordinates as an SVG attribute writes them."""

    x: str
    y: str


@frozen
class Segment:
    """A straight line from a point to the next."""

    start: Dot
    end: Dot


@frozen
class GridLine:
    """A level of the scale."""

    value: int
    y: str


@frozen
class Chart:
    """A drawing: marks as dots, an average as a line."""

    dots: tuple[Dot, ...]
    line: tuple[Segment, ...]
    last: Dot | None
    """Where the line ends."""
    grid: tuple[GridLine, ...]
    first_day: date
    last_day: date
    height: int = HEIGHT
    foot: int = HEIGHT - 6
    """Where days are written."""


def chart(marks: Sequence[Dated], averages: Sequence[Dated]) -> Chart | None:
    """Draw marks, and how an average moved; None when there is no line to draw.

    Both oldest first.
    """
    days = [each.day for each in (*marks, *averages)]
    if len({each.day for each in averages}) < 2:
        return None
    first, last = min(days), max(days)
    span = (last - first).days

    def dot(each: Dated) -> Dot:
        share = Fraction((each.day - first).days, span)
        return Dot(f"{_plain(LEFT + share * (RIGHT - LEFT))}%", _down(each.value))

    points = [dot(each) for each in averages]
    return Chart(
        dots=tuple(map(dot, marks)),
        line=tuple(map(Segment, points, points[1:])),
        last=points[-1],
        grid=tuple(GridLine(value, _down(Fraction(value))) for value in _GRID),
        first_day=first,
        last_day=last,
    )


def _down(value: Fraction) -> str:
    # A mark may pass the scale: 21 out of 20 for a perfect work and more.
    kept = min(max(value, Fraction(0)), Fraction(SCALE))
    return _plain(BOTTOM - kept * (BOTTOM - TOP) / SCALE)


def _plain(number: Fraction) -> str:
    """At most one decimal, as SVG wants it."""
    return f"{float(number):.1f}".removesuffix(".0")
