"""Migrations of a plugin that there is not, for tests of what its tables become."""

from __future__ import annotations

from pathlib import Path

from teleservices_core.contributions import MigrationSource

_REVISION = """
from alembic import op
import sqlalchemy as sa

revision = {revision!r}
down_revision = {down!r}


def upgrade():
    for statement in {up!r}:
        op.execute(sa.text(statement))


def downgrade():
    for statement in {back!r}:
        op.execute(sa.text(statement))
"""


def a_source(
    folder: Path, prefix: str, *revisions: tuple[str, ...], back: tuple[str, ...] = ()
) -> MigrationSource:
    """A folder of revisions, each of SQL statements; ``back`` undoes the first."""
    folder.mkdir(parents=True, exist_ok=True)
    down = None
    for number, statements in enumerate(revisions, 1):
        revision = f"{prefix}{number:04}"
        text = _REVISION.format(revision=revision, down=down, up=statements, back=back)
        (folder / f"{revision}.py").write_text(text, encoding="utf-8")
        down = revision
    return MigrationSource(prefix, folder)
