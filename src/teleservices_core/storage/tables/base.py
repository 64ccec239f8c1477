"""Names, types and columns that every table of the core shares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    TypeDecorator,
    Uuid,
    false,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraint names that every database and every migration agree on."""

metadata = MetaData(naming_convention=NAMING)

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC, read back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values: their zone would be guessed."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key(name: str = "id") -> Column[Any]:
    """A primary key: a UUIDv7."""
    return Column(name, Uuid, primary_key=True)


def reference(name: str, target: str, *, primary_key: bool = False) -> Column[Any]:
    """A reference to the row of another table."""
    return Column(name, Uuid, ForeignKey(target), nullable=False, primary_key=primary_key)


def string(name: str, length: int = 100) -> Column[Any]:
    """A text that is never null, empty by default."""
    return Column(name, String(length), nullable=False, server_default="")


def moment(name: str, *, nullable: bool = True) -> Column[Any]:
    """An instant."""
    return Column(name, UtcDateTime, nullable=nullable)


def count(name: str) -> Column[Any]:
    """A number that begins at zero."""
    return Column(name, Integer, nullable=False, server_default="0")


def flag(name: str) -> Column[Any]:
    """A yes or no that must be said."""
    return Column(name, Boolean, nullable=False)


def choice(name: str) -> Column[Any]:
    """A yes or no, no by default."""
    return Column(name, Boolean, nullable=False, server_default=false())


def postal_columns() -> list[Column[Any]]:
    """The columns of a postal address."""
    return [
        string("address_lines", 300),
        string("postal_code", 10),
        string("town"),
        string("country", 60),
        string("country_code", 5),
    ]


def partial_index(name: str, column: str, where: str) -> Index:
    """An index of some rows only."""
    return Index(name, column, postgresql_where=text(where), sqlite_where=text(where))
