"""Engines as this library needs them: SQLite embedded, PostgreSQL for an académie."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import URL, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from teleservices_core.files import make_private, private_folder

_ANSWERED: Final = "answered"
_IDLE: Final = 1.0
"""Seconds: a server takes longer than that to start again."""


def make_engine(url: str | URL, **options: Any) -> Engine:
    """Create an engine for an SQLAlchemy URL, with the settings decided for its database.

    ``postgresql://`` means psycopg; a connection that was idle is asked whether its server
    is still there before it is used. SQLite gets WAL, full synchronization, foreign keys,
    a busy timeout of 5 s, overwriting of what is deleted and explicit transactions (see
    :mod:`.unit_of_work`); its file is made for its owner only.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, **options)
        event.listen(engine, "checkin", _note_answered)
        event.listen(engine, "checkout", partial(_ask_if_idle, engine.dialect))
        return engine
    if parsed.database in (None, "", ":memory:"):
        options.setdefault("poolclass", StaticPool)
        options.setdefault("connect_args", {"check_same_thread": False})
    else:
        private_folder(Path(str(parsed.database)).parent)
        options.setdefault("poolclass", QueuePool)
    engine = create_engine(parsed, **options)
    if engine.url.database not in (None, "", ":memory:"):
        event.listen(engine, "do_connect", _make_file)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _note_answered(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_ANSWERED] = monotonic()


def _ask_if_idle(
    dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: object
) -> None:
    # SQLAlchemy's own pre-ping asks at each use: three times in a page. A connection
    # that has just been opened, or has just answered, need not say so again.
    answered = record.info.get(_ANSWERED)
    if answered is None or monotonic() - answered < _IDLE:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as gone:
        raise InvalidatePoolError from gone


def _make_file(_dialect: Dialect, _record: object, cargs: list[Any], _cparams: object) -> None:
    # SQLite would make it for everybody; its log and its index get the mode of the file.
    make_private(Path(cargs[0]))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: BEGIN is ours to choose.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=5000",
        "temp_store=MEMORY",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
