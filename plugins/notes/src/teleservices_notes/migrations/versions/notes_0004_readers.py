"""What readers know of marks, and how often they want to be written to."""

import sqlalchemy as sa
from alembic import op

revision = "notes_0004"
down_revision = "notes_0003"


def upgrade() -> None:
    op.create_table(
        "notes_readers",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint(
            "student_id", "account_id", "school_year", name=op.f("pk_notes_readers")
        ),
    )
    for names in (["account_id"], ["school_year"]):
        op.create_index(op.f(f"ix_notes_readers_{'_'.join(names)}"), "notes_readers", names)
    op.create_table(
        "notes_digests",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("frequency", sa.String(10), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_notes_digests")),
    )
    op.create_index(op.f("ix_notes_digests_due_at"), "notes_digests", ["due_at"])


def downgrade() -> None:
    op.drop_table("notes_digests")
    op.drop_table("notes_readers")
