"""Engines as this library needs them: SQLite embedded, PostgreSQL for an académie."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from sqlalchemy import URL, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from teleservices_core.files import make_private, private_folder
from teleservices_core.settings import DatabaseSettings
from teleservices_core.storage.discretion import tell_no_value

BUSY: Final = "busy"
"""Milliseconds that a connection of SQLite waits for a writer, in its ``info``."""
_LIMITS: Final = DatabaseSettings()
_ENGINES: Final = "sqlalchemy.engine.Engine"
_OURS: Final = "teleservices"
"""What our engines are called in the log."""
_ANSWERED: Final = "answered"
_IDLE: Final = 1.0
"""Seconds: a server takes longer than that to start again."""


def make_engine(url: str | URL, limits: DatabaseSettings = _LIMITS, **options: Any) -> Engine:
    """Create an engine for an SQLAlchemy URL, with the settings decided for its database.

    ``limits`` says how long it is waited for. ``postgresql://`` means psycopg; a connection
    that was idle is asked whether its server is still there before it is used. SQLite gets
    WAL, full synchronization, foreign keys, overwriting of what is deleted and explicit
    transactions (see :mod:`.unit_of_work`); its file is made for its owner only.
    """
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if "poolclass" not in options:
        options.setdefault("pool_timeout", limits.pool_seconds or None)
    if parsed.get_backend_name() != "sqlite":
        options["connect_args"] = {**_waits(parsed, limits), **options.get("connect_args", {})}
        engine = _hushed(create_engine(parsed, **options))
        if engine.dialect.driver == "psycopg":
            from teleservices_core.storage.answering import expect_answers

            expect_answers(engine, limits.statement_seconds)
        event.listen(engine, "checkin", _note_answered)
        event.listen(engine, "checkout", partial(_ask_if_idle, engine.dialect))
        return engine
    if parsed.database in (None, "", ":memory:"):
        options.setdefault("poolclass", StaticPool)
        options.pop("pool_timeout", None)
        options.setdefault("connect_args", {"check_same_thread": False})
    else:
        private_folder(Path(str(parsed.database)).parent)
        options.setdefault("poolclass", QueuePool)
    engine = _hushed(create_engine(parsed, **options))
    if engine.url.database not in (None, "", ":memory:"):
        event.listen(engine, "do_connect", _make_file)
    event.listen(engine, "connect", partial(_prepare_sqlite, limits.busy_seconds * 1000))
    return engine


def discreet(engine: Engine) -> Engine:
    """An engine whose errors tell no value of a statement or a row, to whoever logs them.

    A host's own engine is left as it is: what comes back shares its connections.
    """
    if event.contains(engine, "handle_error", tell_no_value):
        return engine
    return _hushed(engine.execution_options())


def _hushed(engine: Engine) -> Engine:
    engine.hide_parameters = True
    # Hidden parameters hide no row of an answer, which the level DEBUG would log.
    logging.getLogger(f"{_ENGINES}.{_OURS}").addFilter(_without_rows)
    engine.logging_name = _OURS
    engine.echo = engine.echo  # takes the name into account
    event.listen(engine, "handle_error", tell_no_value)
    return engine


def _without_rows(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _waits(url: URL, limits: DatabaseSettings) -> dict[str, Any]:
    """What psycopg is told when it connects; what the URL says is stronger."""
    told: dict[str, Any] = {
        "connect_timeout": limits.connect_seconds,
        # A server that is switched off says no good-bye.
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    told = {name: value for name, value in told.items() if name not in url.query}
    if limits.pooler:
        # Its connections are anybody's from one transaction to the next.
        return {**told, "prepare_threshold": None}
    given = url.query.get("options", "")
    milliseconds = {
        "statement_timeout": limits.statement_seconds,
        "lock_timeout": limits.lock_seconds,
        "idle_in_transaction_session_timeout": limits.idle_in_transaction_seconds,
    }
    ours = " ".join(f"-c {name}={1000 * each}" for name, each in milliseconds.items())
    return {
        **told,
        "options": " ".join([ours, given] if isinstance(given, str) else [ours, *given]),
    }


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


def _prepare_sqlite(busy: int, connection: Any, record: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: BEGIN is ours to choose.
    connection.isolation_level = None
    record.info[BUSY] = busy
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={busy}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
