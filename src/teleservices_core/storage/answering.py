"""A PostgreSQL server that has taken a connection and says nothing more is not waited for.

Its own limits end a statement, but a frozen machine, or a network that lets nothing
through, ends none. So this side has one too, a little later than the server's.
"""

from __future__ import annotations

from time import monotonic
from typing import Any, Final

from psycopg import Connection, OperationalError
from sqlalchemy import Engine, event

_GRACE: Final = 1.0
"""Seconds in which the server may say itself that a statement took too long."""


class _Answering(Connection[Any]):
    """Closed once its server has not answered for ``patience`` seconds."""

    patience: float | None = None
    """None until it is open: ``connect_timeout`` counts before."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """See :class:`psycopg.Connection`."""
        if timeout is not None or self.patience is None:
            return super().wait(gen, interval, timeout)
        begun = monotonic()
        try:
            return super().wait(gen, interval, self.patience)
        except OperationalError:
            if monotonic() - begun >= self.patience:
                # Half an answer may still come: nobody must take it for the next one's.
                self.close()
            raise


def expect_answers(engine: Engine, seconds: int) -> None:
    """Bound what the statements of an engine wait for, in seconds; 0 for no limit."""

    def connect(_dialect: object, _record: object, cargs: Any, cparams: Any) -> Connection[Any]:
        connection = _Answering.connect(*cargs, **cparams)
        connection.patience = seconds + _GRACE
        return connection

    if seconds:
        event.listen(engine, "do_connect", connect)
