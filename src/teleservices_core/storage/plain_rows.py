"""Rows of any table as JSON has them, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_

Row = dict[str, Any]


def is_row(table: Table, key: Row) -> ColumnElement[bool]:
    """Whether a row of a table is the one that has a primary key."""
    found = typed(table, key)
    return and_(*(each == found[each.name] for each in table.primary_key))


def plain(row: Mapping[Any, Any]) -> Row:
    """A row as JSON has it."""
    return {str(name): _as_text(value) for name, value in row.items()}


def _as_text(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


_READ: Final[Mapping[type, Callable[[Any], Any]]] = {
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def typed(table: Table, row: Row) -> Row:
    """A row as it was before JSON had it."""
    return {
        name: value if value is None else _READ.get(table.c[name].type.python_type, _same)(value)
        for name, value in row.items()
    }


def _same(value: Any) -> Any:
    return value
