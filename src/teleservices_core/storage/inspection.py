"""What a database holds beside what the code knows: for who looks after a site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from attrs import frozen
from sqlalchemy import Engine, func, inspect, literal_column, select, table, text

from teleservices_core.contributions import MigrationSource
from teleservices_core.storage import tables as t
from teleservices_core.storage.migrate import config

_VERSION = "version"


@frozen
class Orphan:
    """The tables of a plugin that is not there."""

    prefix: str
    """Of its tables, such as ``notes_``."""
    tables: tuple[str, ...]
    """Its version table among them."""
    has_data: bool


def orphans(engine: Engine, known: Collection[str]) -> list[Orphan]:
    """Tables whose prefix has a version table, and is none of the ``known`` ones.

    Tables without a version table are the host's: they are left alone.
    """
    names = sorted(inspect(engine).get_table_names())
    prefixes = [name.removesuffix(_VERSION) for name in names if name.endswith(f"_{_VERSION}")]
    found = []
    with engine.connect() as connection:
        for prefix in prefixes:
            if prefix in known:
                continue
            theirs = tuple(name for name in names if _owner(name, prefixes) == prefix)
            has_data = any(
                connection.execute(select(literal_column("1")).select_from(table(name)).limit(1))
                .scalars()
                .all()
                for name in theirs
                if name != prefix + _VERSION
            )
            found.append(Orphan(prefix, theirs, has_data))
    return found


def _owner(name: str, prefixes: Sequence[str]) -> str:
    """The longest prefix of a table: ``a_b_x`` is of ``a_b_``, if there is one, not of ``a_``."""
    return max((each for each in prefixes if name.startswith(each)), key=len, default="")


def newer_revisions(engine: Engine, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """(prefix, revision) of what was applied by a later version of the code than this one."""
    found = []
    with engine.connect() as connection:
        for source in sources:
            options = {"version_table": f"{source.prefix}{_VERSION}"}
            applied = MigrationContext.configure(connection, opts=options).get_current_revision()
            if applied is None:
                continue
            try:
                ScriptDirectory.from_config(config(source)).get_revision(applied)
            except CommandError:
                found.append((source.prefix, applied))
    return found


def database_now(engine: Engine) -> datetime:
    """The database's own clock, in UTC."""
    now = select(func.current_timestamp(type_=t.UtcDateTime()))
    with engine.connect() as connection:
        return connection.execute(now).scalar_one()


def oldest_due_mail(engine: Engine) -> datetime | None:
    """Since when the mail that has waited longest should have left; None if none waits."""
    o = t.outbox.c
    waiting = select(func.min(o.due_at)).where(
        o.sent_at.is_(None), o.failed_at.is_(None), o.dropped_at.is_(None)
    )
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(waiting)
    return found


LIMITS: Final = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def missing_limits(engine: Engine) -> list[str]:
    """Time limits of PostgreSQL that the connections of a site do not have; none for SQLite."""
    if engine.dialect.name != "postgresql":
        return []
    with engine.connect() as connection:
        return [name for name in LIMITS if connection.scalar(text(f"SHOW {name}")) == "0"]
