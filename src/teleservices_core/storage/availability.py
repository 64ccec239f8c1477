"""Whether what a driver says means that the database is away, or held: then nobody is at fault."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

from attrs import define
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from teleservices_core.errors import UnavailableError

_AWAY: Final = ("08", "53", "57", "58", "55P03", "25P03", "25P04", "25006", "40001", "40P01")
"""Beginnings of PostgreSQL's codes: connections, resources, an operator or a time limit, the
system, a lock, an idle transaction, a server that only reads, a deadlock."""
_UNDONE: Final = frozenset({"40001", "40P01"})
_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "busy",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_IOERR: "input or output error",
    sqlite3.SQLITE_FULL: "disk full",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "locking protocol",
}
_LONGEST: Final = 10.0


def unavailable(error: DBAPIError | PoolTimeoutError) -> UnavailableError | None:
    """The error of a statement or of a connection in our words; None when it is a fault of ours."""
    if isinstance(error, PoolTimeoutError):
        return UnavailableError("no connection came free")
    cause: Any = error.orig
    if isinstance(cause, sqlite3.Error):
        said = _SQLITE.get((getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF)
        return UnavailableError(f"SQLite: {said}") if said else None
    code = getattr(cause, "sqlstate", None) or ""
    if error.connection_invalidated:
        return UnavailableError(f"the connection was closed {code}".rstrip(), may_repeat=True)
    name = type(cause).__name__
    if code.startswith(_AWAY):
        return UnavailableError(f"{name} {code}", may_repeat=code in _UNDONE)
    # A connection that could not be made has no code.
    return UnavailableError(name) if isinstance(error, OperationalError) and not code else None


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raise :exc:`UnavailableError` in the place of what a driver says of a database away."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError) as error:
        if (away := unavailable(error)) is None:
            raise
        raise away from error


@define
class Door:
    """Remembers that the server took no connection, so that not everybody waits to learn it."""

    _shut_until: float = 0.0

    def pass_through(self) -> float:
        """The time now. Raises :exc:`UnavailableError` shortly after a failure."""
        now = monotonic()
        if now < self._shut_until:
            raise UnavailableError("no connection could be made a moment ago")
        return now

    def shut(self, since: float) -> None:
        """After a failure: the longer it took to be known, the later it is tried again."""
        now = monotonic()
        self._shut_until = now + min(1 + 3 * (now - since), _LONGEST)
