"""Deltas carried to the school base, and reminders that have left."""

import sqlalchemy as sa
from alembic import op

revision = "fiche_0002"
down_revision = "fiche_0001"


def upgrade() -> None:
    op.create_table(
        "fiche_batches",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uai", "number", name="pk_fiche_batches"),
    )
    op.create_table(
        "fiche_reminders",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("uai", "school_year", "day", name="pk_fiche_reminders"),
    )
    op.create_index("ix_fiche_proposals_uai_batch", "fiche_proposals", ["uai", "batch"])


def downgrade() -> None:
    op.drop_index("ix_fiche_proposals_uai_batch", "fiche_proposals")
    op.drop_table("fiche_reminders")
    op.drop_table("fiche_batches")
