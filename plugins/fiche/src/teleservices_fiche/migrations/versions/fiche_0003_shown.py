"""What who proposed had read, where an accepted change was in force before the school base's."""

import sqlalchemy as sa
from alembic import op

revision = "fiche_0003"
down_revision = "fiche_0002"


def upgrade() -> None:
    op.add_column("fiche_proposals", sa.Column("shown", sa.JSON(none_as_null=True)))
    op.execute("UPDATE fiche_proposals SET shown = seen")


def downgrade() -> None:
    op.drop_column("fiche_proposals", "shown")
