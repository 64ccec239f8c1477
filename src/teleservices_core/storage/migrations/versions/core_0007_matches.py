"""Persons who may be one wait for somebody's answer."""

import sqlalchemy as sa
from alembic import op

revision = "core_0007"
down_revision = "core_0006"

_OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "core_matches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("other_uai", sa.String(8), nullable=False, server_default=""),
        sa.Column("older_id", sa.Uuid(), nullable=False),
        sa.Column("newer_id", sa.Uuid(), nullable=False),
        sa.Column("agreeing", sa.JSON(), nullable=False),
        sa.Column("differing", sa.JSON(), nullable=False),
        sa.Column("identities", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("postponed_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_by", sa.String(200), nullable=False, server_default=""),
        sa.Column("moved", sa.JSON()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_core_matches"),
        sa.UniqueConstraint("older_id", "newer_id", name="uq_core_matches_older_id_newer_id"),
    )
    op.create_index("ix_core_matches_newer_id", "core_matches", ["newer_id"])
    op.create_index("ix_core_matches_uai_state", "core_matches", ["uai", "state"])
    op.create_index(
        "ix_core_matches_open",
        "core_matches",
        ["asked_at"],
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_table("core_matches")
