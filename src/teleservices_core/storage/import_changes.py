"""Write down what an import does to rows, before it does it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID

from attrs import define
from sqlalchemy import ColumnElement, Connection, Table, select

from teleservices_core.ports.drafts import Draft
from teleservices_core.storage import tables as t
from teleservices_core.storage.plain_rows import Row, plain

_BATCH: Final = 1_000
_WHOLE: Final = frozenset({t.siecle_keys.name, t.account_holders.name})
"""Tables whose added rows, which say but who is who, are written down as they are."""


def digest_of(row: Mapping[Any, Any]) -> str:
    """Tells whether a row still says what it said."""
    said = json.dumps(plain(row), sort_keys=True, ensure_ascii=False)
    return blake2b(said.encode(), digest_size=12).hexdigest()


def key_of(table: Table, row: Mapping[Any, Any]) -> tuple[Any, ...]:
    """The primary key of a row, as JSON has it."""
    key = plain({column.name: row[column.name] for column in table.primary_key})
    return tuple(key.values())


def rows_by_key(
    connection: Connection, table: Table, keys: Collection[Mapping[str, Any]]
) -> dict[tuple[Any, ...], Mapping[Any, Any]]:
    """The rows that have these primary keys, by key."""
    found: dict[tuple[Any, ...], Mapping[Any, Any]] = {}
    listed = list(keys)
    for start in range(0, len(listed), _BATCH):
        asked = listed[start : start + _BATCH]
        wanted = {key_of(table, key) for key in asked}
        for row in connection.execute(select(table).where(*_near(table, asked))).mappings():
            if (key := key_of(table, row)) in wanted:
                found[key] = row
    return found


def _near(table: Table, keys: Sequence[Mapping[str, Any]]) -> Iterator[ColumnElement[bool]]:
    """What the rows of keys have in common, and of one column every value.

    To ask for every value of two columns would be to try each with each.
    """
    values = {column: {key[column.name] for key in keys} for column in table.primary_key}
    most = max(values, key=lambda column: len(values[column]))
    for column, found in values.items():
        if column is most:
            yield column.in_(found)
        elif len(found) == 1:
            yield column == next(iter(found))


@define
class Changes:
    """What one import changes, in order, beside what it will write."""

    connection: Connection
    import_id: UUID
    draft: Draft
    _position: int = 0

    def save(
        self,
        table: Table,
        rows: Sequence[Mapping[str, Any]],
        known: Mapping[Any, Mapping[Any, Any]],
    ) -> None:
        """Rows that will be inserted or updated; ``known`` are those there are, by key."""
        noted = []
        for row in rows:
            before = known.get(key_of(table, row))
            if before is None:
                noted.append(self._added(table, row))
            elif changed := _changed(before, row):
                noted.append(self._note(table, row, *changed, digest_of({**before, **row})))
        self.draft.put(t.import_changes, noted)

    def remove(self, table: Table, rows: Iterable[Mapping[Any, Any]]) -> None:
        """Rows that will be deleted."""
        noted = [self._note(table, row, plain(row), None) for row in rows]
        self.draft.put(t.import_changes, noted)

    def _added(self, table: Table, row: Mapping[str, Any]) -> Row:
        after = plain(row) if table.name in _WHOLE else None
        return self._note(table, row, None, after, digest_of(row))

    def _note(
        self,
        table: Table,
        row: Mapping[Any, Any],
        before: Row | None,
        after: Row | None,
        digest: str = "",
    ) -> Row:
        self._position += 1
        return {
            "import_id": self.import_id,
            "position": self._position,
            "table_name": table.name,
            "key": list(key_of(table, row)),
            "before": before,
            "after": after,
            "digest": digest,
        }


def _changed(before: Mapping[Any, Any], row: Mapping[str, Any]) -> tuple[Row, Row] | None:
    names = [name for name, value in row.items() if before[name] != value]
    if not names:
        return None
    return plain({name: before[name] for name in names}), plain({name: row[name] for name in names})
