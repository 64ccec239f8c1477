"""A clock that stands still until it is told to move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from teleservices_core.domain.localtime import instant

A_TUESDAY: Final = datetime(2026, 11, 24, 9, 30, 17, 250_625, tzinfo=UTC)
"""A school day of the first term, 10:30 in Dijon; no whole second, as real clocks have none."""


class FixedClock:
    """See :class:`teleservices_core.ports.Clock`."""

    def __init__(self, at: datetime = A_TUESDAY) -> None:
        self._at = instant(at)

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._at

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Move on, by a duration or by ``days=…``, ``minutes=…``; returns the new instant."""
        self._at += by or timedelta(**parts)
        return self._at

    def set(self, at: datetime) -> None:
        """Jump to an instant."""
        self._at = instant(at)
