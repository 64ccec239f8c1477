"""The code of a telephone beside a password (RFC 6238): pure, with time as an argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from hmac import compare_digest
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.credentials import read_letter_code
from teleservices_core.domain.localtime import instant
from teleservices_core.domain.staff import Role

PERIOD: Final = 30
"""Seconds that a code is shown: what every application assumes (RFC 6238, section 5.2)."""
DRIFT: Final = 1
"""Periods that a telephone's clock may be early or late."""
RECOVERY_CODES: Final = 10


@frozen
class Authenticator:
    """The application that makes an account's codes."""

    secret: str = field(repr=False)
    """Sealed: see :mod:`teleservices_core.secret_boxes`."""
    since_at: datetime = field(converter=instant)
    last_period: int = 0
    """Of the last code that was taken: neither that one nor an older one is taken again."""


@frozen
class Lacking:
    """An account that a password alone opens."""

    login_name: str
    began_at: datetime = field(converter=instant)
    """When it came into use."""


def period_of(at: datetime) -> int:
    """The number of the half minute that an instant is in, as telephones count them."""
    return int(at.timestamp()) // PERIOD


def matching_period(typed: str, code_of: Callable[[int], str], at: datetime) -> int | None:
    """Of which period a typed code is, within the drift; all are compared, whichever it is."""
    now = period_of(at)
    matching = [
        period
        for period in range(max(now - DRIFT, 0), now + DRIFT + 1)
        if compare_digest(code_of(period).encode(), typed.encode())
    ]
    return matching[-1] if matching else None


def read_code(typed: str) -> tuple[str, bool]:
    """What was typed, without spaces and dashes, and whether it can be a telephone's code."""
    code = read_letter_code(typed)
    return code, re.fullmatch(r"[0-9]{6}", code, re.ASCII) is not None


def required_from(
    held: Iterable[Role],
    imposed_on: Collection[Role],
    since: date | None,
    grace_days: int,
    began_on: date | None,
) -> date | None:
    """The local day from which who holds such functions needs a second factor; None: never.

    ``since`` is the day from which the site asks for it, ``began_on`` that on which the
    account came into use: the days of grace run from the later one.
    """
    if since is None or not any(role in imposed_on for role in held):
        return None
    return max(since, began_on or since) + timedelta(days=grace_days)
