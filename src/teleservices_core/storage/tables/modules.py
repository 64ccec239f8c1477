"""What is decided about modules, and how schools set them up."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Date,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Table,
    Text,
)

from teleservices_core.storage.tables.base import count, key, metadata, moment, reference, string

cut_plugins = Table(
    "core_cut_plugins",
    metadata,
    Column("plugin", String(60), primary_key=True),
    moment("at", nullable=False),
    string("set_by", 200),
    string("reason", 300),
)
"""Plugins switched off while the site runs."""

openings = Table(
    "core_openings",
    metadata,
    Column("rank", SmallInteger, primary_key=True),
    Column("place", String(8), primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("module_id", String(31), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("audience", String(10), primary_key=True),
    Column("stance", String(10), nullable=False),
    string("set_by", 200),
    moment("set_at", nullable=False),
    Index(None, "school_year", "place"),
)
"""The three columns of a :class:`teleservices_core.domain.scopes.Scope`, and what it decided."""

campaigns = Table(
    "core_campaigns",
    metadata,
    key(),
    Column("scope", String(8), nullable=False),
    Column("module_id", String(31), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    moment("from_at"),
    moment("until_at"),
    string("title"),
    Index(None, "school_year", "scope"),
)

delegations = Table(
    "core_delegations",
    metadata,
    key(),
    Column("uai", String(8), nullable=False),
    Column("module_id", String(31), nullable=False),
    reference("staff_id", "core_staff.id"),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    string("given_by", 200),
    moment("given_at", nullable=False),
    moment("ended_at"),
    Index(None, "uai"),
    Index(None, "staff_id"),
)
"""What heads entrusted to members of staff, one module at a time."""

school_pages = Table(
    "core_school_pages",
    metadata,
    Column("uai", String(8), ForeignKey("core_establishments.uai"), primary_key=True),
    Column("welcome", Text, nullable=False),
    string("office_phone", 30),
    string("office_email", 254),
    string("office_hours", 200),
    string("set_by", 200),
    moment("set_at", nullable=False),
    count("version"),
)
"""What an establishment says to its families: a welcome, and how to reach its office."""

module_options = Table(
    "core_module_options",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("module_id", String(31), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("options", JSON, nullable=False),
    string("set_by", 200),
    moment("set_at", nullable=False),
    count("version"),
)
"""An establishment's own options of a module, in the form that its plugin declares."""
