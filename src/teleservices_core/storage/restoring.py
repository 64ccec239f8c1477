"""What a restore does to a database that has just been brought back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from teleservices_core.domain.incidents import RENEWABLE
from teleservices_core.domain.jobs import JobState
from teleservices_core.ports.restoring import SiteMark
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_if_new
from teleservices_core.storage.journal import WAITING

_ONLY: Final = 1
_SOME: Final = 500
_LEAP: Final = 1_000_000
"""Added to the versions of accounts: whoever read one before the restore writes nothing."""
T = TypeVar("T")


def _some(items: Collection[T]) -> Iterator[list[T]]:
    stream = iter(items)
    while chunk := list(islice(stream, _SOME)):
        yield chunk


@frozen
class Restoring:
    """See :class:`teleservices_core.ports.restoring.RestoreStore`."""

    connection: Connection

    def mark(self) -> SiteMark:
        """See the port."""
        insert_if_new(self.connection, t.site, {"number": _ONLY, "site_id": uuid4(), "epoch": 0})
        found = self.known_mark()
        assert found is not None  # noqa: S101 - just put there
        return found

    def known_mark(self) -> SiteMark | None:
        """See the port."""
        row = self.connection.execute(select(t.site.c.site_id, t.site.c.epoch)).first()
        return SiteMark(*row) if row else None

    def raise_epoch(self, epoch: int) -> None:
        """See the port."""
        self.connection.execute(update(t.site).values(epoch=epoch))

    def end_everything(self, at: datetime) -> Mapping[str, int]:
        """See the port."""
        letters, tokens = t.letters.c, t.tokens.c
        unused = and_(
            letters.used_at.is_(None), letters.replaced_at.is_(None), letters.expires_at > at
        )
        ends = {
            "sessions": delete(t.sessions),
            "devices": delete(t.devices),
            "links": update(t.tokens)
            .where(tokens.used_at.is_(None), tokens.expires_at > at)
            .values(expires_at=at),
            "letters": update(t.letters).where(unused).values(expires_at=at),
            "mails": update(t.outbox).where(WAITING).values(dropped_at=at, last_error="restored"),
        }
        counts = {name: self._do(end) for name, end in ends.items()}
        # What was asked for may have been done since; what was made is full of dead letters.
        is_open = t.jobs.c.ended_at.is_(None)
        ended = {"state": JobState.STOPPED.value, "ended_at": at, "lease": None}
        self._do(update(t.jobs).where(is_open).values(ended))
        self._do(delete(t.job_parts))
        a = t.accounts.c
        self._do(update(t.accounts).values(epoch=a.epoch + 1, version=a.version + _LEAP))
        return counts

    def kill_passwords(self, account_ids: Collection[UUID], nobodys_hash: str) -> int:
        """See the port."""
        return sum(
            self._kill(t.accounts.c.id.in_(some), nobodys_hash) for some in _some(account_ids)
        )

    def kill_reachable(self, nobodys_hash: str) -> int:
        """See the port."""
        return self._kill(t.accounts.c.email.is_not(None), nobodys_hash)

    def _kill(self, which: ColumnElement[bool], nobodys_hash: str) -> int:
        a = t.accounts.c
        alive = and_(a.password_hash.is_not(None), a.password_hash != nobodys_hash)
        killed = {"password_hash": nobodys_hash, "must_renew": False}
        return self._do(update(t.accounts).where(which, alive).values(killed))

    def drop_recovery_codes(self) -> int:
        """See the port."""
        return self._do(delete(t.recovery_codes))

    def renew_passwords(self) -> int:
        """See the port."""
        a = t.accounts.c
        held = and_(
            a.state.in_(RENEWABLE), a.password_hash.is_not(None), a.email.is_(None), ~a.must_renew
        )
        return self._do(update(t.accounts).where(held).values(must_renew=True))

    def drop_identities(self, account_ids: Collection[UUID]) -> int:
        """See the port."""
        return sum(
            self._do(delete(t.identities).where(t.identities.c.account_id.in_(some)))
            for some in _some(account_ids)
        )

    def known_acts(self, ids: Collection[UUID]) -> set[UUID]:
        """See the port."""
        return {
            found
            for some in _some(ids)
            for found in self.connection.scalars(select(t.audit.c.id).where(t.audit.c.id.in_(some)))
        }

    def accounts(self) -> Iterator[UUID]:
        """See the port."""
        yield from self.connection.scalars(select(t.accounts.c.id))

    def students(self) -> Iterator[UUID]:
        """See the port."""
        yield from self.connection.scalars(select(t.students.c.id))

    def adults(self) -> Iterator[UUID]:
        """See the port."""
        yield from self.connection.scalars(select(t.adults.c.id))

    def _do(self, statement: Any) -> int:
        return self.connection.execute(statement).rowcount
