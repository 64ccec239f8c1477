"""Real worker processes, killed by force in the middle of a job.

They are forked from one that has imported all they need, so that a test can afford many.

::

    with Workers.at(tmp_path, url) as workers:
        workers.start()
        workers.kill_beyond(job_id, 3)
        workers.let_leases_run_out()
        workers.start()
        assert workers.wait_for_end(job_id).state is JobState.DONE
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import entry_points
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final
from uuid import UUID

from attrs import Factory, define
from sqlalchemy import update

from teleservices_core.app import Teleservices
from teleservices_core.cli import main
from teleservices_core.domain.jobs import Job
from teleservices_core.storage import tables as t
from teleservices_core.testing.fixtures import make_settings

KILLS: Final = int(os.environ.get("KILLS", "1"))
"""Trials of each kind: ``KILLS=50`` is for changes to what is killed."""
_PATIENCE: Final = 60.0
"""Seconds for what takes one or two on an idle machine."""
_SETTINGS: Final = """
base_url = "http://localhost"
database_url = "{settings.database_url}"
secret_key = "{settings.secret_key}"
[academie]
code = "{settings.academie.code}"
name = "{settings.academie.name}"
[mail]
folder = "{folder}/mail"
"""
_FORKS: Final = get_context("forkserver")
_FORKS.set_forkserver_preload(
    [__name__, "typst", *(each.module for each in entry_points(group="teleservices"))]
)


def _work(path: Path) -> None:
    main(["--settings", str(path), "worker", "--every", "0.1"])


@define
class Workers:
    """Workers of a site whose clock is the machine's."""

    services: Teleservices
    path: Path
    """Their settings."""
    _started: list[BaseProcess] = Factory(list)

    @classmethod
    @contextmanager
    def at(cls, folder: Path, url: str) -> Iterator[Workers]:
        """Those of a database; none is left behind."""
        settings, path = make_settings(url), folder / "site.toml"
        path.write_text(_SETTINGS.format(settings=settings, folder=folder))
        services = Teleservices(settings)
        workers = cls(services, path)
        try:
            yield workers
        finally:
            for process in workers._started:
                process.kill()
                process.join()
            services.engine.dispose()

    def start(self) -> None:
        """One more."""
        process = _FORKS.Process(target=_work, args=(self.path,))
        process.start()
        self._started.append(process)

    def job(self, id_: UUID) -> Job:
        """A job as it is stored."""
        with self.services.site.database.reading() as tx:
            found = tx.jobs.get(id_)
        assert found is not None  # noqa: S101 - tests
        return found

    def wait_beyond(self, id_: UUID, done: int, patience: float = _PATIENCE) -> Job:
        """Until so many steps are done, or the job is over."""
        end = time.monotonic() + patience
        while (job := self.job(id_)).done < done and job.state.is_open:
            assert time.monotonic() < end, f"{job} does not go on"  # noqa: S101
            time.sleep(0.005)
        return job

    def wait_for_end(self, id_: UUID) -> Job:
        """Until the job is over."""
        end = time.monotonic() + _PATIENCE
        while (job := self.job(id_)).state.is_open:
            assert time.monotonic() < end, f"{job} does not end"  # noqa: S101
            time.sleep(0.02)
        return job

    def kill_beyond(self, id_: UUID, done: int, number: int = signal.SIGKILL) -> float:
        """Signal every worker at some moment of a step; seconds that they took to end."""
        self.wait_beyond(id_, done)
        time.sleep(random.uniform(0, 0.2))  # noqa: S311
        begun = time.monotonic()
        for process in self._started:
            os.kill(process.pid or 0, number)
        for process in self._started:
            process.join(_PATIENCE)
            assert process.exitcode in {0, -number}  # noqa: S101
        self._started.clear()
        return time.monotonic() - begun

    def let_leases_run_out(self) -> None:
        """As if the minutes had passed for which the dead have their jobs."""
        past = self.services.site.now() - timedelta(minutes=1)
        with self.services.engine.begin() as connection:
            held = t.jobs.c.leased_until.is_not(None)
            connection.execute(update(t.jobs).where(held).values(leased_until=past))
