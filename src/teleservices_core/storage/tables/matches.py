"""Persons who may be one, and what was answered."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint, Uuid

from teleservices_core.storage.tables.base import (
    count,
    key,
    metadata,
    moment,
    partial_index,
    string,
)

matches = Table(
    "core_matches",
    metadata,
    key(),
    Column("kind", String(8), nullable=False),
    Column("uai", String(8), nullable=False),
    string("other_uai", 8),
    Column("older_id", Uuid, nullable=False),
    Column("newer_id", Uuid, nullable=False),
    Column("agreeing", JSON, nullable=False),
    Column("differing", JSON, nullable=False),
    Column("identities", JSON, nullable=False),
    Column("state", String(10), nullable=False),
    moment("asked_at", nullable=False),
    moment("postponed_at"),
    moment("answered_at"),
    string("answered_by", 200),
    Column("moved", JSON(none_as_null=True)),
    count("version"),
    UniqueConstraint("older_id", "newer_id"),
    Index(None, "newer_id"),
    Index(None, "uai", "state"),
    partial_index("ix_core_matches_open", "asked_at", "state = 'open'"),
)
"""``other_uai`` is empty when one establishment knows both; ``moved`` holds what the answer
« same » brought together, so that it can be sorted out again."""
