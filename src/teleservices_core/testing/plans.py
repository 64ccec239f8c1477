"""How the database goes about the statements of a block: which index answers which question."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def explained(engine: Engine) -> Iterator[list[str]]:
    """The plan of every statement run inside the block, one text for each."""
    plans: list[str] = []
    verb = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    def explain(
        connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        if many or not sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            return
        own = connection.connection.cursor()
        own.execute(f"{verb} {sql}", parameters)
        plans.append("\n".join(" ".join(map(str, row)) for row in own.fetchall()))
        own.close()

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", explain)
