"""A second factor beside the password of staff."""

import sqlalchemy as sa
from alembic import op

revision = "core_0011"
down_revision = "core_0010"


def upgrade() -> None:
    op.add_column("core_accounts", sa.Column("factor_since", sa.DateTime(timezone=True)))
    op.add_column("core_sessions", sa.Column("factor_at", sa.DateTime(timezone=True)))
    op.create_table(
        "core_authenticators",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.String(300), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_period", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["core_accounts.id"],
            name="fk_core_authenticators_account_id_core_accounts",
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_core_authenticators"),
    )
    op.create_table(
        "core_recovery_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["core_accounts.id"],
            name="fk_core_recovery_codes_account_id_core_accounts",
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name="pk_core_recovery_codes"),
    )


def downgrade() -> None:
    op.drop_table("core_recovery_codes")
    op.drop_table("core_authenticators")
    op.drop_column("core_sessions", "factor_at")
    op.drop_column("core_accounts", "factor_since")
