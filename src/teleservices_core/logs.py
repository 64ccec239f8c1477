"""What the log's lines look like: dated in UTC, with the number of the request, on request in JSON.

The number is also in the answer (``X-Request-ID``) and on a page of failure: who calls the
help line reads it out, and the lines are found.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

from teleservices_core.failures import trace

_number: Final[ContextVar[str]] = ContextVar("request_number", default="")
_PROXYS: Final = re.compile(r"[0-9A-Za-z-]{8,64}")


def request_number() -> str:
    """Of the request that is being answered; empty outside of one."""
    return _number.get()


@contextmanager
def numbered(given: str = "") -> Iterator[str]:
    """Answer a request under a number: the one that a proxy gave, if it looks like one."""
    number = given if _PROXYS.fullmatch(given) else secrets.token_hex(6)
    before = _number.set(number)
    try:
        yield number
    finally:
        _number.reset(before)


class _Discreet(logging.Formatter):
    """Of an exception its types and places, whoever logs it: see ``failures``."""

    # The base class' name.
    def formatException(  # noqa: N802
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, ...]
    ) -> str:
        return trace(ei[1]) if ei[1] is not None else ""


class TextLines(_Discreet):
    """``2026-12-01T02:55:00.123Z WARNING teleservices_core.web [3f…] text``."""

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
        number = f" [{_number.get()}]" if _number.get() else ""
        record.exc_text = None  # another handler may have kept the words
        text = super().format(record)
        # No line that begins with a date but ours.
        indented = text.replace("\r", "\\r").replace("\n", "\n  ")
        return f"{_instant(record)} {record.levelname} {record.name}{number} {indented}"


class JsonLines(_Discreet):
    """One object a line: ``at``, ``level``, ``logger``, ``request`` and ``text``."""

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
        record.exc_text = None
        line = {
            "at": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "request": _number.get(),
            "text": super().format(record),
        }
        return json.dumps({key: value for key, value in line.items() if value}, ensure_ascii=False)


def _instant(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_logs(*, level: str = "WARNING", as_json: bool = False) -> None:
    """Send what this process logs to its standard error, in the place of what it did before."""
    root = logging.getLogger()
    for former in [each for each in root.handlers if isinstance(each, _ToStandardError)]:
        root.removeHandler(former)
    handler = _ToStandardError()
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root.addHandler(handler)
    root.setLevel(level)
    # It says at each look what database it found.
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))


class _ToStandardError(logging.Handler):
    """To whatever standard error is when a line is written."""

    def emit(self, record: logging.LogRecord) -> None:
        """See :class:`logging.Handler`."""
        try:
            sys.stderr.write(self.format(record) + "\n")
        except Exception:  # noqa: BLE001 - a log must stop nothing
            self.handleError(record)
