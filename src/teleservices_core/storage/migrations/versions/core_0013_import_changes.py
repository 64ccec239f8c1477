"""What an import did to rows, so that it can be taken back."""

import sqlalchemy as sa
from alembic import op

from teleservices_core.storage.tables import UtcDateTime

revision = "core_0013"
down_revision = "core_0012"


def upgrade() -> None:
    op.add_column("core_imports", sa.Column("undone_at", UtcDateTime(), nullable=True))
    op.add_column(
        "core_imports",
        sa.Column("undone_by", sa.String(length=200), server_default="", nullable=False),
    )
    op.create_table(
        "core_import_changes",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("digest", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_core_import_changes")),
    )


def downgrade() -> None:
    op.drop_table("core_import_changes")
    op.drop_column("core_imports", "undone_by")
    op.drop_column("core_imports", "undone_at")
