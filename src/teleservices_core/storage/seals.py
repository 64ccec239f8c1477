"""The seals of the journal, and its rows as text, column by column."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from time import time_ns
from typing import Any, Final
from uuid import UUID

from attrs import asdict, frozen
from sqlalchemy import Column, Connection, Select, delete, func, select, text
from sqlalchemy.exc import DBAPIError

from teleservices_core.domain.journal_guards import Gap
from teleservices_core.domain.seals import NOTHING, JournalRow, Seal
from teleservices_core.domain.traces import Traces
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_if_new
from teleservices_core.storage.journal_guards import guard_gaps
from teleservices_core.storage.journal_ids import first_journal_id
from teleservices_core.storage.tables import AnyRow

_CHUNK: Final = 5_000
_SOME: Final = 500
_ALONE: Final = text("LOCK TABLE core_audit IN SHARE MODE NOWAIT")
_SKEW: Final = 60 * 10**9
"""Nanoseconds by which the clocks of the machines that write may differ."""
_COLUMNS: Final = tuple(column.name for column in t.audit.columns)
_POSTGRESQL: Final = {
    "id": "replace(CAST(id AS text), '-', '')",
    "at": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24.MI.SS.US')",
}
_WRITERS: Final = text(
    """
    SELECT min(xact_start) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    """
)


def _rows(dialect: str) -> str:
    names = _POSTGRESQL if dialect == "postgresql" else {}
    columns = ", ".join(names.get(each, f"CAST({each} AS text)") for each in _COLUMNS)
    above = "CAST(:after AS uuid)" if dialect == "postgresql" else ":after"
    return f"SELECT {columns} FROM core_audit WHERE id > {above} ORDER BY id LIMIT :limit"  # noqa: S608


_ROWS: Final = {dialect: text(_rows(dialect)) for dialect in ("sqlite", "postgresql")}


def _to_seal(row: AnyRow) -> Seal:
    columns = row._asdict()
    del columns["erased_id"]
    return Seal(**{**columns, "open": tuple(row.open)})


@frozen
class Seals:
    """See :class:`teleservices_core.ports.seals.SealStore`."""

    connection: Connection

    def all(self) -> list[Seal]:
        """See the port."""
        return [
            _to_seal(row)
            for row in self.connection.execute(select(t.seals).order_by(t.seals.c.number))
        ]

    def last(self) -> Seal | None:
        """See the port."""
        return self._one(select(t.seals).order_by(t.seals.c.number.desc()).limit(1))

    def get(self, number: int) -> Seal | None:
        """See the port."""
        return self._one(select(t.seals).where(t.seals.c.number == number))

    def _one(self, statement: Select[Any]) -> Seal | None:
        row = self.connection.execute(statement).first()
        return _to_seal(row) if row else None

    def add(self, seal: Seal, *, erased_id: str | None = None) -> bool:
        """See the port."""
        values = {
            **asdict(seal),
            "open": list(seal.open),
            "erased_id": UUID(erased_id) if erased_id else None,
        }
        return insert_if_new(self.connection, t.seals, values) == 1

    def rows(self, after: str = NOTHING, limit: int | None = None) -> Iterator[JournalRow]:
        """See the port."""
        statement = _ROWS[self.connection.dialect.name]
        while limit is None or limit > 0:
            size = _CHUNK if limit is None else min(limit, _CHUNK)
            found = self.connection.execute(statement, {"after": after, "limit": size}).all()
            yield from (tuple(row) for row in found)
            if len(found) < size:
                return
            after = found[-1][0]
            limit = None if limit is None else limit - size

    def settled(self) -> str:
        """See the port."""
        return first_journal_id(time_ns() if self._is_alone() else self._begun() - _SKEW)

    def _is_alone(self) -> bool:
        """Whether nobody writes to the journal until the end of this transaction."""
        if self.connection.dialect.name == "sqlite":
            return True
        try:
            with self.connection.begin_nested():
                self.connection.execute(_ALONE)
        except DBAPIError:
            # Somebody writes, or the role may not lock.
            return False
        return True

    def _begun(self) -> int:
        begun: datetime | None = self.connection.scalar(_WRITERS)
        return min(time_ns(), int(begun.timestamp() * 1e9)) if begun else time_ns()

    def gaps(self) -> list[Gap]:
        """See the port."""
        return guard_gaps(self.connection)

    def traces(self, last: Seal | None) -> Traces:
        """See the port."""
        a, runs = t.audit.c, t.lifecycle_runs.c
        first_at, last_at = self.connection.execute(select(func.min(a.at), func.max(a.at))).one()
        imported_at, last_import = self.connection.execute(
            select(func.min(t.imports.c.at), func.max(t.imports.c.at))
        ).one()
        signs = (self._newest(t.sessions.c.created_at), last_import)
        ended = select(func.max(runs.at)).where(runs.finished_at.is_not(None))
        return Traces(
            first_at=first_at,
            last_at=last_at,
            unsealed_at=self._unsealed_at(last) if last else first_at,
            served_at=self._newest(t.accounts.c.last_used_at),
            imported_at=imported_at,
            signed_at=max((each for each in signs if each), default=None),
            sealed_at=self.connection.scalar(ended),
        )

    def _newest(self, column: Column[Any]) -> datetime | None:
        found: datetime | None = self.connection.scalar(select(func.max(column)))
        return found

    def _unsealed_at(self, last: Seal) -> datetime | None:
        after = select(t.audit.c.id, t.audit.c.at).where(t.audit.c.id > UUID(last.closed))
        known = set(last.open)
        found = (at for row_id, at in self.connection.execute(after) if row_id.hex not in known)
        return min(found, default=None)

    def erase(self, ids: Collection[str]) -> None:
        """See the port."""
        keys = [UUID(each) for each in ids]
        for start in range(0, len(keys), _SOME):
            these = t.audit.c.id.in_(keys[start : start + _SOME])
            self.connection.execute(delete(t.audit).where(these))
