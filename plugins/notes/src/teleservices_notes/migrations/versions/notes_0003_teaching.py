"""Who teaches what to which class, and the imports of an establishment with what they left out."""

import sqlalchemy as sa
from alembic import op

revision = "notes_0003"
down_revision = "notes_0002"


def upgrade() -> None:
    op.create_table(
        "notes_services",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("class_group", sa.String(20), nullable=False),
        sa.Column("subject_code", sa.String(20), nullable=False),
        sa.Column("teacher", sa.String(100), nullable=False),
        sa.Column("subject_label", sa.String(100), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint(
            "uai",
            "school_year",
            "class_group",
            "subject_code",
            "teacher",
            name=op.f("pk_notes_services"),
        ),
    )
    op.create_table(
        "notes_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(100), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes_imports")),
    )
    op.create_index(op.f("ix_notes_imports_uai_started_at"), "notes_imports", ["uai", "started_at"])
    op.create_table(
        "notes_import_faults",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["notes_imports.id"],
            name=op.f("fk_notes_import_faults_import_id"),
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_notes_import_faults")),
    )
    op.create_table(
        "notes_uploads",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["notes_imports.id"],
            name=op.f("fk_notes_uploads_import_id"),
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_notes_uploads")),
    )


def downgrade() -> None:
    for table in ("notes_uploads", "notes_import_faults", "notes_imports", "notes_services"):
        op.drop_table(table)
