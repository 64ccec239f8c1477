"""The plugin's tables."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import (
    JSON,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    Uuid,
)

from teleservices_core.storage.tables import NAMING, UtcDateTime
from teleservices_notes.model import Counting


def from_hundredths(number: int | None) -> Decimal | None:
    """1450 is 14.5, and 2000 is 20: the shortest form."""
    return None if number is None else figure(number)


@lru_cache(maxsize=10_000)
def figure(number: int) -> Decimal:
    """The same, of what is never null."""
    units, rest = divmod(number, 100)
    return Decimal(f"{units}.{rest:02d}".rstrip("0").rstrip("."))


def to_hundredths(value: Decimal | None) -> int | None:
    """14.5 is 1450; the model has refused what is finer."""
    return None if value is None else int(value * 100)


class Hundredths(TypeDecorator[Decimal]):
    """A number with two decimals, stored as a whole: exact on every database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """See :func:`to_hundredths`."""
        return to_hundredths(value)

    def result_processor(
        self, _dialect: Dialect, _coltype: object
    ) -> Callable[[int | None], Decimal | None]:
        """Give back the number, without the layers that a page of 500 figures would pay for."""
        return from_hundredths


metadata = MetaData(naming_convention=NAMING)
_json = JSON(none_as_null=True)

assessments_table = Table(
    "notes_assessments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("uai", String(8), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    Column("class_group", String(20), nullable=False),
    Column("subject_code", String(20), nullable=False),
    Column("subject_label", String(100), nullable=False),
    Column("teacher", String(100), nullable=False),
    Column("title", String(200), nullable=False),
    Column("given_on", Date, nullable=False),
    Column("out_of", Hundredths, nullable=False),
    Column("weight", Hundredths, nullable=False),
    Column("counting", String(10), nullable=False, server_default=Counting.COMPULSORY),
    Column("publish_on", Date),
    Column("description", String(500), nullable=False, server_default=""),
    Column("competencies", _json),
    Column("own_rules", _json),
    Index(None, "uai", "school_year", "class_group", "subject_code"),
)

marks_table = Table(
    "notes_marks",
    metadata,
    Column("student_id", Uuid, primary_key=True),
    Column("assessment_id", Uuid, ForeignKey("notes_assessments.id"), primary_key=True),
    Column("status", String(13), nullable=False),
    Column("value", Hundredths),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("remark", String(300), nullable=False, server_default=""),
    Column("levels", _json),
    Column("first_entered_at", UtcDateTime),
    Column("prior", _json),
    Column("entered_by", String(100), nullable=False, server_default=""),
    Index(None, "assessment_id"),
    sqlite_with_rowid=False,
)
"""The key begins with the student, and on SQLite the table is the key's own tree:
a student's page is one range. ``first_entered_at`` is null while nothing was corrected."""

settings_table = Table(
    "notes_settings",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("plan", _json, nullable=False),
)

services_table = Table(
    "notes_services",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("class_group", String(20), primary_key=True),
    Column("subject_code", String(20), primary_key=True),
    Column("teacher", String(100), primary_key=True),
    Column("subject_label", String(100), nullable=False),
    Column("staff_id", Uuid),
)
"""A school's year is one range; a teacher's services are found in it."""

imports_table = Table(
    "notes_imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("uai", String(8), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("done_by", String(100), nullable=False),
    Column("counts", _json, nullable=False),
    Index(None, "uai", "started_at"),
)

faults_table = Table(
    "notes_import_faults",
    metadata,
    Column("import_id", Uuid, ForeignKey("notes_imports.id"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("reason", String(500), nullable=False),
)

uploads_table = Table(
    "notes_uploads",
    metadata,
    Column("import_id", Uuid, ForeignKey("notes_imports.id"), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""A file of the page, compressed, between its dry run and its confirmation."""

typed_table = Table(
    "notes_typed",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("assessment_id", Uuid, primary_key=True),
    Column("student_id", Uuid, primary_key=True),
    Column("cells", JSON, nullable=False),
    Column("typed_at", UtcDateTime, nullable=False),
    Index(None, "student_id"),
    Index(None, "typed_at"),
)
"""A row of a grid that was sent after the session had ended: a day at most. No key is
foreign, so that it keeps nothing from being removed."""
