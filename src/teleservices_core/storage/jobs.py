"""Jobs, on one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    cast,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from teleservices_core.domain.jobs import Job, JobState
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_or_update

_j, _p = t.jobs.c, t.job_parts.c
_OPEN = _j.state.in_([state.value for state in JobState if state.is_open])
_ONLY = 1


@frozen
class Jobs:
    """See :class:`teleservices_core.ports.jobs.JobStore`."""

    connection: Connection

    def add(self, job: Job) -> bool:
        """See the port."""
        row = {
            "id": job.id,
            "kind": job.kind,
            "uai": job.uai.code,
            "about": job.about,
            "input": job.input,
            "asked_by": job.asked_by,
            "asked_name": job.asked_name,
            "asked_at": job.asked_at,
            "state": job.state.value,
            "memo": job.memo,
            "said": job.said,
        }
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(t.jobs).values(row))
        except IntegrityError:
            return False
        return True

    def get(self, id_: UUID) -> Job | None:
        """See the port."""
        return self._first(_SELECT.where(_j.id == id_))

    def open_about(self, kind: str, about: str) -> Job | None:
        """See the port."""
        return self._first(_SELECT.where(_j.kind == kind, _j.about == about, _OPEN))

    def asked_by(self, account_id: UUID, uai: Uai, limit: int) -> list[Job]:
        """See the port."""
        theirs = _SELECT.where(_j.asked_by == account_id, _j.uai == uai.code)
        latest = theirs.order_by(_j.asked_at.desc(), _j.id.desc()).limit(limit)
        return [_to_job(row) for row in self.connection.execute(latest)]

    def of_account(self, account_id: UUID) -> list[Job]:
        """See the port."""
        theirs = _SELECT.where(_j.asked_by == account_id).order_by(_j.asked_at.desc())
        return [_to_job(row) for row in self.connection.execute(theirs)]

    def unfinished(self) -> list[Job]:
        """See the port."""
        found = self.connection.execute(_SELECT.where(_OPEN).order_by(_j.asked_at, _j.id))
        return [_to_job(row) for row in found]

    def ended(self, limit: int) -> list[Job]:
        """See the port."""
        latest = _SELECT.where(~_OPEN).order_by(_j.ended_at.desc(), _j.id).limit(limit)
        return [_to_job(row) for row in self.connection.execute(latest)]

    def _first(self, asked: Select[Any]) -> Job | None:
        row = self.connection.execute(asked).first()
        return None if row is None else _to_job(row)

    def is_any_free(self, at: datetime) -> bool:
        """See the port."""
        return bool(self.connection.scalar(select(exists().where(_is_free(at)))))

    def claim(self, lease: UUID, at: datetime, until: datetime) -> Job | None:
        """See the port."""
        free = (
            select(_j.id)
            .where(_is_free(at))
            .order_by(_j.asked_at, _j.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .cte("free")
        )
        taken = self.connection.execute(
            update(t.jobs)
            .where(_j.id.in_(select(free.c.id)))
            .values(
                state=JobState.RUNNING.value,
                lease=lease,
                leased_until=until,
                tries=_j.tries + 1,
            )
            .returning(_j.id)
        ).first()
        return None if taken is None else self.get(taken.id)

    def advance(
        self, job: Job, until: datetime, done: int, total: int, memo: Mapping[str, Any]
    ) -> bool:
        """See the port."""
        noted = {"leased_until": until, "done": done, "total": total, "memo": memo}
        return self._change(_is_ours(job), noted)

    def is_to_stop(self, id_: UUID) -> bool:
        """See the port."""
        return bool(self.connection.scalar(select(_j.is_to_stop).where(_j.id == id_)))

    def ask_to_stop(self, id_: UUID) -> bool:
        """See the port."""
        return self._change((_j.id == id_) & _OPEN, {"is_to_stop": True})

    def release(self, job: Job, *, counts: bool) -> bool:
        """See the port."""
        given_back = {"lease": None, "leased_until": None, "tries": job.tries - (not counts)}
        return self._change(_is_ours(job), given_back)

    def end(self, job: Job, state: JobState, at: datetime, said: Mapping[str, Any]) -> bool:
        """See the port."""
        ended = {
            "state": state.value,
            "ended_at": at,
            "said": said,
            "lease": None,
            "leased_until": None,
        }
        if not state.can_go_on:
            ended["memo"] = {}
        return self._change(_is_ours(job), ended)

    def reopen(self, job: Job) -> bool:
        """See the port."""
        asked: dict[str, Any] = {
            "state": JobState.ASKED.value,
            "ended_at": None,
            "said": {},
            "tries": 0,
            "is_to_stop": False,
        }
        is_as_it_was = (_j.id == job.id) & (_j.state == job.state.value)
        try:
            with self.connection.begin_nested():
                return self._change(is_as_it_was & (_j.ended_at == job.ended_at), asked)
        except IntegrityError:
            return False

    def _change(self, which: ColumnElement[bool], values: Mapping[str, Any]) -> bool:
        changed = self.connection.execute(update(t.jobs).where(which).values(values))
        return bool(changed.rowcount)

    def keep_part(self, id_: UUID, position: int, name: str, content: bytes) -> None:
        """See the port."""
        part = {"job_id": id_, "position": position, "name": name, "content": content}
        self.connection.execute(insert(t.job_parts).values(part))

    def part_names(self, id_: UUID) -> list[str]:
        """See the port."""
        asked = select(_p.name).where(_p.job_id == id_).order_by(_p.position)
        return list(self.connection.scalars(asked))

    def part(self, id_: UUID, position: int) -> bytes | None:
        """See the port."""
        asked = select(_p.content).where(_p.job_id == id_, _p.position == position)
        return self.connection.scalar(asked)

    def forget(self, results_before: datetime, jobs_before: datetime) -> int:
        """See the port."""
        ended = select(_j.id).where(_j.ended_at < results_before)
        has_memo = (_j.ended_at < results_before) & (cast(_j.memo, String) != "{}")
        self.connection.execute(update(t.jobs).where(has_memo).values(memo={}))
        gone = self.connection.execute(delete(t.job_parts).where(_p.job_id.in_(ended))).rowcount
        old = delete(t.jobs).where(_j.ended_at < jobs_before)
        return gone + self.connection.execute(old).rowcount

    def beat(self, at: datetime) -> None:
        """See the port."""
        row = {"number": _ONLY, "at": at}
        insert_or_update(self.connection, t.heartbeats, row, {"at": at})

    def last_beat(self) -> datetime | None:
        """See the port."""
        return self.connection.scalar(select(t.heartbeats.c.at))


_SELECT = select(
    *t.jobs.c, exists().where(_p.job_id == _j.id).correlate(t.jobs).label("has_result")
)


def _is_free(at: datetime) -> ColumnElement[bool]:
    """Whether nobody has an open job, or who had it is dead."""
    return _OPEN & or_(_j.leased_until.is_(None), _j.leased_until <= at)


def _is_ours(job: Job) -> ColumnElement[bool]:
    """Whether the job is open, and nobody has taken it since it was read."""
    return (_j.id == job.id) & _OPEN & _j.lease.is_not_distinct_from(job.lease)


def _to_job(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        uai=Uai(row.uai),
        about=row.about,
        input=row.input,
        asked_by=row.asked_by,
        asked_name=row.asked_name,
        asked_at=row.asked_at,
        state=JobState(row.state),
        done=row.done,
        total=row.total,
        memo=row.memo,
        tries=row.tries,
        lease=row.lease,
        leased_until=row.leased_until,
        is_to_stop=row.is_to_stop,
        ended_at=row.ended_at,
        said=row.said,
        has_result=row.has_result,
    )
