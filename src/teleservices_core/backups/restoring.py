"""``teleservices restore``: bring a backup back, whole or not at all.

The data come back in one transaction with all that must follow: see
:mod:`teleservices_core.usecases.restoring`. A process killed at any moment leaves
the site as it was before, or as it is to be after.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from teleservices_core.app import Teleservices
from teleservices_core.backups.archive import Manifest, read_manifest, unpack, verify
from teleservices_core.backups.ledger import (
    Ledger,
    is_behind,
    keep_ledger,
    note_acts,
    person_digest,
    read_ledger,
)
from teleservices_core.backups.making import make_backup
from teleservices_core.backups.postgresql import load
from teleservices_core.errors import RefusedError
from teleservices_core.files import workshop
from teleservices_core.ports import Transaction
from teleservices_core.storage.availability import in_our_words
from teleservices_core.storage.bringing_back import (
    alone,
    replace_postgresql,
    replace_sqlite,
    unknown_revisions,
)
from teleservices_core.storage.engine import make_engine
from teleservices_core.storage.inspection import newer_revisions
from teleservices_core.storage.migrate import upgrade
from teleservices_core.storage.owned import ours, table_names
from teleservices_core.storage.unit_of_work import SqlDatabase, SqlTransaction
from teleservices_core.usecases.restoring import Restored, settle
from teleservices_core.usecases.sealing import check_journal

PATIENCE: Final = 60.0
"""Seconds to wait for others who use the database."""


@frozen
class Present:
    """The database that a backup is to replace."""

    is_readable: bool
    """Whether it holds a site in order: what was done since the backup is known from it."""
    is_ours: bool = False
    """Whether it holds this very site, in order or not."""
    epoch: int = 0
    accounts: int = 0


@frozen
class Plan:
    """What a restore would do."""

    manifest: Manifest
    present: Present
    ledger: Ledger

    @property
    def is_complete(self) -> bool:
        """Whether all that came after the backup is known."""
        return self.present.is_readable and self.ledger.is_sound


def check_backup(services: Teleservices, path: Path) -> Manifest:
    """Read a backup through; returns what it is. Needs no database.

    Raises :exc:`RefusedError`: those of :mod:`.archive`, ``other_engine``,
    ``other_academie``, ``unknown_plugin`` (detail ``prefixes``) and ``newer`` (detail
    ``revisions``).
    """
    manifest = read_manifest(services.settings, path)
    if manifest.engine != services.engine.dialect.name:
        raise RefusedError("other_engine", engine=manifest.engine)
    if manifest.academie != services.settings.academie.code:
        raise RefusedError("other_academie", academie=manifest.academie)
    sources = services.plugins.catalogue.migrations
    unknown, newer = unknown_revisions(sources, manifest.revisions)
    if newer:
        raise RefusedError("newer", revisions=", ".join(newer))
    if unknown and manifest.engine != "sqlite":
        raise RefusedError("unknown_plugin", prefixes=", ".join(unknown))
    verify(path, manifest)
    return manifest


def plan_restore(services: Teleservices, manifest: Manifest) -> Plan:
    """What a restore would do; changes nothing.

    Raises :exc:`RefusedError`: ``other_site`` where the database holds another site,
    ``present_newer`` where a later program made its tables, ``ledger`` (details ``path``
    and ``said``) where the ledger cannot be read, ``taken`` (detail ``tables``) where
    somebody else's tables have the names of ours, or an earlier program made them,
    ``broken`` (detail ``path``) where an SQLite file cannot be read.
    """
    engine = services.engine
    if engine.url.database in (None, "", ":memory:"):
        raise RefusedError("in_memory")
    with _unless_broken(engine), in_our_words():
        _require_room(engine, manifest)
        is_site = inspect(engine).has_table("core_site")
        if is_site and newer_revisions(engine, services.plugins.catalogue.migrations):
            raise RefusedError("present_newer")
    with _kept(services):
        ledger = read_ledger(services.settings)
    present = _look(services, manifest, ledger) if is_site else Present(is_readable=False)
    return Plan(manifest, present, ledger)


@contextmanager
def _kept(services: Teleservices) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        path = services.settings.ledger
        raise RefusedError("ledger", path=path, said=error.strerror) from error


@contextmanager
def _unless_broken(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        if engine.dialect.name != "sqlite":
            raise
        raise RefusedError("broken", path=engine.url.database) from error


def _require_room(engine: Engine, manifest: Manifest) -> None:
    with engine.connect() as connection:
        taken = (table_names(connection) - ours(connection)) & manifest.rows.keys()
    if taken:
        raise RefusedError("taken", tables=", ".join(sorted(taken)))


def _look(services: Teleservices, manifest: Manifest, ledger: Ledger) -> Present:
    try:
        with services.site.database.reading() as tx:
            mark = tx.restoring.known_mark()
            accounts = sum(1 for _id in tx.restoring.accounts())
        if mark is None or mark.site_id != manifest.site_id:
            if accounts:
                raise RefusedError("other_site")
            return Present(is_readable=False)
        is_sound = not check_journal(services.site).faults
        is_last = ledger.head is None or not is_behind(services.site, ledger.head)
        return Present(is_sound and is_last, is_ours=True, epoch=mark.epoch, accounts=accounts)
    except SQLAlchemyError:
        # A table that is missing or damaged: nothing can be learnt from it.
        return Present(is_readable=False)


def restore(
    services: Teleservices, path: Path, *, copy_to: Path | None = None
) -> tuple[Manifest, Restored]:
    """Bring a backup back; ``copy_to`` receives a backup of what it replaces, if there is any.

    Raises :exc:`RefusedError` as :func:`check_backup`, :func:`plan_restore`,
    :func:`.making.make_backup` and :mod:`teleservices_core.storage.bringing_back`, before
    anything has changed; :exc:`UnavailableError` when somebody writes for longer than a minute.
    """
    manifest = check_backup(services, path)
    with workshop(_beside(services, path)) as folder:
        database = folder / "database"
        unpack(path, manifest, database)
        plan = plan_restore(services, manifest)
        if copy_to is not None and plan.present.accounts:
            make_backup(services, copy_to)
        put = _put_sqlite if manifest.engine == "sqlite" else _put_postgresql
        done = put(services, plan, database)
    services.engine.dispose()
    services.site.database.scrub()
    keep_ledger(services.site)
    return manifest, done


def _beside(services: Teleservices, path: Path) -> Path:
    url = services.engine.url
    if url.get_backend_name() == "sqlite":
        return Path(str(url.database)).absolute().parent
    beside = path.absolute().parent
    return beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())


def _put_sqlite(services: Teleservices, plan: Plan, database: Path) -> Restored:
    sources = services.plugins.catalogue.migrations
    draft = make_engine(f"sqlite:///{database}")
    with draft.connect() as connection:
        if connection.exec_driver_sql("PRAGMA quick_check").scalar() != "ok":
            raise RefusedError("damaged", path=database.name)
    upgrade(draft, sources)
    with alone(services.engine, PATIENCE) as connection:
        ledger = _up_to_date(services, plan)
        with SqlDatabase(draft).writing() as tx:
            done = _settle(services, plan, ledger, tx)
        replace_sqlite(connection, database)
    draft.dispose()
    return done


def _put_postgresql(services: Teleservices, plan: Plan, database: Path) -> Restored:
    sources, manifest = services.plugins.catalogue.migrations, plan.manifest
    with alone(services.engine, PATIENCE) as connection:
        ledger = _up_to_date(services, plan)
        replace_postgresql(
            connection,
            sources,
            manifest.revisions,
            manifest.rows,
            lambda: load(services.settings, connection, database),
        )
        done = _settle(services, plan, ledger, SqlTransaction(connection))
    _analyze(services, manifest)
    return done


def _up_to_date(services: Teleservices, plan: Plan) -> Ledger:
    """With all that was done here: now that nobody writes, nothing more can be."""
    if not plan.present.is_ours:
        return plan.ledger
    with _kept(services):
        return note_acts(services.site)


def _analyze(services: Teleservices, manifest: Manifest) -> None:
    # Tables that were just filled: plans made before would be those of empty ones.
    with services.engine.connect() as connection:
        for name in manifest.rows:
            connection.exec_driver_sql(f'ANALYZE "{name}"')
        connection.commit()


def _settle(services: Teleservices, plan: Plan, ledger: Ledger, tx: Transaction) -> Restored:
    known = [plan.present.epoch, plan.manifest.epoch]
    if ledger.head is not None:
        known.append(ledger.head.epoch)
    return settle(
        services.site,
        tx,
        ledger.acts,
        person_digest,
        taken_at=plan.manifest.taken_at,
        epoch=max(known) + 1,
        is_complete=plan.is_complete,
    )
