"""The triggers of the journal as they should stand: their one definition.

The newest migration that touches them puts them there, ``migrate`` puts back one that has
gone, and checks compare what stands with them. To change one, change it here and add a
migration that calls :func:`.journal_guards.put_guards`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

GUARDED: Final = ("core_audit", "core_seals")
"""The tables that have them."""
_SAID: Final = "'the audit trail is append-only'"
_UNFOLLOWING: Final = "'a seal of the audit trail follows the one before it'"


@frozen
class Trigger:
    """A trigger that stands on a table."""

    name: str
    table: str
    sql: str
    """Word for word as the database says it again, but for white space."""


def _sqlite(name: str, event: str, table: str, when: str = "", said: str = _SAID) -> Trigger:
    condition = f"WHEN {when} " if when else ""
    body = f"{condition}BEGIN SELECT RAISE(ABORT, {said}); END"
    return Trigger(name, table, f"CREATE TRIGGER {name} BEFORE {event} ON {table} {body}")


def _postgresql(name: str, events: str, table: str, function: str, each: str = "ROW") -> Trigger:
    what = f"FOR EACH {each} EXECUTE FUNCTION {function}()"
    return Trigger(name, table, f"CREATE TRIGGER {name} BEFORE {events} ON {table} {what}")


SQLITE: Final = (
    # A row replaced in an INSERT is not deleted for the triggers of DELETE, and it may
    # be found by its hidden number too.
    _sqlite(
        "core_audit_no_replace",
        "INSERT",
        "core_audit",
        "EXISTS (SELECT 1 FROM core_audit WHERE id = NEW.id OR rowid = NEW.rowid)",
    ),
    _sqlite("core_audit_no_UPDATE", "UPDATE", "core_audit"),
    # Only what is about people, and only until the seal that comes after the erasing.
    _sqlite(
        "core_audit_no_delete",
        "DELETE",
        "core_audit",
        "OLD.subject_id IS NULL OR NOT EXISTS (SELECT 1 FROM core_seals WHERE "
        "number = (SELECT max(number) FROM core_seals) AND erased_id >= OLD.id)",
    ),
    _sqlite(
        "core_seals_no_replace",
        "INSERT",
        "core_seals",
        "EXISTS (SELECT 1 FROM core_seals WHERE number = NEW.number)",
    ),
    _sqlite(
        "core_seals_follow",
        "INSERT",
        "core_seals",
        "NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM core_seals) "
        "OR EXISTS (SELECT 1 FROM core_seals WHERE closed > NEW.closed) "
        "OR (NEW.erased_to IS NULL) <> (NEW.erased_id IS NULL) "
        "OR NEW.erased_to IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM core_seals s WHERE s.number = NEW.erased_to "
        "AND julianday(NEW.at) - julianday(s.at) >= 180 "
        "AND (NEW.erased_id = s.closed "
        "OR EXISTS (SELECT 1 FROM json_each(s.open) WHERE value = NEW.erased_id)))",
        _UNFOLLOWING,
    ),
    _sqlite("core_seals_no_update", "UPDATE", "core_seals"),
    _sqlite("core_seals_no_delete", "DELETE", "core_seals"),
)
POSTGRESQL: Final = (
    _postgresql("core_audit_append_only", "UPDATE", "core_audit", "core_audit_refuse"),
    _postgresql("core_audit_no_delete", "DELETE", "core_audit", "core_audit_refuse_delete"),
    _postgresql("core_audit_redate", "INSERT", "core_audit", "core_audit_redate"),
    _postgresql(
        "core_audit_no_truncate", "TRUNCATE", "core_audit", "core_audit_refuse", "STATEMENT"
    ),
    _postgresql("core_seals_append_only", "DELETE OR UPDATE", "core_seals", "core_audit_refuse"),
    _postgresql("core_seals_follow", "INSERT", "core_seals", "core_seals_follow"),
    _postgresql(
        "core_seals_no_truncate", "TRUNCATE", "core_seals", "core_audit_refuse", "STATEMENT"
    ),
)
FUNCTIONS: Final[Mapping[str, str]] = {
    "core_audit_refuse": f"BEGIN RAISE EXCEPTION {_SAID}; END",
    # As on SQLite.
    "core_audit_refuse_delete": f"""
BEGIN
  IF OLD.subject_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM core_seals
    WHERE number = (SELECT max(number) FROM core_seals) AND erased_id >= OLD.id
  ) THEN RETURN OLD; END IF;
  RAISE EXCEPTION {_SAID};
END
""",  # noqa: S608 - its own
    # A machine whose clock is late writes after the seal all the same.
    "core_audit_redate": """
DECLARE bound text; ms bigint;
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
END
""",
    # Who comes second with a number is told so by the primary key.
    "core_seals_follow": f"""
BEGIN
  IF EXISTS (SELECT 1 FROM core_seals WHERE number = NEW.number) THEN RETURN NEW; END IF;
  IF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM core_seals)
    OR EXISTS (SELECT 1 FROM core_seals WHERE closed COLLATE "C" > NEW.closed)
    OR (NEW.erased_to IS NULL) <> (NEW.erased_id IS NULL)
    OR NEW.erased_to IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM core_seals s WHERE s.number = NEW.erased_to
      AND NEW.at - s.at >= interval '180 days'
      AND (replace(NEW.erased_id::text, '-', '') = s.closed OR EXISTS (
        SELECT 1 FROM json_array_elements_text(s.open) o
        WHERE o = replace(NEW.erased_id::text, '-', '')))
    )
  THEN RAISE EXCEPTION {_UNFOLLOWING}; END IF;
  RETURN NEW;
END
""",  # noqa: S608 - its own
}
"""By name, the bodies of the functions that the triggers of PostgreSQL run."""
