"""What a monitor is told of the database."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy import Engine, func, select

from teleservices_core.contributions import MigrationSource
from teleservices_core.ports.watching import Stored
from teleservices_core.storage import tables as t
from teleservices_core.storage.availability import in_our_words
from teleservices_core.storage.migrate import pending


@frozen
class SqlProbe:
    """See :class:`teleservices_core.ports.watching.Probe`."""

    engine: Engine
    sources: Sequence[MigrationSource]

    def look(self) -> Stored:
        """See :meth:`teleservices_core.ports.watching.Probe.look`."""
        behind = len(pending(self.engine, self.sources))
        if behind:
            return Stored(behind)
        o = t.outbox.c
        waiting = select(func.count(), func.min(o.due_at)).where(
            o.sent_at.is_(None), o.failed_at.is_(None), o.dropped_at.is_(None)
        )
        j = t.jobs.c
        asked = select(func.count(), func.min(j.asked_at)).where(j.ended_at.is_(None))
        runs = {"import": t.imports.c.at, "lifecycle": t.lifecycle_runs.c.finished_at}
        with in_our_words(), self.engine.connect() as connection:
            mails, oldest = connection.execute(waiting).one()
            jobs, oldest_job = connection.execute(asked).one()
            beat = connection.scalar(select(t.heartbeats.c.at))
            last = {name: connection.scalar(select(func.max(at))) for name, at in runs.items()}
        known = {name: at for name, at in last.items() if at}
        return Stored(0, mails, oldest, beat, jobs, oldest_job, known)
