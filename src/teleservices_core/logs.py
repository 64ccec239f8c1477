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
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

from teleservices_core.failures import brief, trace, without_words

log = logging.getLogger(__name__)

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

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
        record.exc_text = None  # another handler may have kept the words
        text = super().format(record)
        # Asyncio, for one, writes the exception into its own sentence.
        error = record.exc_info[1] if record.exc_info else None
        return text if error is None else without_words(text, error)


class TextLines(_Discreet):
    """``2026-12-01T02:55:00.123Z WARNING teleservices_core.web [3f…] text``."""

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
        number = f" [{_number.get()}]" if _number.get() else ""
        text = super().format(record)
        # No line that begins with a date but ours.
        indented = text.replace("\r", "\\r").replace("\n", "\n  ")
        return f"{_instant(record)} {record.levelname} {record.name}{number} {indented}"


class JsonLines(_Discreet):
    """One object a line: ``at``, ``level``, ``logger``, ``request`` and ``text``."""

    def format(self, record: logging.LogRecord) -> str:
        """See :class:`logging.Formatter`."""
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
        except Exception as error:  # noqa: BLE001 - a log must stop nothing
            # The base class would show the record's arguments.
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{record.name}: {brief(error)}\n")


def tell_by_type() -> Callable[[], None]:
    """Have Python tell the log what nobody handled, by its type and place; returns the way back.

    Of itself it writes the words of an exception, of a thread's or of a finalizer's, and those of
    a warning, to standard error.
    """

    def ended(_type: object, error: BaseException, _traceback: object) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(type(error), error, error.__traceback__)
        else:
            log.error("ended by\n%s", trace(error))

    def thread_ended(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and args.exc_type is not SystemExit:
            log.error("thread ended by\n%s", trace(args.exc_value))

    def not_raised(args: Any) -> None:
        if args.exc_value is not None:
            log.error("not raised:\n%s", trace(args.exc_value))

    def warned(
        message: Warning | str,  # noqa: ARG001
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        log.warning("%s, %s:%s", category.__name__, filename, lineno)

    before = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning

    def undo() -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = before

    sys.excepthook, threading.excepthook, sys.unraisablehook = ended, thread_ended, not_raised
    warnings.showwarning = warned
    return undo
