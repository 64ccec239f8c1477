"""Which site a database is of, and how many times it was restored."""

import sqlalchemy as sa
from alembic import op

revision = "core_0010"
down_revision = "core_0009"


def upgrade() -> None:
    op.create_table(
        "core_site",
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_core_site")),
    )


def downgrade() -> None:
    op.drop_table("core_site")
