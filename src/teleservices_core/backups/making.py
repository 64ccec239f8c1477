"""``teleservices backup``: one file with the whole site, while it is served."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from teleservices_core.app import Teleservices
from teleservices_core.backups.archive import Manifest, pack
from teleservices_core.backups.ledger import keep_ledger
from teleservices_core.backups.postgresql import dump
from teleservices_core.errors import RefusedError
from teleservices_core.files import make_private, workshop
from teleservices_core.storage.availability import in_our_words
from teleservices_core.storage.engine import make_engine
from teleservices_core.storage.inspection import newer_revisions
from teleservices_core.storage.leftovers import count_rows
from teleservices_core.storage.owned import ours, recorded, table_names
from teleservices_core.storage.restoring import Restoring
from teleservices_core.storage.revisions import applied, version_table


def make_backup(services: Teleservices, path: Path) -> Manifest:
    """Write a backup of a site to a file, which appears whole or not at all.

    People go on using the site; the backup is as of one instant. Raises
    :exc:`RefusedError`: ``not_migrated`` for a database without our tables,
    ``present_newer`` where a later program made them, ``in_memory``, and those of
    PostgreSQL's tools: :func:`.postgresql.dump`; :exc:`OSError` where it cannot be written.
    """
    engine = services.engine
    with in_our_words():
        if not inspect(engine).has_table("core_site"):
            raise RefusedError("not_migrated")
        if engine.url.database in (None, "", ":memory:"):
            raise RefusedError("in_memory")
        if newer_revisions(engine, services.plugins.catalogue.migrations):
            raise RefusedError("present_newer")
    with services.site.database.reading() as tx:
        is_marked = tx.restoring.known_mark() is not None
    if not is_marked:
        with services.site.database.writing() as tx:
            tx.restoring.mark()
    with workshop(path.absolute().parent) as folder, in_our_words():
        database, draft = folder / "database", folder / "archive"
        make_private(database)
        save = _save_sqlite if engine.dialect.name == "sqlite" else _save_postgresql
        manifest = pack(services.settings, draft, save(services, database), database)
        draft.replace(path)
    keep_ledger(services.site)
    return manifest


def _save_sqlite(services: Teleservices, to: Path) -> Manifest:
    source: Any = services.engine.raw_connection()
    try:
        with closing(sqlite3.connect(to)) as target:
            # In one step: the copy is of one instant, and who writes does not wait.
            source.dbapi_connection.backup(target)
    finally:
        source.close()
    engine = make_engine(f"sqlite:///{to}")
    with engine.connect() as connection:
        manifest = _manifest(services, connection)
        _leave_out(connection, table_names(connection) - ours(connection))
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return manifest


def _leave_out(connection: Connection, others: Collection[str]) -> None:
    """Take the tables of a host out of the copy, every trace of them."""
    if others:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for name in others:
            connection.exec_driver_sql(f'DROP TABLE "{name}"')
        connection.exec_driver_sql("VACUUM")


def _save_postgresql(services: Teleservices, to: Path) -> Manifest:
    with services.engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        manifest = _manifest(services, connection)
        dump(services.settings, connection, snapshot, manifest.rows, to)
    return manifest


def _manifest(services: Teleservices, connection: Connection) -> Manifest:
    settings, mark = services.settings, Restoring(connection).known_mark()
    assert mark is not None  # noqa: S101 - drawn before the copy began
    tables = recorded(connection)
    rows = ours(connection) - set(map(version_table, tables))
    return Manifest(
        engine=connection.dialect.name,
        site_id=mark.site_id,
        academie=settings.academie.code,
        base_url=settings.base_url,
        taken_at=services.site.now(),
        epoch=mark.epoch,
        revisions={prefix: applied(connection, prefix) or "" for prefix in sorted(tables)},
        rows={name: count_rows(connection, name) for name in sorted(rows)},
    )
