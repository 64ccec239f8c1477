"""Seals follow each other; rows are erased only under the erasing that came last."""

from alembic import op

from teleservices_core.storage.journal_guards import put_guards

revision = "core_0015"
down_revision = "core_0014"

_SQLITE_BEFORE = (
    "DROP TRIGGER core_seals_follow",
    "DROP TRIGGER core_audit_no_delete",
    """
CREATE TRIGGER core_audit_no_delete BEFORE DELETE ON core_audit
WHEN NOT EXISTS (SELECT 1 FROM core_seals WHERE erased_id >= OLD.id)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
)
_POSTGRESQL_BEFORE = (
    "DROP TRIGGER core_seals_follow ON core_seals",
    "DROP FUNCTION core_seals_follow()",
    """
CREATE OR REPLACE FUNCTION core_audit_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF EXISTS (SELECT 1 FROM core_seals WHERE erased_id >= OLD.id) THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the audit trail is append-only';
END $$
""",
)


def upgrade() -> None:
    put_guards(op.get_bind())


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_BEFORE if is_sqlite else _POSTGRESQL_BEFORE:
        op.execute(statement)
