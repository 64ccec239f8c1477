"""What a monitor is told of the database, in few statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from attrs import frozen


@frozen
class Stored:
    """How the database stands."""

    pending: int
    """Migrations that the code has and the database has not."""
    mails: int = 0
    """In the outbox, not sent and not given up."""
    oldest_due_at: datetime | None = None
    """Since when the one that has waited longest should have left; None where none waits."""
    beat: datetime | None = None
    """When a worker last gave a sign of life; None where none ever did."""
    jobs: int = 0
    """Asked for, and not over."""
    oldest_job_at: datetime | None = None
    """Since when the one that was asked for first waits, or is under way; None where none is."""
    last_runs: Mapping[str, datetime] = {}
    """When the last import (``import``) and the last daily run (``lifecycle``) were made."""


class Probe(Protocol):
    """Looks at the database."""

    def look(self) -> Stored:
        """Raises :exc:`UnavailableError` while it does not answer."""
        ...
