"""Do the jobs that were asked for. Run by the worker, never by a page.

Each step is one short transaction that also takes the lease anew: a worker that
was taken for dead, and is not, cannot write anything once another goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from attrs import define, evolve

from teleservices_core.contributions import JobKind
from teleservices_core.domain.accounts import AccountState, Session, SessionPurpose
from teleservices_core.domain.jobs import BEAT, LEASE, MOST_TRIES, Job, JobState
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import (
    ImportRefusedError,
    NotAllowedError,
    TeleservicesError,
    UnavailableError,
)
from teleservices_core.failures import trace
from teleservices_core.ports import Transaction
from teleservices_core.secret_boxes import lock
from teleservices_core.usecases.jobs import forget_jobs, result_purpose
from teleservices_core.usecases.site import Site, audited

log = logging.getLogger(__name__)


class _LeaseLostError(TeleservicesError):
    """Another worker has the job by now, or it is over."""


@define
class Working:
    """A job under way: see :class:`teleservices_core.contributions.Worked`."""

    site: Site
    job: Job
    viewer: Viewer
    kind: JobKind
    is_ending: Callable[[], bool]
    """Whether the worker is to end."""
    is_interrupted: bool = False
    """Whether the work was told to end before its end."""

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[Transaction]:
        """See the protocol."""
        # Not within the step: workers would wait for each other at the one row.
        tend(self.site)
        with self.site.database.writing(waits=waits) as tx:
            self._hold(tx)
            self.kind.require(self.site, tx, self.viewer.account, self.job.uai)
            yield tx

    def _hold(self, tx: Transaction) -> None:
        job, until = self.job, self.site.now() + LEASE
        if not tx.jobs.advance(job, until, job.done, job.total, job.memo):
            raise _LeaseLostError(f"job {job.id} is another's")

    def advance(
        self, tx: Transaction, done: int, total: int, memo: Mapping[str, Any] | None = None
    ) -> None:
        """See the protocol."""
        memo = self.job.memo if memo is None else memo
        self.job = evolve(self.job, done=done, total=total, memo=memo)
        self._hold(tx)

    def keep(self, tx: Transaction, name: str, content: bytes) -> None:
        """See the protocol."""
        position = len(tx.jobs.part_names(self.job.id))
        sealed = lock(self.site.settings, result_purpose(self.job.id), content)
        tx.jobs.keep_part(self.job.id, position, name, sealed)

    def is_stopping(self) -> bool:
        """See the protocol."""
        if not self.is_interrupted:
            with self.site.database.reading() as tx:
                self.is_interrupted = self.is_ending() or tx.jobs.is_to_stop(self.job.id)
        return self.is_interrupted


def work_once(site: Site, is_ending: Callable[[], bool] = lambda: False) -> Job | None:
    """Do the oldest job that nobody does, to its end; None where there is none.

    Safe to run side by side. What a job raises ends that job only; so many tries that
    end in a fault, or with the worker, end it too.
    """
    now = site.now()
    # Asked first: a worker with nothing to do never waits to write, nor has others wait.
    with site.database.reading() as tx:
        if not tx.jobs.is_any_free(now):
            return None
    with site.database.writing() as tx:
        job = tx.jobs.claim(site.new_id(), now, now + LEASE)
    if job is None:
        return None
    kind = site.catalogue.jobs.get(job.kind)
    if job.is_to_stop:
        _end(site, job, JobState.STOPPED, {})
    elif kind is None:
        _end(site, job, JobState.FAILED, {"reason": "unknown"})
    elif job.tries > MOST_TRIES:
        _end(site, job, JobState.FAILED, {"reason": "tries"})
    else:
        _try(site, job, kind, is_ending)
    return job


def _try(site: Site, job: Job, kind: JobKind, is_ending: Callable[[], bool]) -> None:
    try:
        working = Working(site, job, _viewer(site, job), kind, is_ending)
        said = kind.run(working)
        _finish(working, said)
    except NotAllowedError:
        _end(site, job, JobState.REFUSED, {})
    except ImportRefusedError as refused:
        _end(site, job, JobState.FAILED, {"reason": "file", "said": refused.reason})
    except _LeaseLostError:
        log.warning("job %s was taken over", job.id)
    except UnavailableError:
        # Not the job's fault: it is taken up again once its lease is over.
        raise
    except Exception as error:  # noqa: BLE001 - whatever a plugin's work does
        where = trace(error)
        log.error("job %s (%s) failed, try %s\n%s", job.id, job.kind, job.tries, where)
        # Before the last try its lease is left to run out: the next is not at once.
        if job.tries >= MOST_TRIES:
            _end(site, job, JobState.FAILED, {"reason": "tries"})


def _finish(working: Working, said: Mapping[str, Any]) -> None:
    site, job = working.site, working.job
    if not working.is_interrupted:
        with working.writing():
            pass
        _end(site, job, JobState.DONE, said)
        return
    with site.database.reading() as tx:
        is_stopped = tx.jobs.is_to_stop(job.id)
    if is_stopped:
        _end(site, job, JobState.STOPPED, said)
    else:
        with site.database.writing() as tx:
            tx.jobs.release(job, counts=False)


def _end(site: Site, job: Job, state: JobState, said: Mapping[str, Any]) -> None:
    now = site.now()
    with site.database.writing() as tx:
        if tx.jobs.end(job, state, now, said):
            detail: dict[str, Any] = {
                "kind": job.kind,
                "job": str(job.id),
                "asked_by": job.asked_name,
            }
            tx.audit.add(audited(f"job.{state}", now, None, uai=job.uai, **detail))


def _viewer(site: Site, job: Job) -> Viewer:
    """Who asked, with the rights of today. Raises :exc:`NotAllowedError`."""
    now = site.now()
    with site.database.reading() as tx:
        account = tx.accounts.get(job.asked_by)
        if account is None or account.state is not AccountState.ACTIVE:
            raise NotAllowedError(f"account {job.asked_by} is not active")
        held = tx.staff.assignments(account.holder_ids)
    today = site.academie.today(now)
    roles = frozenset((each.role, each.uai) for each in held if each.holds_on(today))
    # No session is open for it: it is nobody's browser.
    session = Session("", account.id, SessionPurpose.FULL, now, now, now)
    return Viewer(session, account, roles)


def tend(site: Site) -> None:
    """Tell that a worker is there, and erase what is kept no longer, unless one just did."""
    now = site.now()
    with site.database.reading() as tx:
        beat = tx.jobs.last_beat()
    if beat is not None and timedelta() <= now - beat < BEAT:
        return
    with site.database.writing() as tx:
        tx.jobs.beat(now)
        forget_jobs(site, tx, now)
