"""The core's tables."""

import sqlalchemy as sa
from alembic import op

revision = "core_0001"
down_revision = None

_REFUSE_SQLITE = """
CREATE TRIGGER core_audit_no_{verb} BEFORE {verb} ON core_audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
"""
_REFUSE_POSTGRESQL = """
CREATE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$;
CREATE TRIGGER core_audit_append_only BEFORE UPDATE OR DELETE ON core_audit
FOR EACH ROW EXECUTE FUNCTION core_audit_refuse()
"""


def upgrade() -> None:
    op.create_table(
        "core_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("login_name", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("display_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("pending_email", sa.String(length=254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_accounts")),
        sa.UniqueConstraint("login_name", name=op.f("uq_core_accounts_login_name")),
    )
    op.create_index(op.f("ix_core_accounts_email"), "core_accounts", ["email"], unique=False)
    op.create_table(
        "core_adults",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=10), server_default="", nullable=False),
        sa.Column("last_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("usage_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("first_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("email", sa.String(length=254), server_default="", nullable=False),
        sa.Column("mobile", sa.String(length=30), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=30), server_default="", nullable=False),
        sa.Column("address_lines", sa.String(length=300), server_default="", nullable=False),
        sa.Column("postal_code", sa.String(length=10), server_default="", nullable=False),
        sa.Column("town", sa.String(length=100), server_default="", nullable=False),
        sa.Column("country", sa.String(length=60), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_adults")),
    )
    op.create_table(
        "core_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=200), server_default="", nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("uai", sa.String(length=8), server_default="", nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit")),
    )
    op.create_index(op.f("ix_core_audit_subject_id"), "core_audit", ["subject_id"], unique=False)
    op.create_index(op.f("ix_core_audit_uai_at"), "core_audit", ["uai", "at"], unique=False)
    op.create_table(
        "core_campaigns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("module_id", sa.String(length=31), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("title", sa.String(length=100), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_campaigns")),
    )
    op.create_index(
        op.f("ix_core_campaigns_school_year_scope"),
        "core_campaigns",
        ["school_year", "scope"],
        unique=False,
    )
    op.create_table(
        "core_establishments",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=20), server_default="", nullable=False),
        sa.Column("town", sa.String(length=100), server_default="", nullable=False),
        sa.Column("address_lines", sa.String(length=300), server_default="", nullable=False),
        sa.Column("postal_code", sa.String(length=10), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=30), server_default="", nullable=False),
        sa.Column("email", sa.String(length=254), server_default="", nullable=False),
        sa.Column("takes_part", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_core_establishments")),
    )
    op.create_table(
        "core_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), server_default="", nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_imports")),
    )
    op.create_index(op.f("ix_core_imports_uai_at"), "core_imports", ["uai", "at"], unique=False)
    op.create_table(
        "core_nomenclature",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("short_label", sa.String(length=100), server_default="", nullable=False),
        sa.Column("long_label", sa.String(length=200), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("uai", "kind", "code", name=op.f("pk_core_nomenclature")),
    )
    op.create_table(
        "core_openings",
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("module_id", sa.String(length=31), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("audience", sa.String(length=10), nullable=False),
        sa.Column("stance", sa.String(length=10), nullable=False),
        sa.Column("set_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "scope", "module_id", "school_year", "audience", name=op.f("pk_core_openings")
        ),
    )
    op.create_table(
        "core_outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("to_address", sa.String(length=254), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_outbox")),
    )
    op.create_index(
        "ix_core_outbox_due", "core_outbox", ["sent_at", "failed_at", "due_at"], unique=False
    )
    op.create_table(
        "core_siecle_keys",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("siecle_id", sa.String(length=20), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("uai", "kind", "siecle_id", name=op.f("pk_core_siecle_keys")),
    )
    op.create_index(
        op.f("ix_core_siecle_keys_entity_id"), "core_siecle_keys", ["entity_id"], unique=False
    )
    op.create_table(
        "core_staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=10), server_default="", nullable=False),
        sa.Column("last_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("first_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_core_staff_email")),
    )
    op.create_table(
        "core_students",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ine", sa.String(length=11), nullable=True),
        sa.Column("last_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("usage_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("first_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("sex", sa.String(length=1), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_students")),
        sa.UniqueConstraint("ine", name=op.f("uq_core_students_ine")),
    )
    op.create_table(
        "core_throttles",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_core_throttles")),
    )
    op.create_table(
        "core_account_holders",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name=op.f("fk_core_account_holders_account_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_core_account_holders")),
    )
    op.create_index(
        op.f("ix_core_account_holders_account_id"),
        "core_account_holders",
        ["account_id"],
        unique=False,
    )
    op.create_table(
        "core_assignments",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["core_staff.id"], name=op.f("fk_core_assignments_staff_id")
        ),
        sa.PrimaryKeyConstraint("staff_id", "role", "scope", name=op.f("pk_core_assignments")),
    )
    op.create_index(op.f("ix_core_assignments_scope"), "core_assignments", ["scope"], unique=False)
    op.create_table(
        "core_class_groups",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=8), server_default="", nullable=False),
        sa.Column("label", sa.String(length=100), server_default="", nullable=False),
        sa.Column("mef", sa.String(length=11), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["uai"], ["core_establishments.uai"], name=op.f("fk_core_class_groups_uai")
        ),
        sa.PrimaryKeyConstraint("uai", "school_year", "code", name=op.f("pk_core_class_groups")),
    )
    op.create_table(
        "core_letters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), server_default="", nullable=False),
        sa.Column("code_hash", sa.String(length=200), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name=op.f("fk_core_letters_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_letters")),
    )
    op.create_index(
        op.f("ix_core_letters_account_id_issued_at"),
        "core_letters",
        ["account_id", "issued_at"],
        unique=False,
    )
    op.create_table(
        "core_quarantine",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=200), server_default="", nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("element", sa.String(length=60), server_default="", nullable=False),
        sa.Column("key", sa.String(length=60), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["core_imports.id"], name=op.f("fk_core_quarantine_import_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "position", name=op.f("pk_core_quarantine")),
    )
    op.create_table(
        "core_responsibilities",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("kinship", sa.String(length=2), server_default="", nullable=False),
        sa.Column("pays_fees", sa.Boolean(), nullable=False),
        sa.Column("receives_aid", sa.Boolean(), nullable=False),
        sa.Column("lodges", sa.Boolean(), nullable=False),
        sa.Column("contact_first", sa.Boolean(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("uai", sa.String(length=8), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["adult_id"], ["core_adults.id"], name=op.f("fk_core_responsibilities_adult_id")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"], ["core_students.id"], name=op.f("fk_core_responsibilities_student_id")
        ),
        sa.PrimaryKeyConstraint("student_id", "adult_id", name=op.f("pk_core_responsibilities")),
    )
    op.create_index(
        op.f("ix_core_responsibilities_adult_id"),
        "core_responsibilities",
        ["adult_id"],
        unique=False,
    )
    op.create_table(
        "core_schoolings",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("school_year", sa.SmallInteger(), nullable=False),
        sa.Column("class_group", sa.String(length=20), server_default="", nullable=False),
        sa.Column("mef", sa.String(length=11), server_default="", nullable=False),
        sa.Column("status", sa.String(length=2), server_default="", nullable=False),
        sa.Column("boarding", sa.String(length=2), server_default="", nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["student_id"], ["core_students.id"], name=op.f("fk_core_schoolings_student_id")
        ),
        sa.ForeignKeyConstraint(
            ["uai"], ["core_establishments.uai"], name=op.f("fk_core_schoolings_uai")
        ),
        sa.PrimaryKeyConstraint(
            "student_id", "uai", "school_year", name=op.f("pk_core_schoolings")
        ),
    )
    op.create_index(
        op.f("ix_core_schoolings_uai_school_year_class_group"),
        "core_schoolings",
        ["uai", "school_year", "class_group"],
        unique=False,
    )
    op.create_table(
        "core_sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(length=60), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name=op.f("fk_core_sessions_account_id")
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_core_sessions")),
    )
    op.create_index(
        op.f("ix_core_sessions_account_id"), "core_sessions", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_core_sessions_expires_at"), "core_sessions", ["expires_at"], unique=False
    )
    op.create_table(
        "core_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=254), server_default="", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name=op.f("fk_core_tokens_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_core_tokens_digest")),
    )
    op.create_index(op.f("ix_core_tokens_account_id"), "core_tokens", ["account_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_REFUSE_SQLITE.format(verb="UPDATE"))
        op.execute(_REFUSE_SQLITE.format(verb="DELETE"))
    else:
        op.execute(_REFUSE_POSTGRESQL)


def downgrade() -> None:
    op.drop_table("core_tokens")
    op.drop_table("core_sessions")
    op.drop_table("core_schoolings")
    op.drop_table("core_responsibilities")
    op.drop_table("core_quarantine")
    op.drop_table("core_letters")
    op.drop_table("core_class_groups")
    op.drop_table("core_assignments")
    op.drop_table("core_account_holders")
    op.drop_table("core_throttles")
    op.drop_table("core_students")
    op.drop_table("core_staff")
    op.drop_table("core_siecle_keys")
    op.drop_table("core_outbox")
    op.drop_table("core_openings")
    op.drop_table("core_nomenclature")
    op.drop_table("core_imports")
    op.drop_table("core_establishments")
    op.drop_table("core_campaigns")
    op.drop_table("core_audit")
    op.drop_table("core_adults")
    op.drop_table("core_accounts")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION core_audit_refuse()")
