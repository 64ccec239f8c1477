"""Which tables of the database are ours: a host's may be beside them, under any name."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from teleservices_core.storage.tables.base import metadata

own_tables = Table(
    "core_own_tables",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("prefix", String(64), nullable=False),
)
"""Written by what runs migrations, in their transaction: :mod:`teleservices_core.storage.owned`."""
