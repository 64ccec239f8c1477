"""A migration changes what is its distribution's, and nothing else.

Installed code is trusted code: this finds mistakes, such as a revision copied from
another plugin. It is no defense against who means harm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from teleservices_core.errors import MigrationRefusedError
from teleservices_core.storage.availability import unavailable

IsOwn = Callable[[str], bool]
"""Whether a name is a distribution's."""

_TEMPORARY: Final = "_alembic_tmp_"
"""Of the tables that Alembic makes on SQLite to change others."""
_TABLE_FIRST: Final = frozenset(
    {
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_DROP_VTABLE,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_DELETE,
    }
)
_TABLE_SECOND: Final = frozenset(
    {
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER,
        sqlite3.SQLITE_ALTER_TABLE,
    }
)
_NEVER: Final = {
    sqlite3.SQLITE_TRANSACTION: "COMMIT",
    sqlite3.SQLITE_ATTACH: "ATTACH",
    sqlite3.SQLITE_DETACH: "DETACH",
}


@contextmanager
def confined(connection: Connection, prefix: str, is_own: IsOwn) -> Iterator[None]:
    """Run a distribution's migrations, in a transaction that the caller undoes on any error.

    Raises :exc:`MigrationRefusedError` ``strays`` when they changed a table, an index, a
    trigger, a function or a row that is not the distribution's, or ended the transaction;
    ``fails`` when the database refuses a statement.
    """
    watch = _sqlite if connection.dialect.name == "sqlite" else _postgresql
    strayed: set[str] = set()
    try:
        with watch(connection, is_own, strayed):
            yield
    except DBAPIError as error:
        # The database was told to refuse what strays: why is said below.
        if not strayed:
            if unavailable(error):
                raise
            what = getattr(error.orig, "sqlstate", None) or type(error.orig).__name__
            raise MigrationRefusedError(prefix, "fails", (what,)) from error
    if strayed:
        raise MigrationRefusedError(prefix, "strays", tuple(sorted(strayed)))


@contextmanager
def _sqlite(connection: Connection, is_own: IsOwn, strayed: set[str]) -> Iterator[None]:
    def authorize(
        action: int, first: str | None, second: str | None, database: str | None, _by: str | None
    ) -> int:
        if action in _NEVER:
            strayed.add(_NEVER[action])
            return sqlite3.SQLITE_DENY
        if action in _TABLE_FIRST:
            table = first or ""
        elif action in _TABLE_SECOND:
            table = second or ""
        else:
            return sqlite3.SQLITE_OK
        if database == "temp" and action in _TABLE_FIRST:
            return sqlite3.SQLITE_OK
        if table.startswith("sqlite_") or is_own(table.removeprefix(_TEMPORARY)):
            return sqlite3.SQLITE_OK
        strayed.add(table)
        return sqlite3.SQLITE_DENY

    driver: Any = connection.connection.dbapi_connection
    before = _named(connection)
    driver.set_authorizer(authorize)
    try:
        yield
    finally:
        driver.set_authorizer(None)
    # A table is renamed to anything.
    strayed.update(name for name in _named(connection) - before if not is_own(name))


def _named(connection: Connection) -> set[str]:
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    return {name for name in connection.scalars(text(tables)) if not name.startswith("sqlite_")}


_OURS_TO_SEE: Final = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_OBJECTS: Final = f"""
SELECT c.relname AS owner, 'relation' AS kind, n.nspname || '.' || c.relname AS name,
  concat_ws(' ', c.relkind, c.relfilenode, c.relowner, c.relacl, c.relrowsecurity, (
    SELECT string_agg(concat_ws(' ', a.attname, a.attisdropped, a.attnotnull, a.attacl,
      format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY attnum)
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0)) AS definition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS_TO_SEE} AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
UNION ALL
SELECT c.relname, 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS_TO_SEE}
UNION ALL
SELECT coalesce(c.relname, y.typname), 'constraint', k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type y ON y.oid = k.contypid
WHERE {_OURS_TO_SEE}
UNION ALL
SELECT c.relname, 'trigger', g.tgname, concat_ws(' ', g.tgenabled, pg_get_triggerdef(g.oid))
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT g.tgisinternal AND {_OURS_TO_SEE}
UNION ALL
SELECT c.relname, 'rule', r.rulename, concat_ws(' ', r.ev_enabled, pg_get_ruledef(r.oid))
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_OURS_TO_SEE}
UNION ALL
SELECT p.proname, 'function', p.oid::regprocedure::text,
  concat_ws(' ', p.proowner, p.proacl, p.prosrc)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_OURS_TO_SEE}
UNION ALL
SELECT y.typname, 'type', y.typname, concat_ws(' ', y.typtype, (
  SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e
  WHERE e.enumtypid = y.oid))
FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace
WHERE y.typtype IN ('e', 'd', 'r') AND {_OURS_TO_SEE}
UNION ALL
SELECT n.nspname, 'schema', n.nspname, concat_ws(' ', n.nspowner, n.nspacl)
FROM pg_namespace n WHERE {_OURS_TO_SEE}
UNION ALL
SELECT s.relname, 'rows', s.schemaname || '.' || s.relname,
  (s.n_tup_ins + s.n_tup_upd + s.n_tup_del)::text
FROM pg_stat_xact_user_tables s WHERE s.schemaname NOT LIKE 'pg\\_%'
"""  # noqa: S608
_TRANSACTION: Final = "SELECT txid_current()"


@contextmanager
def _postgresql(connection: Connection, is_own: IsOwn, strayed: set[str]) -> Iterator[None]:
    transaction = connection.scalar(text(_TRANSACTION))
    before = _objects(connection)
    yield
    if connection.scalar(text(_TRANSACTION)) != transaction:
        strayed.add("COMMIT")
    after = _objects(connection)
    for key in before.keys() | after.keys():
        if before.get(key) != after.get(key) and not is_own(key[0]):
            strayed.add(key[2])


def _objects(connection: Connection) -> dict[tuple[str, str, str], str]:
    """By (whose, kind, name), how each thing of the database is made, and how often written."""
    return {
        (owner, kind, name): definition
        for owner, kind, name, definition in connection.execute(text(_OBJECTS))
    }
