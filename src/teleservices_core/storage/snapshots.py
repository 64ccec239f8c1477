"""One state of the database, and whether what was read of it still holds.

Every statement of a snapshot is noted with its parameters, whichever store
asked it. Who works something out from the answers alone may write it in a later
transaction if the same questions have the same answers there: it would have
worked out the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Connection, event

from teleservices_core.storage.transactions import SqlTransaction

_FIRST: Final = "before_cursor_execute"


class Snapshot(SqlTransaction):
    """See :class:`teleservices_core.ports.transactions.Snapshot`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._questions: list[tuple[str, Any]] = []
        self._answers = b""
        self._held_at: tuple[Connection, int] | None = None

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what is asked, then once more what was answered: it is the same still."""
        event.listen(self.connection, _FIRST, self._note)
        try:
            yield
        finally:
            event.remove(self.connection, _FIRST, self._note)
        self._answers = self._asked_again(self.connection)

    def _note(
        self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any
    ) -> None:
        self._questions.append((statement, parameters))

    def look_ahead(self, connection: Connection) -> None:
        """See the port."""
        if connection.dialect.name == "sqlite":
            version = _version(connection)
            if self._asked_again(connection) == self._answers:
                self._held_at = (connection, version)

    def still_holds(self, connection: Connection) -> bool:
        """See the port."""
        if self._held_at is not None:
            before, version = self._held_at
            if before is connection and _version(connection) == version:
                # Nobody has written anything since.
                return True
        return self._asked_again(connection) == self._answers

    def _asked_again(self, connection: Connection) -> bytes:
        said = blake2b(digest_size=16)
        for statement, parameters in self._questions:
            result = connection.exec_driver_sql(statement, parameters)
            # As the driver has the rows: to make values of them takes twice as long.
            rows = result.cursor.fetchall()
            result.close()
            # Without ORDER BY their order is anybody's.
            said.update("\n".join(sorted(map(repr, rows))).encode())
            said.update(b"\0")
        return said.digest()


def _version(connection: Connection) -> int:
    """Of SQLite's file, as others have written it."""
    return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())
