"""Seal the journal; refuse what the first triggers let through."""

import sqlalchemy as sa
from alembic import op

revision = "core_0008"
down_revision = "core_0007"

_SQLITE = (
    # A row replaced in an INSERT is not deleted for the triggers of DELETE, and it may
    # be found by its hidden number too.
    """
CREATE TRIGGER core_audit_no_replace BEFORE INSERT ON core_audit
WHEN EXISTS (SELECT 1 FROM core_audit WHERE id = NEW.id OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
    "DROP TRIGGER core_audit_no_delete",
    """
CREATE TRIGGER core_audit_no_delete BEFORE DELETE ON core_audit
WHEN NOT EXISTS (SELECT 1 FROM core_seals WHERE erased_id >= OLD.id)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
    """
CREATE TRIGGER core_seals_no_replace BEFORE INSERT ON core_seals
WHEN EXISTS (SELECT 1 FROM core_seals WHERE number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
    """
CREATE TRIGGER core_seals_no_update BEFORE UPDATE ON core_seals
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
    """
CREATE TRIGGER core_seals_no_delete BEFORE DELETE ON core_seals
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
)
_POSTGRESQL = (
    """
CREATE FUNCTION core_audit_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF EXISTS (SELECT 1 FROM core_seals WHERE erased_id >= OLD.id) THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the audit trail is append-only';
END $$
""",
    "DROP TRIGGER core_audit_append_only ON core_audit",
    """
CREATE TRIGGER core_audit_append_only BEFORE UPDATE ON core_audit
FOR EACH ROW EXECUTE FUNCTION core_audit_refuse()
""",
    """
CREATE TRIGGER core_audit_no_delete BEFORE DELETE ON core_audit
FOR EACH ROW EXECUTE FUNCTION core_audit_refuse_delete()
""",
    # A machine whose clock is late writes after the seal all the same.
    """
CREATE FUNCTION core_audit_redate() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE bound text; ms bigint;
BEGIN
  SELECT closed INTO bound FROM core_seals ORDER BY number DESC LIMIT 1;
  IF bound IS NOT NULL AND replace(NEW.id::text, '-', '') COLLATE "C" <= bound THEN
    ms := greatest(
      (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
      ('x' || substr(bound, 1, 12))::bit(48)::bigint + 1
    );
    NEW.id := (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8'
      || substr(md5(NEW.id::text), 1, 15))::uuid;
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER core_audit_redate BEFORE INSERT ON core_audit
FOR EACH ROW EXECUTE FUNCTION core_audit_redate()
""",
    """
CREATE TRIGGER core_audit_no_truncate BEFORE TRUNCATE ON core_audit
FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse()
""",
    """
CREATE TRIGGER core_seals_append_only BEFORE UPDATE OR DELETE ON core_seals
FOR EACH ROW EXECUTE FUNCTION core_audit_refuse()
""",
    """
CREATE TRIGGER core_seals_no_truncate BEFORE TRUNCATE ON core_seals
FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse()
""",
)
_SQLITE_BEFORE = (
    "DROP TRIGGER core_audit_no_replace",
    "DROP TRIGGER core_audit_no_delete",
    """
CREATE TRIGGER core_audit_no_delete BEFORE DELETE ON core_audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END
""",
)
_POSTGRESQL_BEFORE = (
    "DROP TRIGGER core_audit_redate ON core_audit",
    "DROP FUNCTION core_audit_redate()",
    "DROP TRIGGER core_audit_no_truncate ON core_audit",
    "DROP TRIGGER core_audit_no_delete ON core_audit",
    "DROP TRIGGER core_audit_append_only ON core_audit",
    """
CREATE TRIGGER core_audit_append_only BEFORE UPDATE OR DELETE ON core_audit
FOR EACH ROW EXECUTE FUNCTION core_audit_refuse()
""",
    "DROP FUNCTION core_audit_refuse_delete()",
)


def upgrade() -> None:
    op.create_table(
        "core_seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed", sa.String(length=32), nullable=False),
        sa.Column("open", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.Column("erased_to", sa.Integer(), nullable=True),
        sa.Column("erased_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_core_seals")),
    )
    for statement in _SQLITE if _is_sqlite() else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for statement in _SQLITE_BEFORE if _is_sqlite() else _POSTGRESQL_BEFORE:
        op.execute(statement)
    op.drop_table("core_seals")


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
