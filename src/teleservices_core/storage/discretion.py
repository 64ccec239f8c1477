"""What a database says of a statement that failed, without a value of it."""

from __future__ import annotations

import re
import sqlite3
from typing import Any, Final

from sqlalchemy import ExceptionContext

from teleservices_core.failures import kind

_NAMES_ONLY: Final = re.compile(
    r"(UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(: [\w., ]+)?"
    r"|no such (table|column|index|trigger): [\w.]+|database is locked"
)
"""What SQLite says of the schema alone."""
_OF_THE_SCHEMA: Final = ("42", "P0001")
"""PostgreSQL's codes whose first line names parts of the schema, or is a trigger's of ours."""


def tell_no_value(context: ExceptionContext) -> None:
    """Reword an error before it is raised: ``hide_parameters`` leaves what the server repeats.

    PostgreSQL tells the row of a broken constraint, and the text that is no number; both name
    persons. An error of connecting tells nobody's data, and is left as it is.
    """
    if context.connection is None:
        return
    said = _said(context.original_exception)
    context.original_exception.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({said})",)


def _said(error: BaseException) -> str:
    return ": ".join(filter(None, (kind(error), _of_the_schema(error))))


def _of_the_schema(error: Any) -> str:
    if isinstance(error, sqlite3.Error):
        is_trigger = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CONSTRAINT_TRIGGER
        text = str(error)
        return text if is_trigger or _NAMES_ONLY.fullmatch(text) else ""
    if (diag := getattr(error, "diag", None)) is None:
        return ""
    if (getattr(error, "sqlstate", None) or "").startswith(_OF_THE_SCHEMA):
        return diag.message_primary or ""
    return diag.constraint_name or diag.column_name or diag.table_name or ""
