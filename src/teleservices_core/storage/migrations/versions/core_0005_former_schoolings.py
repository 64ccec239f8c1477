"""What the school base says of a student's year, for the files that go back to it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "core_0005"
down_revision = "core_0004"


def _added() -> "tuple[sa.Column[Any], ...]":
    def text(name: str, length: int) -> "sa.Column[Any]":
        return sa.Column(name, sa.String(length), nullable=False, server_default="")

    return (
        sa.Column("repeats", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("uses_transport", sa.Boolean(), nullable=False, server_default=sa.false()),
        text("former_uai", 8),
        text("former_mef", 11),
        text("former_class_group", 20),
        text("origin", 2),
    )


def upgrade() -> None:
    for column in _added():
        op.add_column("core_schoolings", column)


def downgrade() -> None:
    for column in _added():
        op.drop_column("core_schoolings", column.name)
