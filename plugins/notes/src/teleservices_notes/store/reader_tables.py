"""What readers know of marks, and how they want to be written to."""

from __future__ import annotations

from itertools import chain
from struct import iter_unpack, pack

from sqlalchemy import (
    Column,
    Dialect,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    Uuid,
)

from teleservices_core.storage.tables import UtcDateTime
from teleservices_notes.model import Known
from teleservices_notes.store.tables import metadata

_NOTHING = Known()


def to_known(value: bytes | None) -> Known:
    """What :class:`KnownOutcomes` stores; null for nothing."""
    return Known(dict(iter_unpack(">QQ", value))) if value else _NOTHING


class KnownOutcomes(TypeDecorator[Known]):
    """Sixteen bytes for each assessment: three kilobytes for a year of marks."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Known | None, _dialect: Dialect) -> bytes | None:
        """Null for who knows nothing."""
        if value is None or not value.latest:
            return None
        flat = chain.from_iterable(sorted(value.latest.items()))
        return pack(f">{2 * len(value.latest)}Q", *flat)

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> Known:
        """Give it back."""
        return to_known(value)


readers_table = Table(
    "notes_readers",
    metadata,
    Column("student_id", Uuid, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("seen_at", UtcDateTime),
    Column("seen", KnownOutcomes),
    Column("told_at", UtcDateTime),
    Column("told", KnownOutcomes),
    Index(None, "account_id"),
    Index(None, "school_year"),
)
"""By account: the persons of a grouped account read with the same eyes."""

digests_table = Table(
    "notes_digests",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("frequency", String(10), nullable=False),
    Column("weekday", SmallInteger, nullable=False),
    Column("due_at", UtcDateTime),
    Index(None, "due_at"),
)
"""One row for each account that may be written to; ``due_at`` is null when it wants nothing."""
