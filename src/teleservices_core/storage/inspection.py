"""What a database holds beside what the code knows: for who looks after a site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen
from sqlalchemy import Connection, Engine, func, literal_column, select, table, text

from teleservices_core.contributions import MigrationSource
from teleservices_core.storage import tables as t
from teleservices_core.storage.migrate import newer
from teleservices_core.storage.owned import recorded
from teleservices_core.storage.revisions import version_table


@frozen
class Orphan:
    """The tables of a plugin that is not there."""

    prefix: str
    """Of its tables, such as ``notes_``."""
    tables: tuple[str, ...]
    """Its version table among them."""
    has_data: bool


def orphans(engine: Engine, known: Collection[str]) -> list[Orphan]:
    """Tables that migrations made under a prefix that is none of the ``known`` ones.

    What nobody wrote down as ours is the host's: it is left alone, whatever its name.
    """
    with engine.connect() as connection:
        return [
            Orphan(prefix, tuple(sorted(tables)), _has_data(connection, prefix, tables))
            for prefix, tables in sorted(recorded(connection).items())
            if prefix not in known
        ]


def _has_data(connection: Connection, prefix: str, tables: Collection[str]) -> bool:
    return any(
        connection.execute(select(literal_column("1")).select_from(table(name)).limit(1)).first()
        for name in tables
        if name != version_table(prefix)
    )


def newer_revisions(engine: Engine, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """(prefix, revision) of what was applied by a later version of the code than this one."""
    with engine.connect() as connection:
        return newer(connection, sources)


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
