"""Long works, what they made, and the worker's last sign of life."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Uuid,
    text,
)

from teleservices_core.storage.tables.base import choice, count, key, metadata, moment, string

OPEN = "state IN ('asked', 'running')"

jobs = Table(
    "core_jobs",
    metadata,
    key(),
    Column("kind", String(60), nullable=False),
    Column("uai", String(8), nullable=False),
    Column("about", String(60), nullable=False),
    Column("input", JSON, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    string("asked_name", 200),
    moment("asked_at", nullable=False),
    Column("state", String(10), nullable=False),
    count("done"),
    count("total"),
    Column("memo", JSON, nullable=False),
    count("tries"),
    Column("lease", Uuid),
    moment("leased_until"),
    choice("is_to_stop"),
    moment("ended_at"),
    Column("said", JSON, nullable=False),
    Index(
        "uq_core_jobs_open",
        "kind",
        "about",
        unique=True,
        sqlite_where=text(OPEN),
        postgresql_where=text(OPEN),
    ),
    Index(None, "asked_by", "asked_at"),
    Index(None, "ended_at"),
)
"""No two open jobs of a kind are about the same."""

job_parts = Table(
    "core_job_parts",
    metadata,
    Column(
        "job_id",
        Uuid,
        ForeignKey("core_jobs.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", String(120), nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Encrypted: it may hold provisional passwords."""

heartbeats = Table(
    "core_heartbeats",
    metadata,
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    moment("at", nullable=False),
)
"""One row, once a worker has run."""
