"""Find the acts that opened or closed modules among all others."""

import sqlalchemy as sa
from alembic import op

revision = "core_0006"
down_revision = "core_0005"

_DECIDES = sa.text(
    "action IN ('module.open', 'module.closed', 'module.allowed', 'module.imposed', "
    "'module.forbidden', 'module.inherited', 'campaign.added', 'campaign.changed', "
    "'campaign.cancelled', 'establishment.joined', 'establishment.left', 'plugin.cut', "
    "'plugin.restored')"
)


def upgrade() -> None:
    op.create_index(
        "ix_core_audit_decides",
        "core_audit",
        ["uai", "at"],
        postgresql_where=_DECIDES,
        sqlite_where=_DECIDES,
    )


def downgrade() -> None:
    op.drop_index("ix_core_audit_decides", "core_audit")
