"""Which tables of a database are ours: what our migrations made, whatever else begins alike.

A host may keep its tables beside ours, its own Alembic's among them: a name that begins
or ends like ours proves nothing. What runs the migrations writes down what they made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete, insert, inspect, select

from teleservices_core.storage import tables as t


def table_names(connection: Connection) -> frozenset[str]:
    """Every table of the database, whosoever it is."""
    return frozenset(inspect(connection).get_table_names())


def recorded(connection: Connection) -> Mapping[str, frozenset[str]]:
    """By prefix, our tables that are there; those of plugins that are not loaded too."""
    there = table_names(connection)
    found = defaultdict(set)
    if t.own_tables.name in there:
        for name, prefix in connection.execute(select(t.own_tables.c.name, t.own_tables.c.prefix)):
            found[prefix].add(name)
    return {prefix: frozenset(ours) for prefix, names in found.items() if (ours := names & there)}


def ours(connection: Connection) -> frozenset[str]:
    """Every table of ours; those of plugins that are not loaded, and of versions, too."""
    return frozenset().union(*recorded(connection).values())


def record(connection: Connection, prefix: str, names: Collection[str]) -> None:
    """Write down which tables are a distribution's, in the place of what was written."""
    connection.execute(delete(t.own_tables).where(t.own_tables.c.prefix == prefix))
    if names:
        rows = [{"name": name, "prefix": prefix} for name in sorted(names)]
        connection.execute(insert(t.own_tables), rows)


def forget(connection: Connection, names: Collection[str]) -> None:
    """Tables that are no more."""
    connection.execute(delete(t.own_tables).where(t.own_tables.c.name.in_(names)))
