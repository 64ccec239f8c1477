"""Transactions: one unit of work for each command, autocommit for each page."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from tempfile import TemporaryFile
from typing import Any, Final

from attrs import Factory, frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from teleservices_core.errors import UnavailableError
from teleservices_core.queues import page_turn_lent
from teleservices_core.storage.availability import Door, in_our_words
from teleservices_core.storage.drafts import Draft
from teleservices_core.storage.engine import BUSY
from teleservices_core.storage.snapshots import Snapshot
from teleservices_core.storage.transactions import SqlTransaction

__all__ = ["SqlDatabase", "SqlTransaction"]

Around = Callable[[Any], AbstractContextManager[None]]

_here: Final = threading.local()


@frozen
class SqlDatabase:
    """Transactions from an SQLAlchemy engine, ours or the host's."""

    engine: Engine
    _door: Door = Factory(Door)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """See :meth:`teleservices_core.ports.Database.reading`."""
        with self._connect() as connection, in_our_words():
            if connection.dialect.name != "sqlite":
                # A page only reads: without BEGIN and ROLLBACK it saves two round trips.
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield SqlTransaction(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """See :meth:`teleservices_core.ports.Database.snapshot`."""
        with self._connect() as connection, in_our_words():
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            seen = Snapshot(connection)
            with seen.noting():
                yield seen

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """See :meth:`teleservices_core.ports.Database.draft`."""
        with TemporaryFile() as rows:
            yield Draft(self.engine.dialect, rows)

    @contextmanager
    def writing(
        self, *, waits: bool = True, around: Around = nullcontext
    ) -> Iterator[SqlTransaction]:
        """See :meth:`teleservices_core.ports.Database.writing`."""
        with self._connect() as connection, in_our_words(), around(connection):
            if connection.dialect.name == "sqlite":
                _begin(connection, waits=waits)
            elif not waits:
                connection.exec_driver_sql("SET LOCAL lock_timeout = 20")
            yield SqlTransaction(connection)
            try:
                with in_our_words():
                    connection.commit()
            except UnavailableError as away:
                # Whether it was written, nobody knows: it is not done again.
                raise UnavailableError(away.reason) from away
        _here.commits = self.commits + 1

    @property
    def commits(self) -> int:
        """See :attr:`teleservices_core.ports.Database.commits`."""
        return getattr(_here, "commits", 0)

    def _connect(self) -> Connection:
        began = self._door.pass_through()
        with in_our_words():
            try:
                return self.engine.connect()
            except DBAPIError:
                self._door.shut(began)
                raise

    def scrub(self) -> None:
        """See :meth:`teleservices_core.ports.Database.scrub`."""
        if self.engine.dialect.name == "sqlite":
            with self._connect() as connection, in_our_words():
                # Waits for who reads, as long as the busy timeout; the next run does the rest.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _begin(connection: Connection, *, waits: bool) -> None:
    """Take SQLite's write lock at once: a transaction that upgrades later fails, not waits.

    Where another has it, no page's turn is kept while it is waited for.
    """
    driver: Any = connection.connection.driver_connection
    patience = connection.info.get(BUSY, 5000)
    driver.execute("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except DBAPIError as held:
        if not waits or getattr(held.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_BUSY:
            raise
    else:
        return
    finally:
        driver.execute(f"PRAGMA busy_timeout={patience}")
    with page_turn_lent():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
