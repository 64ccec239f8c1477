"""The system's clock, in one place."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """See :class:`teleservices_core.ports.Clock`."""

    def now(self) -> datetime:
        """The machine's time, in UTC."""
        return datetime.now(UTC)
