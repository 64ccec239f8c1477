"""Each column of text has an end that somebody has told; persons go with all that names them."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import JSON, LargeBinary, String, Uuid, inspect

from teleservices_core.storage import tables as t
from teleservices_core.storage.forgetting import ACCOUNTS, PERSONS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "what-is-erased.md"
ENDS = {"person", "account", "plugin", "time", "staff", "nobody", "journal"}
NOT_PERSONS = {
    *("actor_id", "subject_id", "erased_id"),
    *("import_id", "job_id", "lease", "asked_by", "staff_id", "site_id", "token_id"),
}
"""Keys in the core that hold no student, no adult and no account of theirs, or the journal's."""


def told():
    """The lines of the table: columns of text, and the words of what ends them."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            name, columns, ends = (cell.strip() for cell in line.strip("|").split("|"))
            yield name.strip("`"), set(columns.split()), ends


def test_every_column_of_text_is_told(engine):
    """As the database has them, of the core and of the plugins."""
    found = {}
    for name in inspect(engine).get_table_names():
        if name.endswith("_version"):
            continue
        found[name] = {
            column["name"]
            for column in inspect(engine).get_columns(name)
            if isinstance(column["type"], (String, JSON, LargeBinary))
            and not (isinstance(column["type"], String) and _is_key(column["type"]))
        }
    assert {name: columns for name, columns, _ends in told()} == found
    for name, _columns, ends in told():
        assert re.match(r"\w+", ends).group() in ENDS, name


def _is_key(kind):
    """SQLite keeps UUIDs as 32 characters."""
    return type(kind).__name__ == "CHAR" and kind.length == 32


def test_a_column_that_names_a_person_is_known_to_be_one():
    """By its name, so that rows of a table to come go with who is forgotten."""
    named = {"core_students", "core_adults", "core_accounts"}
    for table in t.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Uuid) and column.name != "id":
                assert column.name in PERSONS | ACCOUNTS | NOT_PERSONS, f"{table}.{column.name}"
            for key in column.foreign_keys:
                if key.column.table.name in named:
                    assert column.name in PERSONS | ACCOUNTS, f"{table}.{column.name}"
    ends = {name: ends for name, _columns, ends in told()}
    for table in t.metadata.tables.values():
        names = {column.name for column in table.columns}
        if names & (PERSONS | ACCOUNTS):
            assert ends[table.name].startswith(("person", "account")), table
