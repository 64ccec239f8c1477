"""Erase what is kept about students, or about school years that are over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_

from teleservices_core.contributions import Erasure
from teleservices_fiche.store import tables as t

_TABLES = (t.drafts, t.reports, t.confirmations, t.receipts, t.proposals)


def erase(connection: Connection, erasure: Erasure) -> int:
    """Erase at most ``erasure.limit`` rows; returns how many."""
    left = erasure.limit
    for table in _TABLES:
        if left > 0:
            left -= _erase(connection, table, erasure, left)
    return erasure.limit - left


def _erase(connection: Connection, table: Table, erasure: Erasure, limit: int) -> int:
    wanted: list[ColumnElement[bool]] = []
    if erasure.student_ids is not None:
        wanted.append(table.c.student_id.in_(erasure.student_ids))
    if erasure.up_to is not None:
        wanted.append(table.c.school_year <= erasure.up_to.start)
    key: Any = tuple_(*table.primary_key.columns)
    some = select(*table.primary_key.columns).where(*wanted).limit(limit)
    return connection.execute(delete(table).where(key.in_(some))).rowcount
