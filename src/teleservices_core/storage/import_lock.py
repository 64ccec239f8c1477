"""Imports, and what rests on who is who, take turns."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select

KEY: Final = 0x7E1E_5E2F
"""Of PostgreSQL's advisory lock."""


def lock_imports(connection: Connection) -> None:
    """Wait for an import under way to be written; held until the transaction ends.

    SQLite has taken its only write lock already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(KEY)))
