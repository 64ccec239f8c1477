"""The plugin's tables."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    false,
    text,
)

from teleservices_core.storage.tables import NAMING, UtcDateTime

metadata = MetaData(naming_convention=NAMING)


def _place() -> tuple[Column[Any], ...]:
    return (
        Column("uai", String(8), nullable=False),
        Column("school_year", SmallInteger, nullable=False),
        Column("student_id", Uuid, nullable=False),
    )


def _maker() -> tuple[Column[Any], ...]:
    return (
        Column("account_id", Uuid, nullable=False),
        Column("holder_kind", String(8), nullable=False),
        Column("holder_id", Uuid, nullable=False),
        Column("holder_name", String(200), nullable=False),
    )


def _some(name: str, *columns: str, where: str) -> Index:
    condition = text(where)
    return Index(name, *columns, unique=True, postgresql_where=condition, sqlite_where=condition)


proposals: Final = Table(
    "fiche_proposals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("receipt", String(16), nullable=False),
    *_place(),
    Column("person_kind", String(8), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("field", String(30), nullable=False),
    Column("seen", JSON(none_as_null=True)),
    Column("proposed", JSON(none_as_null=True)),
    Column("catalogue_version", SmallInteger, nullable=False),
    *_maker(),
    Column("made_at", UtcDateTime, nullable=False),
    Column("state", String(10), nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("decided_at", UtcDateTime),
    Column("reason", String(500), nullable=False),
    Column("shown", JSON(none_as_null=True)),
    Column("passed_straight", Boolean, nullable=False, server_default=false()),
    Column("exported_at", UtcDateTime),
    Column("batch", Integer),
    Column("version", Integer, nullable=False),
    Index(None, "person_id", "state"),
    Index(None, "holder_id", "student_id"),
    Index(None, "receipt"),
    Index(None, "uai", "school_year", "state", "made_at"),
    Index(None, "uai", "batch"),
    Index(None, "student_id"),
    Index(None, "school_year"),
    _some(
        "uq_fiche_proposals_waiting",
        *("uai", "person_id", "field", "holder_id"),
        where="state = 'waiting'",
    ),
    _some(
        "uq_fiche_proposals_accepted",
        *("uai", "person_id", "field"),
        where="state = 'accepted'",
    ),
)
"""Of one field of one person, at most one change is in force, and each of those who may change it
has at most one waiting: the database says so, whoever writes at once."""

confirmations: Final = Table(
    "fiche_confirmations",
    metadata,
    Column("student_id", Uuid, primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("holder_id", Uuid, primary_key=True),
    Column("uai", String(8), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("number", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Index(None, "uai", "school_year"),
    Index(None, "school_year"),
)

rounds: Final = Table(
    "fiche_rounds",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("opens_on", Date, nullable=False),
    Column("closes_on", Date, nullable=False),
    Column("reminders", JSON, nullable=False),
    Column("version", Integer, nullable=False),
)

drafts: Final = Table(
    "fiche_drafts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("student_id", Uuid, primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("typed", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Index(None, "student_id"),
    Index(None, "school_year"),
)

receipts: Final = Table(
    "fiche_receipts",
    metadata,
    Column("number", String(16), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("account_id", Uuid, nullable=False),
    Column("holder_id", Uuid, nullable=False),
    *_place(),
    Index(None, "holder_id", "student_id"),
    Index(None, "student_id"),
    Index(None, "school_year"),
)

reports: Final = Table(
    "fiche_reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    *_place(),
    Column("person_kind", String(8), nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("field", String(30), nullable=False),
    Column("message", Text, nullable=False),
    *_maker(),
    Column("made_at", UtcDateTime, nullable=False),
    Column("closed_by", String(200), nullable=False),
    Column("closed_at", UtcDateTime),
    Column("answer", String(500), nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "uai", "school_year", "closed_at"),
    Index(None, "holder_id", "student_id"),
    Index(None, "student_id"),
    Index(None, "school_year"),
)

batches: Final = Table(
    "fiche_batches",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("school_year", SmallInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("changes", Integer, nullable=False),
)
"""Deltas carried to the school base, numbered in each establishment."""

reminders: Final = Table(
    "fiche_reminders",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("day", Date, primary_key=True),
)
"""Days for which the reminders of a round have left."""
