"""Where texts planted in a person's data are still found: rows, and the bytes of SQLite's files."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect


def traces(engine: Engine, markers: Collection[str]) -> Mapping[str, set[str]]:
    """The markers found, by place: ``table.column``, or the name of a file of SQLite's.

    Tables and columns are those that the database says it has. Case does not count: names
    are folded for sign-in and for searching.
    """
    wanted = {marker: marker.casefold() for marker in markers}
    found: dict[str, set[str]] = defaultdict(set)
    for place, text in (*_cells(engine), *_files(engine)):
        said = text.casefold()
        found[place] |= {marker for marker, folded in wanted.items() if folded in said}
    return {place: which for place, which in found.items() if which}


def _cells(engine: Engine) -> Iterator[tuple[str, str]]:
    names = inspect(engine).get_table_names()
    with engine.connect() as connection:
        for name in names:
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"')  # noqa: S608
            for row in rows.mappings():
                yield from ((f"{name}.{column}", _text(value)) for column, value in row.items())


def _text(value: Any) -> str:
    if not isinstance(value, (bytes, memoryview)):
        return str(value)
    content = bytes(value)
    with suppress(zlib.error):
        content = zlib.decompress(content)
    return content.decode("latin-1")


def _files(engine: Engine) -> Iterator[tuple[str, str]]:
    if engine.dialect.name != "sqlite":
        return
    path = Path(str(engine.url.database))
    for end in ("", "-wal", "-shm", "-journal"):
        file = path.with_name(path.name + end)
        if file.exists():
            yield f"file{end}", file.read_bytes().decode("latin-1")
