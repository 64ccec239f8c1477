"""Empty, migrated databases for tests, cheap enough for thousands of them.

SQLite: a copy of a file. PostgreSQL: making a database costs half a second, so
one that a test gives back is emptied and lent again. Neither waits for the
disk: tests kill processes, they do not pull the plug.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field
from sqlalchemy import URL, Engine, event, make_url

from teleservices_core.storage.engine import make_engine

if TYPE_CHECKING:
    import psycopg

_TEMPLATE: Final = "template_teleservices"
_COLUMNS: Final = """
SELECT md5(string_agg(c.relname || '.' || a.attname, ' ' ORDER BY c.relname, a.attnum))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace
"""
_VERSIONS: Final = r"""
SELECT tablename FROM pg_tables
WHERE schemaname = 'public' AND tablename LIKE '%\_version' ORDER BY tablename
"""
_EMPTY: Final = r"""
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT LIKE '%\_version'
  LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
END $$
"""


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
    _free: list[URL] = field(init=False, factory=list)

    def close(self) -> None:
        """Leave the server alone."""
        if self._admin is not None:
            self._admin.dispose()

    def make(self, backend: str) -> str:
        """A database of the caller's own, by its URL."""
        url = self._new_file() if backend == "sqlite" else self._new_database()
        return url.render_as_string(hide_password=False)

    @contextmanager
    def lent(self, backend: str) -> Iterator[Engine]:
        """An engine on a database, for as long as a test runs."""
        if backend == "sqlite":
            engine = make_engine(self._new_file())
            event.listen(engine, "connect", _do_not_wait)
            yield engine
            engine.dispose()
            return
        url = self._free.pop() if self._free else self._new_database()
        engine = make_engine(url)
        yield engine
        engine.dispose()
        if self._emptied(url):
            self._free.append(url)

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
        admin = make_engine(self.server(), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
            connection.exec_driver_sql(f"CREATE DATABASE {_TEMPLATE}")
        url = admin.url.set(database=_TEMPLATE)
        engine = make_engine(url)
        self.migrate(engine)
        engine.dispose()
        with _connect(url) as connection:
            self._schema = _schema(connection)
        return admin

    def _emptied(self, url: URL) -> bool:
        """Empty a database; False for one that another test must not get."""
        import psycopg

        try:
            with _connect(url) as connection:
                # Neither foreign keys nor the trigger that keeps the audit trail.
                connection.execute("SET session_replication_role = replica")
                connection.execute("SET lock_timeout = '2s'")
                if _schema(connection) != self._schema:
                    return False
                connection.execute(_EMPTY)
        except psycopg.Error:
            return False
        return True


def _connect(url: URL) -> psycopg.Connection[Any]:
    # Without SQLAlchemy, which asks a server who it is before anything else. Imported
    # when asked for: who tests on SQLite alone has no driver.
    import psycopg

    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain)


def _schema(connection: psycopg.Connection[Any]) -> list[Any]:
    """The columns of all tables and indexes, and which migrations have been run."""
    from psycopg import sql

    (columns,) = connection.execute(_COLUMNS).fetchall()
    versions = [name for (name,) in connection.execute(_VERSIONS).fetchall()]
    rows = [
        connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(name))).fetchall()
        for name in versions
    ]
    return [columns, versions, rows]


def _do_not_wait(connection: Any, _record: object) -> None:
    # After the engine's own settings.
    connection.execute("PRAGMA synchronous=OFF")
