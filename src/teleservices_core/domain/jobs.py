"""A long work that somebody asked for on a page and the worker does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
BEAT: Final = timedelta(seconds=30)
"""How often a worker says at most that it is there: no more, since each time is a write."""
LISTED: Final = timedelta(days=30)
"""How long a job that is over is listed; what it made goes before."""


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

    @property
    def can_go_on(self) -> bool:
        """Whether it ended before its end, and not for a right that was lost."""
        return self in {JobState.STOPPED, JobState.FAILED}


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
    """What the work keeps between two steps, for who goes on after a stop; of one that can no
    longer go on, nothing."""
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

    def is_held(self, at: datetime) -> bool:
        """Whether a worker has it."""
        return self.state.is_open and not self.is_free(at)

    def keeps_result(self, at: datetime, kept: timedelta) -> bool:
        """Whether what it made can be fetched: once it is over, for a time.

        Also of one that ended before its end: what it made may be all that there is of it.
        """
        return self.ended_at is not None and at - self.ended_at < kept

    def can_go_on(self, at: datetime, kept: timedelta) -> bool:
        """Whether it can be taken up where it was: while what it has made is still there.

        Not one that a file ended: it would end there again.
        """
        is_refused = self.said.get("reason") == "file"
        return self.state.can_go_on and not is_refused and self.keeps_result(at, kept)


def is_silent(beat: datetime | None, at: datetime, every: timedelta) -> bool:
    """Whether no worker has given a sign of life for twice as long as between two, or ever.

    ``every``: how often one comes, at the latest.
    """
    return beat is None or at - beat > 2 * every


def left_alone(jobs: Iterable[Job], at: datetime, every: timedelta) -> list[Job]:
    """The open jobs that nobody does, though it is their turn: not those behind another."""
    found = [job for job in jobs if job.state.is_open]
    if any(job.is_held(at) for job in found):
        return []
    # Who took it and died had it until its lease was over.
    since = {job.id: job.leased_until or job.asked_at for job in found}
    return [job for job in found if at - since[job.id] > max(2 * every, LEASE)]
