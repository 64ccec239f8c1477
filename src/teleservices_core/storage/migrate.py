"""Run the migrations of the core and of each plugin, each in its own version table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData

from teleservices_core.contributions import MigrationSource
from teleservices_core.storage.availability import in_our_words

_HERE = Path(__file__).parent / "migrations"


def config(source: MigrationSource, connection: Connection | None = None) -> Config:
    """Alembic's configuration for one distribution, without any file."""
    settings = Config()
    settings.set_main_option("script_location", str(_HERE))
    settings.set_main_option("version_locations", str(source.folder))
    settings.set_main_option("path_separator", "os")
    settings.attributes.update(
        connection=connection,
        version_table=f"{source.prefix}version",
        prefix=source.prefix,
        metadata=MetaData(),
    )
    return settings


@contextmanager
def _writing(engine: Engine) -> Iterator[Connection]:
    with in_our_words(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


def pending(engine: Engine, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """(prefix, revision) of each migration not yet applied, in order."""
    missing = []
    with in_our_words(), engine.connect() as connection:
        for source in sources:
            context = MigrationContext.configure(
                connection, opts={"version_table": f"{source.prefix}version"}
            )
            applied = context.get_current_revision()
            scripts = ScriptDirectory.from_config(config(source))
            todo = [
                script.revision for script in scripts.iterate_revisions("head", applied or "base")
            ]
            missing += [(source.prefix, revision) for revision in reversed(todo)]
    return missing


def upgrade(engine: Engine, sources: Sequence[MigrationSource]) -> list[tuple[str, str]]:
    """Bring every distribution to its newest revision, all or nothing; returns what was applied."""
    todo = pending(engine, sources)
    if todo:
        with _writing(engine) as connection:
            for source in sources:
                command.upgrade(config(source, connection), "head")
    return todo


def downgrade(engine: Engine, source: MigrationSource) -> None:
    """Remove one distribution's tables, with their data."""
    with _writing(engine) as connection:
        command.downgrade(config(source, connection), "base")
