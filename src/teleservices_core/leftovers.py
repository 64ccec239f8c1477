"""What a removed plugin left in the database: exported as CSV, then dropped.

Nothing of the plugin is needed: its tables were written down when its migrations made
them, and no other is touched, whatever its name.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from teleservices_core.app import Teleservices
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.files import private_file, private_folder, write_private
from teleservices_core.ports.academy import AuditSearch
from teleservices_core.storage.inspection import Orphan, orphans
from teleservices_core.storage.leftovers import count_rows, drop_tables, read_rows
from teleservices_core.usecases.site import audited

_REMEMBERED: Final = 200
"""Exports looked back at."""


@frozen
class Leftover:
    """The tables of a plugin that is not installed, with their numbers of rows."""

    prefix: str
    rows: Mapping[str, int]
    """By table, its version table among them."""
    is_exported: bool
    """Whether the journal has an export of all of them with as many rows."""

    def require_export(self) -> None:
        """Raise :exc:`RefusedError` ``not_exported`` unless the journal has one."""
        if not self.is_exported:
            raise RefusedError("not_exported", prefix=self.prefix)


def leftover(services: Teleservices, prefix: str) -> Leftover:
    """What is left under a prefix (``notes_``, or ``notes``).

    Raises :exc:`RefusedError` ``installed`` for a plugin that is installed, be
    it switched off or set aside, and :exc:`NotFoundError` when nothing is left.
    """
    orphan = _orphan(services, f"{prefix.removesuffix('_')}_")
    with services.engine.connect() as connection:
        rows = {name: count_rows(connection, name) for name in orphan.tables}
    return Leftover(orphan.prefix, rows, _was_exported(services, orphan.prefix, rows))


def _orphan(services: Teleservices, prefix: str) -> Orphan:
    plugins = {report.name for report in services.plugins.reports}
    if prefix.removesuffix("_") in plugins:
        raise RefusedError("installed", plugin=prefix.removesuffix("_"))
    known = {source.prefix for source in services.plugins.catalogue.migrations}
    for orphan in orphans(services.engine, known):
        if orphan.prefix == prefix:
            return orphan
    raise NotFoundError(f"no table of a removed plugin starts with {prefix!r}")


def _was_exported(services: Teleservices, prefix: str, rows: Mapping[str, int]) -> bool:
    search = AuditSearch(actions=("data.left_exported",))
    with services.site.database.reading() as tx:
        entries = tx.audit.search(search, _REMEMBERED)
    latest = next((e.detail for e in entries if e.detail.get("prefix") == prefix), None)
    return latest is not None and latest["rows"] == dict(rows)


def export_left(
    services: Teleservices,
    prefix: str,
    folder: Path,
    *,
    progress: Callable[[str, int], None] = lambda _table, _rows: None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Mapping[str, int] | None:
    """Write each table to ``TABLE.csv`` in a folder, with the names of its columns.

    A file appears whole or not at all. Run again after a stop, it goes on with
    the tables that are missing; returns the rows by table, None when stopped.
    Raises as :func:`leftover`.
    """
    left = leftover(services, prefix)
    private_folder(folder)
    done = _done(folder / f"{left.prefix}export.json")
    for name, rows in left.rows.items():
        if done.get(name) != rows or not (folder / f"{name}.csv").exists():
            if is_stopping():
                return None
            done[name] = _write(services, folder / f"{name}.csv", name)
            _keep(folder / f"{left.prefix}export.json", done)
        progress(name, done[name])
    written = {name: done[name] for name in left.rows}
    with services.site.database.writing() as tx:
        now = services.site.now()
        tx.audit.add(audited("data.left_exported", now, None, prefix=left.prefix, rows=written))
    return written


def _done(path: Path) -> dict[str, int]:
    with suppress(FileNotFoundError, ValueError):
        found: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
        return found
    return {}


def _keep(path: Path, done: Mapping[str, int]) -> None:
    write_private(path, json.dumps(done, indent=2))


def _write(services: Teleservices, path: Path, name: str) -> int:
    written = -1
    with (
        services.engine.connect() as connection,
        private_file(path, "w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        for row in read_rows(connection, name):
            writer.writerow([_text(value) for value in row])
            written += 1
    return written


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def drop_left(services: Teleservices, prefix: str, *, without_export: bool = False) -> Leftover:
    """Drop the tables for good, all in one transaction, journalled.

    Raises as :func:`leftover`, and :exc:`RefusedError` ``not_exported`` when
    there are data that no export of the journal covers.
    """
    left = leftover(services, prefix)
    if not without_export:
        left.require_export()
    with services.site.database.writing() as tx:
        drop_tables(tx.connection, list(left.rows))
        tx.audit.add(
            audited(
                "data.left_dropped",
                services.site.now(),
                None,
                prefix=left.prefix,
                rows=dict(left.rows),
                exported=left.is_exported,
            )
        )
    services.site.database.scrub()
    return left
