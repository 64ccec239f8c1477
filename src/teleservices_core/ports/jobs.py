"""What the outside implements for jobs. See :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from teleservices_core.domain.jobs import Job, JobState
from teleservices_core.domain.values import Uai


class JobStore(Protocol):
    """Jobs, what they made, and when a worker was last there to do them."""

    def add(self, job: Job) -> bool:
        """Ask for a job; False where it is known, or one of the kind about the same is open."""
        ...

    def get(self, id_: UUID) -> Job | None:
        """A job."""
        ...

    def open_about(self, kind: str, about: str) -> Job | None:
        """The job of a kind that is open about something."""
        ...

    def asked_by(self, account_id: UUID, uai: Uai, limit: int) -> list[Job]:
        """Jobs of a person for an establishment, the latest first."""
        ...

    def of_account(self, account_id: UUID) -> list[Job]:
        """Every job of a person, the latest first."""
        ...

    def unfinished(self) -> list[Job]:
        """Every open job, the oldest first."""
        ...

    def ended(self, limit: int) -> list[Job]:
        """Jobs that are over, the latest first."""
        ...

    def is_any_free(self, at: datetime) -> bool:
        """Whether :meth:`claim` would find one."""
        ...

    def claim(self, lease: UUID, at: datetime, until: datetime) -> Job | None:
        """Take the oldest job that is free; two workers never take the same."""
        ...

    def advance(
        self, job: Job, until: datetime, done: int, total: int, memo: Mapping[str, Any]
    ) -> bool:
        """Note a step and keep the lease; False where it is another's by now."""
        ...

    def is_to_stop(self, id_: UUID) -> bool:
        """Whether somebody asked that it stop."""
        ...

    def ask_to_stop(self, id_: UUID) -> bool:
        """Ask that an open job stop."""
        ...

    def release(self, job: Job, *, counts: bool) -> bool:
        """Give a job back, for another try; ``counts``: this one is among those allowed."""
        ...

    def end(self, job: Job, state: JobState, at: datetime, said: Mapping[str, Any]) -> bool:
        """End a job whose lease is ours; one that nobody has where it has no lease.

        One that can go on keeps its memo.
        """
        ...

    def reopen(self, job: Job) -> bool:
        """Ask again for a job that is over, from where it was.

        False where it is not over as it was read, or one of the kind about the same is open.
        """
        ...

    def keep_part(self, id_: UUID, position: int, name: str, content: bytes) -> None:
        """Keep a part of the result; parts of one name follow each other in a file."""
        ...

    def part_names(self, id_: UUID) -> list[str]:
        """The names of the parts, in order."""
        ...

    def part(self, id_: UUID, position: int) -> bytes | None:
        """The content of a part; None once it is erased."""
        ...

    def forget(self, results_before: datetime, jobs_before: datetime) -> int:
        """Erase what jobs made and keep that ended before an instant, and jobs before another.

        Returns how many parts and jobs are gone.
        """
        ...

    def beat(self, at: datetime) -> None:
        """Note that a worker is there."""
        ...

    def last_beat(self) -> datetime | None:
        """When one was."""
        ...
