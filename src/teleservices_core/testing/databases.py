"""Empty, migrated databases for tests, cheap enough for thousands of them.

One that a test gives back is emptied and lent again, with its engine: making a
database of PostgreSQL costs half a second, and an engine compiles its statements
anew. Neither waits for the disk: tests kill processes, they do not pull the plug.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import define, field
from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from teleservices_core.files import make_private
from teleservices_core.settings import DatabaseSettings
from teleservices_core.storage.engine import make_engine

PATIENT: Final = DatabaseSettings().patient
"""Tests share a busy machine: nothing is too slow."""
_TEMPLATE: Final = "template_teleservices"
_COLUMNS: Final = """
SELECT md5(string_agg(c.relname || '.' || a.attname, ' ' ORDER BY c.relname, a.attnum))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace
"""
_TRIGGERS: Final = """
SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O' ORDER BY tgname
"""
_OF_SCHEMA: Final = r"(tablename LIKE '%%\_version' OR tablename = 'core_own_tables')"
"""What is written by migrations alone."""
_VERSIONS: Final = f"""
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND {_OF_SCHEMA} ORDER BY tablename
"""  # noqa: S608
_EMPTY: Final = f"""
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND NOT {_OF_SCHEMA}
  LOOP
    EXECUTE format('DELETE FROM %%I', name);
  END LOOP;
END $$
"""  # noqa: S608


@define
class Databases:
    """Makes databases in a folder, or on a server that is started when first asked for."""

    folder: Path
    server: Callable[[], str]
    """The URL of a PostgreSQL server of the tests' own."""
    migrate: Callable[[Engine], Any]
    _file: bytes = field(init=False, default=b"")
    _admin: Engine | None = field(init=False, default=None)
    _schema: list[Any] = field(init=False, factory=list)
    """What the template's tables are, to know a database that a test has altered."""
    _free: dict[str, list[Engine]] = field(init=False, factory=lambda: defaultdict(list))

    def close(self) -> None:
        """Leave the server alone."""
        for free in self._free.values():
            for engine in free:
                engine.dispose()
        if self._admin is not None:
            self._admin.dispose()

    def make(self, backend: str) -> str:
        """A database of the caller's own, by its URL."""
        url = self._new_file() if backend == "sqlite" else self._new_database()
        return url.render_as_string(hide_password=False)

    @contextmanager
    def lent(self, backend: str) -> Iterator[Engine]:
        """An engine on a database, for as long as a test runs."""
        free = self._free[backend]
        engine = free.pop() if free else self._new_engine(backend)
        yield engine
        # What a test left behind is nobody else's: a connection, a listener, an index.
        if not _is_used(engine) and self._emptied(engine):
            free.append(engine)
        else:
            engine.dispose()

    def _new_engine(self, backend: str) -> Engine:
        if backend != "sqlite":
            return make_engine(self._new_database(), PATIENT)
        engine = make_engine(self._new_file(), PATIENT)
        event.listen(engine, "connect", _do_not_wait)
        return engine

    def _new_file(self) -> URL:
        if not self._file:
            template = self.folder / "template.db"
            engine = make_engine(f"sqlite:///{template}")
            self.migrate(engine)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            engine.dispose()
            self._file = template.read_bytes()
        path = self.folder / f"{uuid.uuid4().hex}.db"
        make_private(path)
        path.write_bytes(self._file)
        return make_url(f"sqlite:///{path}")

    def _new_database(self) -> URL:
        admin = self._admin = self._admin or self._prepared()
        name = f"t{uuid.uuid4().hex}"
        with admin.connect() as connection:
            connection.exec_driver_sql(
                f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy"
            )
        return admin.url.set(database=name)

    def _prepared(self) -> Engine:
        admin = make_engine(self.server(), PATIENT, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            connection.exec_driver_sql(f"CREATE DATABASE {_TEMPLATE}")
        url = admin.url.set(database=_TEMPLATE)
        engine = make_engine(url, PATIENT)
        self.migrate(engine)
        with engine.connect() as connection:
            self._schema = _schema(connection)
        engine.dispose()
        return admin

    def _emptied(self, engine: Engine) -> bool:
        """Empty a database; False for one that another test must not get."""
        if engine.dialect.name == "sqlite":
            self._empty_file(engine)
            return True
        try:
            with engine.begin() as connection:
                # Neither foreign keys nor the trigger that keeps the audit trail.
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
                if _schema(connection) != self._schema:
                    return False
                connection.exec_driver_sql(_EMPTY)
        except DBAPIError:
            return False
        return True

    def _empty_file(self, engine: Engine) -> None:
        engine.dispose()
        path = Path(str(engine.url.database))
        # A new file of that name: who still has the old one open harms nobody.
        for each in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
            each.unlink(missing_ok=True)
        make_private(path)
        path.write_bytes(self._file)


def _is_used(engine: Engine) -> bool:
    is_out = isinstance(engine.pool, QueuePool) and engine.pool.checkedout() > 0
    return is_out or bool(engine.dispatch.before_cursor_execute)


def _schema(connection: Connection) -> list[Any]:
    """The columns of all tables and indexes, the triggers, and which migrations have been run."""
    ask = connection.exec_driver_sql
    columns = ask(_COLUMNS).scalar()
    triggers = ask(_TRIGGERS).scalars().all()
    versions = ask(_VERSIONS).scalars().all()
    return [
        columns,
        triggers,
        versions,
        *(ask(f'TABLE "{name}" ORDER BY 1').all() for name in versions),
    ]


def _do_not_wait(connection: Any, _record: object) -> None:
    # After the engine's own settings.
    connection.execute("PRAGMA synchronous=OFF")
