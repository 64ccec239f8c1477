"""Security keys beside the code of a telephone."""

import sqlalchemy as sa
from alembic import op

from teleservices_core.storage.tables import UtcDateTime

revision = "core_0014"
down_revision = "core_0013"


def upgrade() -> None:
    op.add_column("core_sessions", sa.Column("question", sa.LargeBinary(), nullable=True))
    op.add_column("core_sessions", sa.Column("question_at", UtcDateTime(), nullable=True))
    op.create_table(
        "core_security_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("site_id", sa.String(length=255), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signatures", sa.BigInteger(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["core_accounts.id"],
            name=op.f("fk_core_security_keys_account_id_core_accounts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_security_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_core_security_keys_digest")),
    )
    op.create_index("ix_core_security_keys_account_id", "core_security_keys", ["account_id"])


def downgrade() -> None:
    op.drop_table("core_security_keys")
    op.drop_column("core_sessions", "question_at")
    op.drop_column("core_sessions", "question")
