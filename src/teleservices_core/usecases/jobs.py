"""Long works: asked for on a page, looked at, stopped, and what they made fetched.

A job is its asker's: nobody else sees it, whatever rights they have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import JobKind
from teleservices_core.domain.jobs import SILENCE, Job, JobState
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.ports import Transaction
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
            detail: dict[str, Any] = {"kind": kind_name, "job": str(id_)}
            tx.audit.add(audited("job.asked", now, viewer, uai=uai, **detail))
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
    files: tuple[str, ...] = ()
    """What can be fetched."""


def my_jobs(site: Site, viewer: Viewer, uai: Uai) -> list[Job]:
    """The latest that a person asked for, for an establishment."""
    with site.database.reading() as tx:
        return tx.jobs.asked_by(viewer.account.id, uai, _LISTED)


def see_job(site: Site, viewer: Viewer, uai: Uai, id_: UUID) -> JobSeen:
    """How far a job is. Raises :exc:`NotFoundError`, :exc:`NotAllowedError`."""
    with site.database.reading() as tx:
        job, kind = _mine(site, tx, viewer, uai, id_)
        beat = tx.jobs.last_beat()
        names = tuple(dict.fromkeys(tx.jobs.part_names(id_))) if _can_fetch(job) else ()
    has_worker = is_working(beat, site.now())
    return JobSeen(job, kind, None if has_worker else beat, has_worker, names)


def is_working(beat: datetime | None, at: datetime) -> bool:
    """Whether a worker has given a sign of life lately."""
    return beat is not None and at - beat <= SILENCE


def stop_job(site: Site, viewer: Viewer, uai: Uai, id_: UUID) -> Job:
    """Have a job stopped: at once where nobody does it, else after the step under way.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`; :exc:`ConflictError` once it is over.
    """
    now = site.now()
    with site.database.writing() as tx:
        job, _kind = _mine(site, tx, viewer, uai, id_)
        if job.is_free(now) and tx.jobs.end(job, JobState.STOPPED, now, job.said):
            tx.audit.add(audited("job.stopped", now, viewer, uai=uai, kind=job.kind, job=str(id_)))
        elif not tx.jobs.ask_to_stop(id_):
            raise ConflictError(f"job {id_} is over")
        return tx.jobs.get(id_) or job


def fetch(
    site: Site, viewer: Viewer, uai: Uai, id_: UUID
) -> tuple[Job, Mapping[str, Iterator[bytes]]]:
    """The files that a job made, in order, each bit by bit.

    Raises :exc:`NotFoundError` where there are none any more, :exc:`NotAllowedError`.
    """
    with site.database.writing() as tx:
        job, _kind = _mine(site, tx, viewer, uai, id_)
        names = tx.jobs.part_names(id_) if _can_fetch(job) else []
        if not names:
            raise NotFoundError(f"job {id_} has no result")
        detail: dict[str, Any] = {"kind": job.kind, "job": str(id_)}
        tx.audit.add(audited("job.fetched", site.now(), viewer, uai=uai, **detail))
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


def _can_fetch(job: Job) -> bool:
    """Also from one that ended before its end: what it made may be all that there is of it."""
    return not job.state.is_open


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
