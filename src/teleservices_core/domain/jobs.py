"""A long work that somebody asked for on a page and the worker does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from attrs import Factory, field, frozen

from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.domain.values import Uai

LEASE: Final = timedelta(minutes=2)
"""For how long a worker has a job after each step; then it is taken for dead."""
MOST_TRIES: Final = 5
"""How many times a job is begun: one that kills its worker each time must not for ever."""
SILENCE: Final = timedelta(minutes=2)
"""After which a worker that says nothing is taken for stopped."""


class JobState(StrEnum):
    """How far a job is."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    """By who asked for it; what was done stays."""
    FAILED = "failed"
    REFUSED = "refused"
    """Who asked for it had lost the right when it was to be done."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self in {JobState.ASKED, JobState.RUNNING}


@frozen
class Job:
    """A work asked for, and how far it is."""

    id: UUID
    kind: str
    uai: Uai
    about: str
    """What no two open jobs of a kind are about at once: an import, a whole establishment."""
    input: Mapping[str, Any]
    asked_by: UUID
    """An account."""
    asked_name: str
    asked_at: datetime = field(converter=instant)
    state: JobState = JobState.ASKED
    done: int = 0
    total: int = 0
    """Steps; 0 while nobody knows how many."""
    memo: Mapping[str, Any] = Factory(dict)
    """What the work keeps between two steps, for who goes on after a stop."""
    tries: int = 0
    lease: UUID | None = None
    """Whose it is: of a worker, for one try."""
    leased_until: datetime | None = field(default=None, converter=optional_instant)
    is_to_stop: bool = False
    ended_at: datetime | None = field(default=None, converter=optional_instant)
    said: Mapping[str, Any] = Factory(dict)
    """What it did, for the page; for a failed one, ``reason``."""
    has_result: bool = False

    def is_free(self, at: datetime) -> bool:
        """Whether a worker may take it: nobody has it, or who had it is dead."""
        if not self.state.is_open:
            return False
        return self.leased_until is None or self.leased_until <= at

    def is_stuck(self, at: datetime) -> bool:
        """Whether nobody has done anything about it for longer than a lease."""
        since = self.leased_until or self.asked_at
        return self.state.is_open and at - since > LEASE
