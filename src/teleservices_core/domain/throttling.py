"""How long to wait after failed attempts: pure, so that the bounds can be proved."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

FREE_FAILURES: Final = 5
"""Mistakes that cost nothing: a parent with two passwords in mind."""
LONGEST_WAIT: Final = timedelta(hours=2)
FORGET_AFTER: Final = timedelta(hours=24)


def wait_after(failures: int) -> timedelta:
    """Nothing for five failures, then 1, 2, 4… minutes, up to two hours.

    One source has at most 25 tries in 24 hours against one account, the bound
    of CNIL 2022-100.
    """
    over = failures - FREE_FAILURES
    if over < 0:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(over, 10)), LONGEST_WAIT)
