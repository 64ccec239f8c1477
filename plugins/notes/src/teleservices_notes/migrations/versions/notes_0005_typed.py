"""Marks typed in a page whose session had ended, until their author signs in again."""

import sqlalchemy as sa
from alembic import op

revision = "notes_0005"
down_revision = "notes_0004"


def upgrade() -> None:
    op.create_table(
        "notes_typed",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "assessment_id", "student_id", name=op.f("pk_notes_typed")
        ),
    )
    for names in (["student_id"], ["typed_at"]):
        op.create_index(op.f(f"ix_notes_typed_{'_'.join(names)}"), "notes_typed", names)


def downgrade() -> None:
    op.drop_table("notes_typed")
