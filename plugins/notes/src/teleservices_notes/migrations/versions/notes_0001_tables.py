"""The plugin's tables."""

import sqlalchemy as sa
from alembic import op

revision = "notes_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "notes_assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("class_group", sa.String(length=20), nullable=False),
        sa.Column("subject_code", sa.String(length=20), nullable=False),
        sa.Column("subject_label", sa.String(length=100), nullable=False),
        sa.Column("teacher", sa.String(length=100), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("out_of", sa.Integer(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("is_optional", sa.Boolean(), nullable=False),
        sa.Column("publish_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes_assessments")),
    )
    op.create_table(
        "notes_marks",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=13), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["notes_assessments.id"],
            name=op.f("fk_notes_marks_assessment_id"),
        ),
        sa.PrimaryKeyConstraint("student_id", "assessment_id", name=op.f("pk_notes_marks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notes_settings",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("uai", "school_year", name=op.f("pk_notes_settings")),
    )


def downgrade() -> None:
    op.drop_table("notes_settings")
    op.drop_table("notes_marks")
    op.drop_table("notes_assessments")
