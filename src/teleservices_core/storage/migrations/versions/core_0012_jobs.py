"""Long works that the worker does: asked, done step by step, their results kept a while."""

import sqlalchemy as sa
from alembic import op

from teleservices_core.storage.tables import UtcDateTime

revision = "core_0012"
down_revision = "core_0011"

OPEN = "state IN ('asked', 'running')"


def upgrade() -> None:
    op.create_table(
        "core_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("about", sa.String(60), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_name", sa.String(200), server_default="", nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("memo", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("is_to_stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_jobs")),
    )
    op.create_index(
        "uq_core_jobs_open",
        "core_jobs",
        ["kind", "about"],
        unique=True,
        sqlite_where=sa.text(OPEN),
        postgresql_where=sa.text(OPEN),
    )
    op.create_index(op.f("ix_core_jobs_asked_by_asked_at"), "core_jobs", ["asked_by", "asked_at"])
    op.create_index(op.f("ix_core_jobs_ended_at"), "core_jobs", ["ended_at"])
    op.create_table(
        "core_job_parts",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["core_jobs.id"],
            name=op.f("fk_core_job_parts_job_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("job_id", "position", name=op.f("pk_core_job_parts")),
    )
    op.create_table(
        "core_heartbeats",
        sa.Column("number", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_core_heartbeats")),
    )


def downgrade() -> None:
    op.drop_table("core_heartbeats")
    op.drop_table("core_job_parts")
    op.drop_table("core_jobs")
