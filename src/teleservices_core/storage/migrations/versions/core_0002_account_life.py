"""The whole life of an account: devices, host identities, grouping, corrections, closing."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "core_0002"
down_revision = "core_0001"


def _at(name: str, *, nullable: bool = True) -> "sa.Column[Any]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int) -> "sa.Column[Any]":
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


_ADDED: "tuple[tuple[str, sa.Column[Any]], ...]" = (
    ("core_accounts", _at("issued_at")),
    ("core_accounts", _at("claimed_at")),
    ("core_accounts", _at("password_at")),
    ("core_accounts", _at("warned_at")),
    (
        "core_accounts",
        sa.Column("must_renew", sa.Boolean(), nullable=False, server_default=sa.false()),
    ),
    (
        "core_responsibilities",
        sa.Column("is_barred", sa.Boolean(), nullable=False, server_default=sa.false()),
    ),
    ("core_letters", _at("handed_at")),
    ("core_letters", _text("handed_by", 200)),
    ("core_sessions", sa.Column("identity_hash", sa.String(64))),
    ("core_sessions", sa.Column("device_hash", sa.String(64))),
    ("core_outbox", sa.Column("account_id", sa.Uuid())),
    ("core_throttles", sa.Column("account_id", sa.Uuid())),
    ("core_throttles", sa.Column("epoch", sa.Integer(), nullable=False, server_default="0")),
    ("core_audit", _text("role", 20)),
    ("core_outbox", _at("dropped_at")),
)
_PARTIAL = (
    ("ix_core_accounts_issued", "core_accounts", "issued_at", "state = 'issued'"),
    ("ix_core_accounts_claimed", "core_accounts", "claimed_at", "state = 'claimed'"),
    (
        "ix_core_outbox_waiting",
        "core_outbox",
        "due_at",
        "sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL",
    ),
)


def upgrade() -> None:
    for table, column in _ADDED:
        op.add_column(table, column)
    op.create_index(
        "ix_core_accounts_state_last_used_at", "core_accounts", ["state", "last_used_at"]
    )
    op.create_index("ix_core_accounts_pending_email", "core_accounts", ["pending_email"])
    op.create_index("ix_core_outbox_account_id", "core_outbox", ["account_id"])
    op.create_index("ix_core_throttles_account_id", "core_throttles", ["account_id"])
    op.create_index("ix_core_outbox_created_at", "core_outbox", ["created_at"])
    op.create_index("ix_core_tokens_expires_at", "core_tokens", ["expires_at"])
    for name, table, indexed, where in _PARTIAL:
        condition = sa.text(where)
        op.create_index(name, table, [indexed], postgresql_where=condition, sqlite_where=condition)
    op.drop_index("ix_core_outbox_due", "core_outbox")
    _first_letters()
    op.create_table(
        "core_devices",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _text("label", 60),
        _at("first_at", nullable=False),
        _at("last_at", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name="fk_core_devices_account_id"
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name="pk_core_devices"),
    )
    op.create_table(
        "core_identities",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        _at("linked_at", nullable=False),
        _at("seen_at", nullable=False),
        _at("unlinked_at"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name="fk_core_identities_account_id"
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_core_identities"),
    )
    op.create_index("ix_core_identities_account_id", "core_identities", ["account_id"])
    op.create_table(
        "core_groupings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("person_ids", sa.JSON(), nullable=False),
        _at("at", nullable=False),
        _at("until_at", nullable=False),
        _at("undone_at"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name="fk_core_groupings_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["core_accounts.id"], name="fk_core_groupings_other_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_groupings"),
    )
    op.create_index("ix_core_groupings_account_id", "core_groupings", ["account_id"])
    op.create_index("ix_core_groupings_other_id", "core_groupings", ["other_id"])
    op.create_table(
        "core_link_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("adult_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        _at("at", nullable=False),
        _at("handled_at"),
        _text("handled_by", 200),
        sa.ForeignKeyConstraint(
            ["account_id"], ["core_accounts.id"], name="fk_core_link_reports_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_core_link_reports"),
    )
    op.create_index("ix_core_link_reports_student_id", "core_link_reports", ["student_id"])
    op.create_index("ix_core_link_reports_account_id", "core_link_reports", ["account_id"])
    op.create_table(
        "core_lifecycle_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        _at("at", nullable=False),
        _at("finished_at"),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_core_lifecycle_runs"),
    )
    op.create_index("ix_core_lifecycle_runs_at", "core_lifecycle_runs", ["at"])
    op.create_table(
        "core_cut_plugins",
        sa.Column("plugin", sa.String(60), nullable=False),
        _at("at", nullable=False),
        _text("set_by", 200),
        _text("reason", 300),
        sa.PrimaryKeyConstraint("plugin", name="pk_core_cut_plugins"),
    )


def _first_letters() -> None:
    # Accounts of before: the time to claim runs from the first letter still known.
    op.execute(
        "UPDATE core_accounts SET issued_at = (SELECT MIN(issued_at) FROM core_letters"
        " WHERE core_letters.account_id = core_accounts.id)"
    )
    op.execute(
        "UPDATE core_accounts SET claimed_at = (SELECT MAX(used_at) FROM core_letters"
        " WHERE core_letters.account_id = core_accounts.id)"
    )
    op.execute("UPDATE core_accounts SET password_at = claimed_at WHERE password_hash IS NOT NULL")


def downgrade() -> None:
    for name in (
        "core_cut_plugins",
        "core_lifecycle_runs",
        "core_link_reports",
        "core_groupings",
        "core_identities",
        "core_devices",
    ):
        op.drop_table(name)
    op.create_index("ix_core_outbox_due", "core_outbox", ["sent_at", "failed_at", "due_at"])
    for name, table, _column, _where in _PARTIAL:
        op.drop_index(name, table)
    op.drop_index("ix_core_tokens_expires_at", "core_tokens")
    op.drop_index("ix_core_outbox_created_at", "core_outbox")
    op.drop_index("ix_core_outbox_account_id", "core_outbox")
    op.drop_index("ix_core_throttles_account_id", "core_throttles")
    op.drop_index("ix_core_accounts_pending_email", "core_accounts")
    op.drop_index("ix_core_accounts_state_last_used_at", "core_accounts")
    with op.batch_alter_table("core_outbox") as outbox:
        outbox.drop_column("account_id")
        outbox.drop_column("dropped_at")
    for table, added in _ADDED:
        if table != "core_outbox":
            op.drop_column(table, added.name)
