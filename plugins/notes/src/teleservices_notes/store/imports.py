"""What is kept of imports, on one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import delete, insert, select, update

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.storage.bulk import insert_or_update, upsert
from teleservices_notes.store.marks import MarkStore
from teleservices_notes.store.tables import faults_table, imports_table, uploads_table
from teleservices_notes.usecases.runs import Fault, ImportRun, ImportState

_i, _f, _u = imports_table.c, faults_table.c, uploads_table.c
_LONGEST_REASON = 500
_STRANGE = "strange_classes"
"""Beside the counts, in the same column."""


@frozen
class ImportRecords(MarkStore):
    """The part of :class:`teleservices_notes.usecases.class_ports.ClassStore` about imports."""

    def record_import(self, run: ImportRun, faults: Iterable[Fault]) -> None:
        """See the port."""
        row = _row(run)
        changing = {name: row[name] for name in ("state", "counts", "ended_at")}
        insert_or_update(self.connection, imports_table, row, changing)
        upsert(
            self.connection,
            faults_table,
            (
                {
                    "import_id": run.id,
                    "line": fault.line,
                    "reason": fault.reason[:_LONGEST_REASON],
                }
                for fault in faults
            ),
            columns=("import_id", "line", "reason"),
        )

    def change_import(self, run: ImportRun, before: ImportState) -> bool:
        """See the port."""
        changed = (
            update(imports_table)
            .where(_i.id == run.id, _i.state == before.value)
            .values(state=run.state.value, ended_at=run.last_at)
        )
        return bool(self.connection.execute(changed).rowcount)

    def imports(self, uai: Uai) -> list[ImportRun]:
        """See the port."""
        asked = select(imports_table).where(_i.uai == uai.code).order_by(_i.started_at.desc())
        return [_to_run(row) for row in self.connection.execute(asked)]

    def import_run(self, id_: UUID) -> ImportRun | None:
        """See the port."""
        row = self.connection.execute(select(imports_table).where(_i.id == id_)).first()
        return None if row is None else _to_run(row)

    def faults(self, import_id: UUID, limit: int) -> list[Fault]:
        """See the port."""
        asked = select(_f.line, _f.reason).where(_f.import_id == import_id)
        rows = self.connection.execute(asked.order_by(_f.line).limit(limit))
        return [Fault(line, reason) for line, reason in rows]

    def forget_imports(self, uai: Uai, keep: int) -> None:
        """See the port."""
        old = select(_i.id).where(_i.uai == uai.code).order_by(_i.started_at.desc()).offset(keep)
        self._forget([row[0] for row in self.connection.execute(old)])

    def forget_import(self, id_: UUID) -> None:
        """See the port."""
        self._forget([id_])

    def forget_faults(self, import_id: UUID) -> None:
        """See the port."""
        self.connection.execute(delete(faults_table).where(_f.import_id == import_id))

    def forget_waiting(self, before: datetime) -> int:
        """See the port."""
        waiting = _i.state.in_([ImportState.TRYING.value, ImportState.WAITING.value])
        old = select(_i.id).where(waiting, _i.started_at < before)
        # A file whose import was stopped may be taken up again, as long.
        stopped = select(_i.id).where(_i.state == ImportState.STOPPED.value, _i.ended_at < before)
        self.connection.execute(delete(uploads_table).where(_u.import_id.in_(stopped)))
        return self._forget([row[0] for row in self.connection.execute(old)])

    def _forget(self, ids: list[UUID]) -> int:
        if ids:
            for column in (_f.import_id, _u.import_id, _i.id):
                self.connection.execute(delete(column.table).where(column.in_(ids)))
        return len(ids)

    def keep_upload(self, import_id: UUID, packed: bytes) -> None:
        """See the port."""
        kept = {"import_id": import_id, "content": packed}
        self.connection.execute(insert(uploads_table).values(kept))

    def upload(self, import_id: UUID) -> bytes | None:
        """See the port."""
        return self.connection.scalar(select(_u.content).where(_u.import_id == import_id))

    def forget_upload(self, import_id: UUID) -> None:
        """See the port."""
        self.connection.execute(delete(uploads_table).where(_u.import_id == import_id))


def _row(run: ImportRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "uai": run.uai.code,
        "school_year": run.school_year.start,
        "file_name": run.file_name,
        "state": run.state.value,
        "started_at": run.started_at,
        "ended_at": run.last_at,
        "done_by": run.done_by,
        "counts": {**run.counts, _STRANGE: list(run.strange_classes)},
    }


def _to_run(row: Any) -> ImportRun:
    counts = dict(row.counts)
    strange = tuple(counts.pop(_STRANGE, ()))
    return ImportRun(
        row.id,
        Uai(row.uai),
        SchoolYear(row.school_year),
        row.file_name,
        ImportState(row.state),
        row.started_at,
        row.done_by,
        counts,
        row.ended_at,
        strange,
    )
