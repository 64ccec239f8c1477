"""The plugin's tables."""

import sqlalchemy as sa
from alembic import op

revision = "fiche_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "fiche_confirmations",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint(
            "student_id", "school_year", "holder_id", "uai", name=op.f("pk_fiche_confirmations")
        ),
    )
    op.create_index(
        op.f("ix_fiche_confirmations_school_year"), "fiche_confirmations", ["school_year"]
    )
    op.create_index(
        op.f("ix_fiche_confirmations_uai_school_year"),
        "fiche_confirmations",
        ["uai", "school_year"],
    )
    op.create_table(
        "fiche_drafts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "account_id", "student_id", "school_year", name=op.f("pk_fiche_drafts")
        ),
    )
    op.create_index(op.f("ix_fiche_drafts_school_year"), "fiche_drafts", ["school_year"])
    op.create_index(op.f("ix_fiche_drafts_student_id"), "fiche_drafts", ["student_id"])
    op.create_table(
        "fiche_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("receipt", sa.String(length=16), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("person_kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=30), nullable=False),
        sa.Column("seen", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("proposed", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("catalogue_version", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("holder_kind", sa.String(length=8), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("passed_straight", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiche_proposals")),
        sa.UniqueConstraint("number", name=op.f("uq_fiche_proposals_number")),
    )
    op.create_index(
        op.f("ix_fiche_proposals_holder_id_student_id"),
        "fiche_proposals",
        ["holder_id", "student_id"],
    )
    op.create_index(
        op.f("ix_fiche_proposals_person_id_state"), "fiche_proposals", ["person_id", "state"]
    )
    op.create_index(op.f("ix_fiche_proposals_receipt"), "fiche_proposals", ["receipt"])
    op.create_index(op.f("ix_fiche_proposals_school_year"), "fiche_proposals", ["school_year"])
    op.create_index(op.f("ix_fiche_proposals_student_id"), "fiche_proposals", ["student_id"])
    op.create_index(
        op.f("ix_fiche_proposals_uai_school_year_state_made_at"),
        "fiche_proposals",
        ["uai", "school_year", "state", "made_at"],
    )
    op.create_index(
        "uq_fiche_proposals_accepted",
        "fiche_proposals",
        ["uai", "person_id", "field"],
        unique=True,
        postgresql_where=sa.text("state = 'accepted'"),
        sqlite_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "uq_fiche_proposals_waiting",
        "fiche_proposals",
        ["uai", "person_id", "field", "holder_id"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "fiche_receipts",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_fiche_receipts")),
    )
    op.create_index(
        op.f("ix_fiche_receipts_holder_id_student_id"),
        "fiche_receipts",
        ["holder_id", "student_id"],
    )
    op.create_index(op.f("ix_fiche_receipts_school_year"), "fiche_receipts", ["school_year"])
    op.create_index(op.f("ix_fiche_receipts_student_id"), "fiche_receipts", ["student_id"])
    op.create_table(
        "fiche_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("person_kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=30), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("holder_kind", sa.String(length=8), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_name", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(length=200), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiche_reports")),
    )
    op.create_index(
        op.f("ix_fiche_reports_holder_id_student_id"), "fiche_reports", ["holder_id", "student_id"]
    )
    op.create_index(op.f("ix_fiche_reports_school_year"), "fiche_reports", ["school_year"])
    op.create_index(op.f("ix_fiche_reports_student_id"), "fiche_reports", ["student_id"])
    op.create_index(
        op.f("ix_fiche_reports_uai_school_year_closed_at"),
        "fiche_reports",
        ["uai", "school_year", "closed_at"],
    )
    op.create_table(
        "fiche_rounds",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("reminders", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("uai", "school_year", name=op.f("pk_fiche_rounds")),
    )


def downgrade() -> None:
    op.drop_table("fiche_rounds")
    op.drop_table("fiche_reports")
    op.drop_table("fiche_receipts")
    op.drop_table("fiche_proposals")
    op.drop_table("fiche_drafts")
    op.drop_table("fiche_confirmations")
