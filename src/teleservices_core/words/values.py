"""Data of any shape as people read them: for the copy of one's data and for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from jinja2 import Environment

from teleservices_core import i18n
from teleservices_core.i18n import _

_COLUMNS: Final = 10
"""A list is shown as a table up to so many columns."""
_LONG: Final = 8
"""Rows beyond so many are folded under what their first column repeats."""


def teach_values(environment: Environment, zone: ZoneInfo) -> None:
    """Give templates what they need to show data: five filters and the test ``table``."""
    environment.filters["capital"] = lambda label: label[:1].upper() + label[1:]
    environment.filters["shown"] = lambda value: _shown(value, zone)
    environment.filters["shown_short"] = lambda value: _shown_short(value, zone)
    environment.filters["rows"] = _rows
    environment.filters["folded"] = _folded
    environment.tests["table"] = _is_table


def _shown(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime):
        return i18n.show_instant(value, zone)
    if isinstance(value, date):
        return i18n.show_date(value)
    if isinstance(value, Decimal):
        return format_decimal(value, locale=i18n.LOCALE)
    return "–" if value in {None, ""} else str(value)


def _shown_short(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return i18n.show_timestamp(value, zone)
    return i18n.show_short_date(value) if isinstance(value, date) else _shown(value, zone)


def _rows(rows: Sequence[Any], besides: str) -> list[Mapping[str, Any]]:
    """Rows of the same columns, for a page: without those that say nothing.

    A column says nothing when it is empty or all "no", or only repeats what the page is
    about. A short list or mapping inside a row becomes a text. Nothing where
    the rows cannot be put side by side.
    """
    if not rows or not all(isinstance(row, Mapping) and list(row) == list(rows[0]) for row in rows):
        return []
    lines = [{label: _flat(value) for label, value in row.items()} for row in rows]
    if any(isinstance(value, (Mapping, list, tuple)) for line in lines for value in line.values()):
        return []
    said = [
        label for label in rows[0] if any(line[label] not in {"", False, besides} for line in lines)
    ]
    return [{label: line[label] for label in said} for line in lines]


def _folded(lines: Sequence[Mapping[str, Any]]) -> dict[Any, list[Mapping[str, Any]]]:
    """A long list by its first column; nothing where that one repeats little."""
    found: dict[Any, list[Mapping[str, Any]]] = {}
    for line in lines if len(lines) > _LONG else ():
        first, *others = line
        found.setdefault(line[first], []).append({label: line[label] for label in others})
    return found if len(found) <= len(lines) / 2 else {}


def _flat(value: Any) -> Any:
    """A text for a mapping or a list of plain values; "" for nothing."""
    if isinstance(value, Mapping):
        parts = [(f"{label} : ", each) for label, each in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [("", each) for each in value]
    else:
        return "" if value is None else value
    if any(isinstance(each, (Mapping, list, tuple)) for _label, each in parts):
        return value
    return ", ".join(f"{label}{each}" for label, each in parts)


def _is_table(rows: Sequence[Any]) -> bool:
    """Whether rows have the same few columns, with nothing inside but text."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return False
    first = list(rows[0])
    flat = all(
        not isinstance(each, (Mapping, list, tuple)) for row in rows for each in row.values()
    )
    return flat and len(first) <= _COLUMNS and all(list(row) == first for row in rows)
