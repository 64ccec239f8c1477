"""What is written in one go; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Draft(Protocol):
    """Rows worked out beforehand, to be written in one go.

    What goes is written first, then what changes, then what comes; tables in the order that
    their references ask for. Rows given at once have the same columns.
    """

    def drop(self, table: Any, rows: Iterable[Mapping[str, Any]], *, by: Sequence[str]) -> None:
        """Delete the rows of a table that have these values."""
        ...

    def set(self, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
        """Change some columns of rows, each with its primary key."""
        ...

    def put(self, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
        """Insert rows, or update those whose primary key exists."""
        ...

    def laid_out(self, connection: Any) -> AbstractContextManager[None]:
        """Bring the rows to where statements can take them from; keeps nobody waiting."""
        ...

    def hold(self, connection: Any) -> None:
        """Let nobody change the rows that will be written over, until the transaction ends."""
        ...

    def write(self, connection: Any) -> None:
        """Write what was laid out. Raises :exc:`ConflictError` where somebody was first."""
        ...
