"""Put the tables of a backup in the place of ours, in one transaction; a host's stay as they are.

Both databases know nothing between before and after: their tables are made and dropped
in the transaction that fills them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from teleservices_core.contributions import MigrationSource
from teleservices_core.errors import RefusedError
from teleservices_core.storage.availability import in_our_words
from teleservices_core.storage.migrate import bring_up
from teleservices_core.storage.owned import ours, table_names
from teleservices_core.storage.revisions import config, is_known

_REASONS: Final = {"2BP01": "depended", "42501": "not_owner"}
"""What PostgreSQL may have against it: something of a host's hangs on ours, or another role's."""
_FUNCTIONS: Final = text(
    """
    SELECT p.proname, CAST(CAST(p.oid AS regprocedure) AS text) FROM pg_proc p
    WHERE p.pronamespace = CAST(current_schema() AS regnamespace)
    AND p.prorettype = CAST('trigger' AS regtype)
    AND NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgfoid = p.oid)
    """
)
_REFERENCES: Final = text(
    """
    SELECT CAST(CAST(k.conrelid AS regclass) AS text), quote_ident(k.conname),
      pg_get_constraintdef(k.oid)
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.confrelid JOIN pg_class h ON h.oid = k.conrelid
    WHERE k.contype = 'f' AND c.relnamespace = CAST(current_schema() AS regnamespace)
    AND c.relname = ANY(:ours)
    AND NOT (h.relnamespace = c.relnamespace AND h.relname = ANY(:ours))
    """
)
_GRANTS: Final = text(
    """
    SELECT c.relname, a.privilege_type,
      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE CAST(CAST(a.grantee AS regrole) AS text) END
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE c.relnamespace = CAST(current_schema() AS regnamespace)
    AND c.relkind = 'r' AND a.grantee <> c.relowner
    """
)
_OBJECTS: Final = text(
    """
    SELECT name, sql FROM restored.sqlite_master
    WHERE type = :type AND sql IS NOT NULL AND tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    """
)


def unknown_revisions(
    sources: Sequence[MigrationSource], revisions: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Of the revisions of a backup, prefixes that no plugin has, and revisions that are newer."""
    known = {source.prefix: source for source in sources}
    newer = [
        revision
        for prefix, revision in revisions.items()
        if prefix in known and not is_known(known[prefix], revision)
    ]
    return sorted(set(revisions).difference(known)), newer


@contextmanager
def alone(engine: Engine, patience: float) -> Iterator[Connection]:
    """A transaction beside which nobody writes to our tables; pages are read meanwhile.

    ``patience``, in seconds, is how long anybody else is waited for. Raises
    :exc:`UnavailableError` after that, and :exc:`RefusedError` ``depended`` or ``not_owner``
    (detail ``said``) when something of a host's hangs on our tables, or they are another
    role's.
    """
    with _in_reasons(), in_our_words(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # What is set here must not go back to those who make pages.
            connection.detach()
            connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience * 1000)}")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience * 1000)}")
            if names := ours(connection):
                connection.exec_driver_sql(f"LOCK TABLE {_listed(names)} IN EXCLUSIVE MODE")
        yield connection
        connection.commit()


@contextmanager
def _in_reasons() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        cause: Any = error.orig
        if (reason := _REASONS.get(getattr(cause, "sqlstate", None) or "")) is None:
            raise
        raise RefusedError(reason, said=str(cause).strip().replace("\n", " ")) from error


def replace_sqlite(connection: Connection, draft: Path) -> None:
    """Drop our tables, and make and fill those of a file, which is of the present schema.

    Raises :exc:`RefusedError` ``depended`` (detail ``said``) when rows of somebody else's
    tables refer to rows that are no more.
    """
    before = ours(connection)
    others = table_names(connection) - before
    connection.execute(text("ATTACH :draft AS restored"), {"draft": str(draft)})
    for name in sorted(before):
        connection.exec_driver_sql(f'DROP TABLE "{name}"')
    for name, statement in connection.execute(_OBJECTS, {"type": "table"}).all():
        connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f'INSERT INTO main."{name}" SELECT * FROM restored."{name}"')  # noqa: S608 - its own
    for kind in ("index", "trigger"):
        for _name, statement in connection.execute(_OBJECTS, {"type": kind}).all():
            connection.exec_driver_sql(statement)
    for name in sorted(others):
        if connection.exec_driver_sql(f'PRAGMA main.foreign_key_check("{name}")').first():
            raise RefusedError("depended", said=name)


def replace_postgresql(
    connection: Connection,
    sources: Sequence[MigrationSource],
    revisions: Mapping[str, str],
    tables: Collection[str],
    load: Callable[[], None],
) -> None:
    """Drop our tables, make those of a backup, fill them, and bring them to the present schema.

    ``load`` fills them, without what triggers would do: rows come back as they were. Whoever
    was granted something on a table still is. Raises :exc:`RefusedError` as
    :func:`replace_sqlite`.
    """
    grants = _grants(connection)
    references = connection.execute(_REFERENCES, {"ours": sorted(ours(connection))}).all()
    for name, constraint, _definition in references:
        connection.exec_driver_sql(f"ALTER TABLE {name} DROP CONSTRAINT {constraint}")
    _drop(connection, sources)
    for source in sources:
        if source.prefix in revisions:
            command.upgrade(config(source, connection), revisions[source.prefix])
    for name in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')
    load()
    for name in tables:
        connection.exec_driver_sql(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')
    bring_up(connection, sources)
    _grant_again(connection, grants)
    for name, constraint, definition in references:
        _refer_again(connection, name, f"{constraint} {definition}")


def _drop(connection: Connection, sources: Sequence[MigrationSource]) -> None:
    # Not by going back from revision to revision: what is damaged would not let itself.
    if names := ours(connection):
        # At once: they refer to each other; and nothing of anybody else's goes with them.
        connection.exec_driver_sql(f"DROP TABLE {_listed(names)}")
    prefixes = tuple(source.prefix for source in sources)
    for name, function in connection.execute(_FUNCTIONS).all():
        if name.startswith(prefixes):
            connection.exec_driver_sql(f"DROP FUNCTION {function}")


def _refer_again(connection: Connection, name: str, constraint: str) -> None:
    try:
        connection.exec_driver_sql(f"ALTER TABLE {name} ADD CONSTRAINT {constraint}")
    except IntegrityError as error:
        raise RefusedError("depended", said=name) from error


def _grants(connection: Connection) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for name, privilege, grantee in connection.execute(_GRANTS):
        found.setdefault(name, set()).add((privilege, grantee))
    return found


def _grant_again(connection: Connection, before: Mapping[str, set[tuple[str, str]]]) -> None:
    """A table that is made again has what new ones have: more, or less, than it had."""
    now = _grants(connection)
    for name, wanted in before.items():
        given = now.get(name, set())
        for privilege, grantee in sorted(given - wanted):
            connection.exec_driver_sql(f'REVOKE {privilege} ON "{name}" FROM {grantee}')
        for privilege, grantee in sorted(wanted - given):
            connection.exec_driver_sql(f'GRANT {privilege} ON "{name}" TO {grantee}')


def _listed(names: Collection[str]) -> str:
    return ", ".join(f'"{name}"' for name in sorted(names))
