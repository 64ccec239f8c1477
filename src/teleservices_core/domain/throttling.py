"""How long to wait after failed attempts: pure, so that the bounds can be proved.

A counter forgets its failures once it has been silent for its own time. In any
stretch of 24 hours, one source thus has at most 25 tries at one account (CNIL
2022-100), and all the sources that the account does not know together have 100
(NIST SP 800-63B).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
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
SITE_SLICE: Final = timedelta(minutes=5)
"""From all sources, against all accounts: nobody waits for it, but people are told."""


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


def no_wait(_failures: int) -> timedelta:
    """Whatever is counted."""
    return timedelta(0)


@frozen
class Counter:
    """What an attempt is counted against, and how long that makes it wait."""

    key: str
    wait_after: Callable[[int], timedelta] = wait_after
    forget_after: timedelta = FORGET_AFTER
    """Of silence."""
    is_shared: bool = False
    """Whether it counts against all accounts together."""
    alerts_at: int | None = None
    """Failures at which people are told."""


def slice_of(at: datetime, length: timedelta) -> int:
    """The number of the slice of time that an instant is in, for a counter's key."""
    return int(at.timestamp() // length.total_seconds())


def slice_end(at: datetime, length: timedelta) -> datetime:
    """When the slice of time that an instant is in is over."""
    return datetime.fromtimestamp((slice_of(at, length) + 1) * length.total_seconds(), UTC)


def source_of(address: str) -> str:
    """What the attempts of a client's address are counted by.

    Of IPv6, a subscriber has a whole /64 to choose from (RFC 6177), and so it counts as one;
    an IPv4 address dressed as IPv6 is that IPv4 address. What is no address is left as it is.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((found, 64), strict=False))
