"""Numbers, days and hours as addresses and forms bring them: bounded, or nothing at all.

Pages read them here and nowhere else, so that no text becomes a number that a
column cannot hold, nor a day that a calendar cannot add to; a test holds it.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from werkzeug.datastructures import MultiDict

MOST: Final = 2**31 - 2
"""What an integer column of either database holds, and its successor: versions count up."""
_YEARS: Final = range(1900, 2101)


def has_nul(fields: MultiDict[str, str]) -> bool:
    """Whether a text has a NUL, which no keyboard types and PostgreSQL does not store."""
    return any("\0" in text for name, values in fields.lists() for text in (name, *values))


def whole_number(text: str, *, most: int = MOST) -> int | None:
    """A whole number from 0 to ``most``, in the digits of a keyboard; None for all else."""
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return number if (number := int(text)) <= most else None


def read_version(text: str) -> int:
    """The version of a form; one that is no number is nobody's: -1."""
    number = whole_number(text)
    return -1 if number is None else number


def read_day(text: str) -> date | None:
    """A day as browsers send it, 2026-11-24, or as people type it, 24/11/2026.

    None for what is none, and outside the years 1900 to 2100.
    """
    text = text.strip()
    if not text.isascii():
        return None
    day, slash, rest = text.partition("/")
    month, _slash, year = rest.partition("/")
    try:
        found = date(int(year[:5]), int(month[:3]), int(day[:3])) if slash else _iso(text)
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def read_moment(day: str, hour: str) -> datetime | None:
    """A local day and time of day, naive, to the minute: 2026-11-24 and 14:30."""
    on = read_day(day)
    try:
        at = time.fromisoformat(hour.strip()[:8])
    except ValueError:
        return None
    if on is None or at.tzinfo is not None:
        return None
    return datetime.combine(on, at.replace(second=0, microsecond=0))


def _iso(text: str) -> date:
    # Neither 20261124 nor 2026-W48-2, which the standard library reads as well.
    return datetime.strptime(text[:11], "%Y-%m-%d").date()  # noqa: DTZ007 - a day
