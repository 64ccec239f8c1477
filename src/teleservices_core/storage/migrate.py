"""Run the migrations of the core and of each plugin, each in its own version table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

from alembic import command
from sqlalchemy import Connection, Engine, text

from teleservices_core.contributions import MigrationSource
from teleservices_core.domain.journal_guards import Gap
from teleservices_core.errors import MigrationRefusedError
from teleservices_core.storage.availability import in_our_words
from teleservices_core.storage.confinement import confined
from teleservices_core.storage.journal_guards import guard_gaps, mend_guards
from teleservices_core.storage.owned import record, recorded, table_names
from teleservices_core.storage.revisions import (
    applied,
    config,
    is_known,
    is_version_table,
    made,
    missing,
    version_table,
)

_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(hashtext('teleservices migrate'))"


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with in_our_words(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text(_ONE_AT_A_TIME))
        yield connection
        connection.commit()


def pending(engine: Engine, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """(prefix, revision) of each migration not yet applied, in order."""
    with in_our_words(), engine.connect() as connection:
        return _pending(connection, sources)


def _pending(connection: Connection, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    return [
        (source.prefix, revision)
        for source in sources
        for revision in missing(source, applied(connection, source.prefix))
    ]


def newer(connection: Connection, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """(prefix, revision) of what was applied by a later version of the code than this one."""
    ours = recorded(connection)
    return [
        (source.prefix, revision)
        for source in sources
        if source.prefix in ours
        and (revision := applied(connection, source.prefix))
        and not is_known(source, revision)
    ]


def upgrade(engine: Engine, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """Bring every distribution to its newest revision, all or nothing; returns what was applied.

    What each made is written down as ours. Raises :exc:`MigrationRefusedError` when tables of
    somebody else are in the way, a later version was here, a statement fails, or a
    distribution changes what is not its own.
    """
    with _writing(engine) as connection:
        return bring_up(connection, sources)


def bring_up(connection: Connection, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """:func:`upgrade` in a transaction of the caller's, who undoes it on any error."""
    ours = recorded(connection)
    adopted = _adopted(connection, sources, ours)
    for prefix, revision in newer(connection, sources):
        raise MigrationRefusedError(prefix, "newer", (revision,))
    todo = _pending(connection, sources)
    if todo or adopted:
        prefixes = {*ours, *(source.prefix for source in sources)}
        for source in sources:
            before = table_names(connection)
            with confined(connection, source.prefix, partial(_is_of, source.prefix, prefixes)):
                command.upgrade(config(source, connection), "head")
            after = table_names(connection)
            known = {*ours.get(source.prefix, ()), *adopted.get(source.prefix, ())}
            record(connection, source.prefix, (known | (after - before)) & after)
    # Triggers may have gone from a database that is at its newest revision.
    mend_guards(connection)
    return todo


def guards_to_mend(engine: Engine) -> list[Gap]:
    """What :func:`upgrade` would put back of the journal's triggers, once nothing is pending."""
    with in_our_words(), engine.connect() as connection:
        return [gap for gap in guard_gaps(connection) if gap.is_ours_to_mend]


def _is_of(prefix: str, prefixes: Collection[str], name: str) -> bool:
    """Whether a name is of a prefix: ``a_b_x`` is of ``a_b_``, if there is one, not of ``a_``."""
    return max((each for each in prefixes if name.startswith(each)), key=len, default="") == prefix


def _adopted(
    connection: Connection,
    sources: Sequence[MigrationSource],
    ours: Mapping[str, frozenset[str]],
) -> dict[str, frozenset[str]]:
    """By prefix, what was made before that was written down.

    Raises :exc:`MigrationRefusedError` ``taken`` for tables of somebody else.
    """
    names = table_names(connection)
    new = [each for each in sources if each.prefix not in ours]
    if not any(name.startswith(tuple(each.prefix for each in new)) for name in names):
        return {}
    reached = {each.prefix: applied(connection, each.prefix) for each in sources}
    tables = made(tuple(sources), tuple((at, each or "head") for at, each in reached.items()))
    found = {}
    for source in new:
        prefix, revision = source.prefix, reached[source.prefix]
        version = version_table(prefix)
        if revision is None:
            taken = (tables[prefix] - {version}) & names
            if version in names and not is_version_table(connection, version):
                taken |= {version}
            if taken:
                raise MigrationRefusedError(prefix, "taken", tuple(sorted(taken)))
        elif not is_known(source, revision):
            raise MigrationRefusedError(prefix, "taken", (version,))
        else:
            found[prefix] = tables[prefix] & names
    return found


def downgrade(engine: Engine, source: MigrationSource) -> None:
    """Remove one distribution's tables, with their data."""
    with _writing(engine) as connection:
        command.downgrade(config(source, connection), "base")
