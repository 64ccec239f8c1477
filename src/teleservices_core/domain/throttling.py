"""How long to wait after failed attempts: pure, so that the bounds can be proved.

A counter forgets its failures once it has been silent for its own time. In any
stretch of 24 hours, one source thus has at most 25 tries at one account (CNIL
2022-100), and all the sources that the account does not know together have 100
(NIST SP 800-63B).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

FREE_FAILURES: Final = 5
"""Mistakes that cost nothing: a parent with two passwords in mind."""
LONGEST_WAIT: Final = timedelta(hours=2)
FORGET_AFTER: Final = timedelta(hours=24)
ACCOUNT_FAILURES: Final = 100
"""Against one account, from all the sources it does not know."""
SOURCE_FAILURES: Final = 300
"""From one source, against all accounts: a school shares one, so it is soft."""
SOURCE_SLICE: Final = timedelta(minutes=10)
SOURCE_WAIT: Final = timedelta(minutes=1)


def wait_after(failures: int) -> timedelta:
    """Nothing for five failures, then 1, 2, 4… minutes, up to two hours."""
    over = failures - FREE_FAILURES
    if over < 0:
        return timedelta(0)
    return min(timedelta(minutes=2 ** min(over, 10)), LONGEST_WAIT)


def wait_of_account(failures: int) -> timedelta:
    """Nothing for 99 failures, then a day: known devices and the mailed link still work."""
    return FORGET_AFTER if failures >= ACCOUNT_FAILURES else timedelta(0)


def wait_of_source(failures: int) -> timedelta:
    """Nothing for 299 failures in a slice of ten minutes, then a minute after each."""
    return SOURCE_WAIT if failures >= SOURCE_FAILURES else timedelta(0)


@frozen
class Counter:
    """What an attempt is counted against, and how long that makes it wait."""

    key: str
    wait_after: Callable[[int], timedelta] = wait_after
    forget_after: timedelta = FORGET_AFTER
    """Of silence."""
    is_shared: bool = False
    """Whether it counts against all accounts together."""


def slice_of(at: datetime, length: timedelta) -> int:
    """The number of the slice of time that an instant is in, for a counter's key."""
    return int(at.timestamp() // length.total_seconds())
