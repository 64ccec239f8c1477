"""A distribution's revisions, and which one a database is at: what Alembic knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, create_engine, inspect

from teleservices_core.contributions import MigrationSource
from teleservices_core.errors import MigrationRefusedError

_HERE = Path(__file__).parent / "migrations"


def version_table(prefix: str) -> str:
    """Where the revision of a distribution is kept."""
    return f"{prefix}version"


def config(source: MigrationSource, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one distribution, without any file."""
    settings = Config()
    settings.set_main_option("script_location", str(_HERE))
    settings.set_main_option("version_locations", str(source.folder))
    settings.set_main_option("path_separator", "os")
    settings.attributes.update(
        connection=connection,
        version_table=version_table(source.prefix),
        prefix=source.prefix,
        metadata=MetaData(),
    )
    return settings


def applied(connection: Connection, prefix: str) -> str | None:
    """The revision of a distribution, None where it has none.

    A table of that name and another form is somebody else's: it has none either.
    """
    name = version_table(prefix)
    if not is_version_table(connection, name):
        return None
    options = {"version_table": name}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def is_version_table(connection: Connection, name: str) -> bool:
    """Whether a table is there, of the form that Alembic gives it."""
    inspector = inspect(connection)
    return inspector.has_table(name) and [
        column["name"] for column in inspector.get_columns(name)
    ] == ["version_num"]


def is_known(source: MigrationSource, revision: str) -> bool:
    """Whether this version of the code has it."""
    try:
        ScriptDirectory.from_config(config(source)).get_revision(revision)
    except CommandError:
        return False
    return True


def missing(source: MigrationSource, revision: str | None) -> list[str]:
    """The revisions after one, in order; all of them after one that this code does not have.

    Raises :exc:`MigrationRefusedError` ``unreadable`` for files that make no row of revisions.
    """
    try:
        return _after(source, revision)
    except (CommandError, RevisionError, SyntaxError, ImportError) as error:
        names = (str(source.folder), type(error).__name__)
        raise MigrationRefusedError(source.prefix, "unreadable", names) from error


def _after(source: MigrationSource, revision: str | None) -> list[str]:
    scripts = ScriptDirectory.from_config(config(source))
    since = revision if revision and is_known(source, revision) else "base"
    return [each.revision for each in scripts.iterate_revisions("head", since)][::-1]


@cache
def made(
    sources: Sequence[MigrationSource], revisions: Sequence[tuple[str, str]]
) -> Mapping[str, frozenset[str]]:
    """By prefix, the tables that migrations make, found by running them elsewhere: half a second.

    ``revisions`` are (prefix, where to stop) of each; both are tuples.
    """
    engine, wanted = create_engine("sqlite://"), dict(revisions)
    found: dict[str, frozenset[str]] = {}
    with engine.connect() as connection:
        before: set[str] = set()
        for source in sources:
            if is_known(source, wanted[source.prefix]):
                command.upgrade(config(source, connection), wanted[source.prefix])
            after = set(inspect(connection).get_table_names())
            found[source.prefix] = frozenset(after - before)
            before = after
    engine.dispose()
    return found
