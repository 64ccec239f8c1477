"""Whether the triggers of the journal stand as they should, and putting them back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, inspect, text

from teleservices_core.domain.journal_guards import Breach, Gap, GuardKind
from teleservices_core.storage.journal_triggers import FUNCTIONS, GUARDED, POSTGRESQL, SQLITE

_STANDING_SQLITE: Final = text(
    "SELECT name, tbl_name, sql, 1 FROM sqlite_master WHERE type = 'trigger'"
)
_HERE: Final = "c.relnamespace = CAST(current_schema() AS regnamespace)"
_STANDING_POSTGRESQL: Final = text(
    f"""
    SELECT g.tgname, c.relname, pg_get_triggerdef(g.oid, true), g.tgenabled IN ('O', 'A')
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE NOT g.tgisinternal AND {_HERE}
    """  # noqa: S608 - its own
)
_STANDING_FUNCTIONS: Final = text(
    """
    SELECT p.proname, p.prosrc, NOT p.prosecdef AND p.proconfig IS NULL AND l.lanname = 'plpgsql'
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = CAST(current_schema() AS regnamespace) AND p.pronargs = 0
    """
)
_IN_THE_WAY: Final = text(
    f"""
    SELECT 'rule', r.rulename, c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE {_HERE} AND c.relkind = 'r' AND c.relname = ANY(:guarded)
    UNION ALL
    SELECT 'policy', c.relname, c.relname FROM pg_class c
    WHERE {_HERE} AND c.relrowsecurity AND c.relname = ANY(:guarded)
    UNION ALL
    SELECT 'setting', 'session_replication_role', '' WHERE
      current_setting('session_replication_role') = 'replica'
    """  # noqa: S608 - its own
)


def put_guards(connection: Connection) -> None:
    """Make every trigger of the journal anew, in the caller's transaction."""
    if connection.dialect.name == "sqlite":
        for trigger in SQLITE:
            # Whatever table one of that name stands on.
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger.name}")
            connection.exec_driver_sql(trigger.sql)
        return
    for name, body in FUNCTIONS.items():
        made = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        connection.exec_driver_sql(f"{made} $$ {body} $$")
    for trigger in POSTGRESQL:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger.name} ON {trigger.table}")
        connection.exec_driver_sql(trigger.sql)


def mend_guards(connection: Connection) -> list[Gap]:
    """Put back what has gone of the journal's triggers; returns what was put back."""
    found = [gap for gap in guard_gaps(connection) if gap.is_ours_to_mend]
    lacking = {name for name in GUARDED if name not in inspect(connection).get_table_names()}
    if lacking or not found:
        return []
    put_guards(connection)
    return found


def guard_gaps(connection: Connection) -> list[Gap]:
    """Every trigger of the journal that does not stand as the product makes it."""
    there = set(inspect(connection).get_table_names())
    return [
        *(
            Gap(Breach.MISSING, GuardKind.TABLE, name, name)
            for name in GUARDED
            if name not in there
        ),
        *_trigger_gaps(connection),
        *(_function_gaps(connection) if connection.dialect.name == "postgresql" else ()),
    ]


def _trigger_gaps(connection: Connection) -> Iterator[Gap]:
    is_sqlite = connection.dialect.name == "sqlite"
    expected = {
        (each.table, each.name): _bare(each.sql) for each in (SQLITE if is_sqlite else POSTGRESQL)
    }
    standing = {
        (table, name): (_bare(sql), bool(is_on))
        for name, table, sql, is_on in connection.execute(
            _STANDING_SQLITE if is_sqlite else _STANDING_POSTGRESQL
        )
    }
    for (table, name), sql in expected.items():
        breach = None
        if (table, name) not in standing:
            breach = Breach.MISSING
        elif standing[table, name][0] != sql:
            breach = Breach.CHANGED
        elif not standing[table, name][1]:
            breach = Breach.DISABLED
        if breach is not None:
            yield Gap(breach, GuardKind.TRIGGER, name, table)
    for table, name in sorted(standing.keys() - expected.keys()):
        if table in GUARDED:
            yield Gap(Breach.ADDED, GuardKind.TRIGGER, name, table)


def _function_gaps(connection: Connection) -> Iterator[Gap]:
    standing = {
        name: (_bare(body), is_plain)
        for name, body, is_plain in connection.execute(_STANDING_FUNCTIONS)
    }
    for name, body in FUNCTIONS.items():
        if name not in standing:
            yield Gap(Breach.MISSING, GuardKind.FUNCTION, name)
        elif standing[name] != (_bare(body), True):
            yield Gap(Breach.CHANGED, GuardKind.FUNCTION, name)
    for kind, name, table in connection.execute(_IN_THE_WAY, {"guarded": list(GUARDED)}):
        yield Gap(Breach.ADDED, GuardKind(kind), name, table)


def _bare(sql: str) -> str:
    return " ".join(sql.split())
