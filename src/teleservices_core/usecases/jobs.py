"""Long works: asked for on a page, looked at, stopped, and what they made fetched.

A job is its asker's: nobody else sees it, whatever rights they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import JobKind
from teleservices_core.domain.jobs import LISTED, Job, JobState, is_silent
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.secret_boxes import unlock
from teleservices_core.usecases.site import Site, audited

_LISTED: Final = 20


def ask_job(
    site: Site,
    viewer: Viewer,
    kind_name: str,
    uai: Uai,
    *,
    id_: UUID,
    about: str,
    input_: Mapping[str, Any],
) -> Job:
    """Ask for a work; the same form sent twice finds the job that it has asked for.

    ``id_`` was drawn with the form. Raises :exc:`NotAllowedError`, and
    :exc:`ConflictError` where somebody else's job of the kind about the same is open.
    """
    kind, account, now = site.catalogue.jobs[kind_name], viewer.account, site.now()
    job = Job(id_, kind_name, uai, about, input_, account.id, viewer.name, now)
    with site.database.writing() as tx:
        kind.require(site, tx, account, uai)
        if tx.jobs.add(job):
            tx.audit.add(_act(job, "job.asked", now, viewer))
            return job
        found = tx.jobs.get(id_) or tx.jobs.open_about(kind_name, about)
    if found is None or (found.asked_by, found.uai, found.kind) != (account.id, uai, kind_name):
        raise ConflictError(f"another {kind_name} about {about} is open")
    return found


@frozen
class JobSeen:
    """A job as its page shows it."""

    job: Job
    kind: JobKind | None
    """None where its plugin is gone."""
    silent_since: datetime | None
    """No worker has given a sign of life since; None while one does."""
    has_worker: bool
    can_go_on: bool = False
    """Whether it ended before its end and can be taken up where it was."""
    files: tuple[str, ...] = ()
    """What can be fetched."""


def my_jobs(site: Site, viewer: Viewer, uai: Uai) -> list[Job]:
    """The latest that a person asked for, for an establishment."""
    with site.database.reading() as tx:
        return tx.jobs.asked_by(viewer.account.id, uai, _LISTED)


def see_job(site: Site, viewer: Viewer, uai: Uai, id_: UUID) -> JobSeen:
    """How far a job is. Raises :exc:`NotFoundError`, :exc:`NotAllowedError`."""
    now = site.now()
    with site.database.reading() as tx:
        job, kind = _mine(site, tx, viewer, uai, id_)
        beat = tx.jobs.last_beat()
        names = tuple(dict.fromkeys(tx.jobs.part_names(id_))) if _keeps(site, job) else ()
    has_worker = not is_silent(beat, now, site.settings.worker.every)
    goes_on = kind is not None and job.can_go_on(now, _kept(site))
    return JobSeen(job, kind, None if has_worker else beat, has_worker, goes_on, names)


def stop_job(site: Site, viewer: Viewer, uai: Uai, id_: UUID) -> Job:
    """Have a job stopped: at once where nobody does it, else after the step under way.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`; :exc:`ConflictError` once it is over.
    """
    with site.database.writing() as tx:
        job, _kind = _mine(site, tx, viewer, uai, id_)
        return _stop(site, tx, viewer, job)


def _stop(site: Site, tx: Transaction, viewer: Viewer | None, job: Job) -> Job:
    now = site.now()
    if job.is_free(now) and tx.jobs.end(job, JobState.STOPPED, now, job.said):
        tx.audit.add(_act(job, "job.stopped", now, viewer))
    elif not tx.jobs.ask_to_stop(job.id):
        raise ConflictError(f"job {job.id} is over")
    return tx.jobs.get(job.id) or job


def resume_job(site: Site, viewer: Viewer, uai: Uai, id_: UUID) -> Job:
    """Have a job that was stopped, or has failed, taken up where it was.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`; :exc:`ConflictError` where there is
    nothing to go on with, or another job about the same is open.
    """
    with site.database.writing() as tx:
        job, _kind = _mine(site, tx, viewer, uai, id_)
        return _resume(site, tx, viewer, job)


def _resume(site: Site, tx: Transaction, viewer: Viewer | None, job: Job) -> Job:
    now = site.now()
    if not (job.can_go_on(now, _kept(site)) and tx.jobs.reopen(job)):
        raise ConflictError(f"job {job.id} cannot go on")
    tx.audit.add(_act(job, "job.resumed", now, viewer))
    return tx.jobs.get(job.id) or job


def _act(job: Job, action: str, at: datetime, viewer: Viewer | None) -> AuditEntry:
    detail: dict[str, Any] = {"kind": job.kind, "job": str(job.id)}
    return audited(action, at, viewer, uai=job.uai, **detail)


def fetch(
    site: Site, viewer: Viewer, uai: Uai, id_: UUID
) -> tuple[Job, Mapping[str, Iterator[bytes]]]:
    """The files that a job made, in order, each bit by bit.

    Raises :exc:`NotFoundError` where there are none any more, :exc:`NotAllowedError`.
    """
    with site.database.writing() as tx:
        job, _kind = _mine(site, tx, viewer, uai, id_)
        names = tx.jobs.part_names(id_) if _keeps(site, job) else []
        if not names:
            raise NotFoundError(f"job {id_} has no result")
        tx.audit.add(_act(job, "job.fetched", site.now(), viewer))
    places: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        places.setdefault(name, []).append(position)
    return job, {name: _content(site, id_, some) for name, some in places.items()}


def _content(site: Site, id_: UUID, positions: Sequence[int]) -> Iterator[bytes]:
    for position in positions:
        # No connection is held while a slow reader takes the part.
        with site.database.reading() as tx:
            content = tx.jobs.part(id_, position)
        if content is None:
            raise NotFoundError(f"job {id_} was erased meanwhile")
        opened = unlock(site.settings, result_purpose(id_), content)
        if opened is None:
            raise NotFoundError(f"the result of job {id_} was sealed with another key")
        yield opened[0]


def result_purpose(id_: UUID) -> str:
    """What the parts of a result are sealed for."""
    return f"job {id_}"


def _kept(site: Site) -> timedelta:
    return timedelta(days=site.settings.durations.result_days)


def _keeps(site: Site, job: Job) -> bool:
    # Asked of the time, not of what is stored: the worker that erases it may be away.
    return job.keeps_result(site.now(), _kept(site))


def forget_jobs(site: Site, tx: Transaction, at: datetime) -> int:
    """Erase what jobs made, and jobs, that are kept no longer; returns how many rows."""
    kept = _kept(site)
    return tx.jobs.forget(at - kept, at - max(kept, LISTED))


# --- For who runs the site ------------------------------------------------------------------


@frozen
class AllJobs:
    """What is asked for and what is over, on the whole site."""

    open: tuple[Job, ...]
    """The oldest first."""
    ended: tuple[Job, ...]
    """The latest first."""
    beat: datetime | None
    """When a worker last gave a sign of life."""


def all_jobs(site: Site, number: int) -> AllJobs:
    """Every open job, and so many of those that are over."""
    with site.database.reading() as tx:
        return AllJobs(
            tuple(tx.jobs.unfinished()), tuple(tx.jobs.ended(number)), tx.jobs.last_beat()
        )


def stop_any(site: Site, id_: UUID) -> Job:
    """As :func:`stop_job`, from the command line."""
    with site.database.writing() as tx:
        return _stop(site, tx, None, _any(tx, id_))


def resume_any(site: Site, id_: UUID) -> Job:
    """As :func:`resume_job`, from the command line; its asker's right is asked at each step."""
    with site.database.writing() as tx:
        return _resume(site, tx, None, _any(tx, id_))


def _any(tx: Transaction, id_: UUID) -> Job:
    job = tx.jobs.get(id_)
    if job is None:
        raise NotFoundError(f"no job {id_}")
    return job


def _mine(
    site: Site, tx: Transaction, viewer: Viewer, uai: Uai, id_: UUID
) -> tuple[Job, JobKind | None]:
    job = tx.jobs.get(id_)
    if job is None or (job.uai, job.asked_by) != (uai, viewer.account.id):
        raise NotFoundError(f"no job {id_} of this account in {uai}")
    kind = site.catalogue.jobs.get(job.kind)
    if kind is not None:
        kind.require(site, tx, viewer.account, uai)
    return job, kind
