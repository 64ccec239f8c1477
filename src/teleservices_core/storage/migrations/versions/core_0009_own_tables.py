"""Remember which tables migrations made: others of a host may begin alike."""

import sqlalchemy as sa
from alembic import op

revision = "core_0009"
down_revision = "core_0008"


def upgrade() -> None:
    op.create_table(
        "core_own_tables",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("prefix", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_core_own_tables"),
    )


def downgrade() -> None:
    op.drop_table("core_own_tables")
