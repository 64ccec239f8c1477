"""How a site stands, for the programs that watch it; asked seldom, however often they ask."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from attrs import define, field

from teleservices_core.domain.jobs import is_silent
from teleservices_core.errors import UnavailableError
from teleservices_core.ports.watching import Probe, Stored

KEPT: Final = 5.0
"""Seconds for which an answer stands: strangers may ask, and must not keep the database busy."""
MAIL_LATE: Final = timedelta(minutes=10)
"""After which a mail that is due tells that no worker sends it."""


@define
class Watch:
    """Looks at the database, at most once in :data:`KEPT` seconds in a process."""

    _probe: Probe
    _seen: Stored | None = field(default=None, init=False)
    _seen_at: float = field(default=float("-inf"), init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def look(self) -> Stored | None:
        """What was seen of the database a moment ago; None where it did not answer."""
        # Who comes while another looks is told what was seen before.
        is_first = self._seen_at == float("-inf")
        if monotonic() - self._seen_at > KEPT and self._lock.acquire(blocking=is_first):
            try:
                if monotonic() - self._seen_at > KEPT:
                    self._seen = self._ask()
                    self._seen_at = monotonic()
            finally:
                self._lock.release()
        return self._seen

    def _ask(self) -> Stored | None:
        try:
            return self._probe.look()
        except UnavailableError:
            return None


def is_ready(stored: Stored | None) -> bool:
    """Whether pages can be made: the database answers and has this version's tables.

    A worker that is away keeps no family from a page, so it does not count.
    """
    return stored is not None and stored.pending == 0


def details(stored: Stored | None, now: datetime, every: timedelta) -> Mapping[str, Any]:
    """What who has the token is told; durations in seconds, instants in UTC.

    ``every``: how often a worker comes, at the latest.
    """
    if stored is None:
        return {"database": False}
    late, waiting = _age(stored.oldest_due_at, now), _age(stored.oldest_job_at, now)
    is_there = not is_silent(stored.beat, now, every)
    return {
        "database": True,
        "pending_migrations": stored.pending,
        "outbox": {"mails": stored.mails, "oldest_due_seconds": late.total_seconds()},
        "jobs": {"open": stored.jobs, "oldest_seconds": waiting.total_seconds()},
        "worker": is_there and late <= max(MAIL_LATE, 2 * every),
        "worker_silent_seconds": _age(stored.beat, now).total_seconds() if stored.beat else None,
        "last_runs": {name: at.isoformat() for name, at in stored.last_runs.items()},
    }


def _age(since: datetime | None, now: datetime) -> timedelta:
    return max(now - since, timedelta()) if since else timedelta()
