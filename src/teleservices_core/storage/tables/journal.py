"""The audit trail, the mails to send, and imports."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    text,
)

from teleservices_core.storage.tables.base import (
    count,
    key,
    metadata,
    moment,
    partial_index,
    reference,
    string,
)

DECIDES = (
    "action IN ('module.open', 'module.closed', 'module.allowed', 'module.imposed', "
    "'module.forbidden', 'module.inherited', 'campaign.added', 'campaign.changed', "
    "'campaign.cancelled', 'establishment.joined', 'establishment.left', 'plugin.cut', "
    "'plugin.restored')"
)
"""Acts that open or close modules; few among the millions of others."""

audit = Table(
    "core_audit",
    metadata,
    key(),
    moment("at", nullable=False),
    Column("actor_id", Uuid),
    string("actor", 200),
    string("role", 20),
    Column("action", String(60), nullable=False),
    string("uai", 8),
    Column("subject_id", Uuid),
    Column("detail", JSON, nullable=False),
    Index(None, "subject_id"),
    Index(None, "uai", "at"),
    Index(None, "action", "at"),
    Index(None, "actor_id", "at"),
    Index(None, "at", "id"),
    Index(
        "ix_core_audit_decides",
        "uai",
        "at",
        postgresql_where=text(DECIDES),
        sqlite_where=text(DECIDES),
    ),
)
"""Append-only: triggers refuse every change, but the erasing of what a seal says is erased."""

seals = Table(
    "core_seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    moment("at", nullable=False),
    Column("closed", String(32), nullable=False),
    Column("open", JSON, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("mac", String(64), nullable=False),
    Column("erased_to", Integer),
    Column("erased_id", Uuid),
)
"""See :mod:`teleservices_core.domain.seals`. ``erased_id``: no row above it was erased."""

outbox = Table(
    "core_outbox",
    metadata,
    key(),
    Column("kind", String(60), nullable=False),
    Column("to_address", String(254), nullable=False),
    Column("token_id", Uuid),
    Column("account_id", Uuid),
    Column("context", JSON, nullable=False),
    moment("created_at", nullable=False),
    moment("due_at", nullable=False),
    count("attempts"),
    moment("claimed_until"),
    moment("sent_at"),
    moment("failed_at"),
    moment("dropped_at"),
    Column("last_error", Text),
    partial_index(
        "ix_core_outbox_waiting",
        "due_at",
        "sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL",
    ),
    Index(None, "account_id"),
    Index(None, "created_at"),
)
"""Waiting until sent, failed (refused, given up or bounced) or dropped (its link had died)."""

site = Table(
    "core_site",
    metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("site_id", Uuid, nullable=False),
    count("epoch"),
)
"""One row, once it was asked for: see :class:`teleservices_core.ports.restoring.SiteMark`."""

imports = Table(
    "core_imports",
    metadata,
    key(),
    Column("uai", String(8), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    moment("at", nullable=False),
    string("actor", 200),
    Column("files", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
    moment("undone_at"),
    string("undone_by", 200),
    Index(None, "uai", "at"),
)

import_changes = Table(
    "core_import_changes",
    metadata,
    Column("import_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("table_name", String(60), nullable=False),
    Column("key", JSON, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    string("digest", 32),
)
"""What an import did to rows, in order, so that it can be taken back for a time.

Of a row that it changed, the columns that differ, ``before`` and ``after``. Of a row that it
added, no ``before``, and but a digest: what it says stands in the row. Of a row that it
removed, no ``after``.
"""

quarantine = Table(
    "core_quarantine",
    metadata,
    reference("import_id", "core_imports.id", primary_key=True),
    Column("position", Integer, primary_key=True),
    string("file", 200),
    Column("line", Integer),
    string("element", 60),
    string("key", 60),
    Column("reason", Text, nullable=False),
)
