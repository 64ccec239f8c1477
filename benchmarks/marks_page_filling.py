"""Marks of other students, by the million, written by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Engine, text

from teleservices_core.testing.builders import COLLEGE

CLASS: Final = 30
"""Students who share their assessments: a mark for each of them at each."""
SCHOOL: Final = 7_200
"""Assessments of a school's year; the first such school is that of the page."""
BATCH: Final = 10_000
"""Assessments in a transaction: 300,000 marks."""

_SQLITE = (
    "WITH RECURSIVE each(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM each WHERE n < {last})",
    "each",
    "printf('%032x', {})",
    "'2026-09-10 17:00:00.000000'",
)
_POSTGRESQL = (
    "WITH each(n) AS (SELECT generate_series({first}, {last}))",
    "each",
    "lpad(to_hex({}), 32, '0')::uuid",
    "'2026-09-10T17:00:00Z'::timestamptz",
)


def fill(engine: Engine, marks: int) -> Iterator[int]:
    """Add marks until there are so many, then refresh statistics; yields how many there are."""
    with engine.connect() as connection:
        done = _count(connection, "notes_marks")
        first = _count(connection, "notes_assessments")
    wanted = max(0, marks - done) // CLASS
    for start in range(first, first + wanted, BATCH):
        last = min(start + BATCH, first + wanted) - 1
        with engine.begin() as connection:
            for statement in _statements(connection, start, last):
                connection.execute(text(statement))
        done += (last - start + 1) * CLASS
        yield done
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _count(connection: Connection, table: str) -> int:
    return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def _statements(connection: Connection, first: int, last: int) -> Iterator[str]:
    is_sqlite = connection.dialect.name == "sqlite"
    numbers, source, key, entered_at = _SQLITE if is_sqlite else _POSTGRESQL
    numbers = numbers.format(first=first, last=last)
    school = f"CASE WHEN n < {SCHOOL} THEN '{COLLEGE.code}' ELSE 'F' || (n / {SCHOOL}) END"
    yield (
        "INSERT INTO notes_assessments (id, uai, school_year, class_group, subject_code,"
        f" subject_label, teacher, title, given_on, out_of, weight) {numbers}"
        f" SELECT {key.format('n')}, {school}, 2026, 'C' || (n / 180), 'S' || (n % 12),"
        f" 'Matière', 'M. Durand', 'Contrôle', '2026-09-10', 2000, 100 FROM {source}"
    )
    # A class of thirty for each 180 assessments.
    student = key.format(f"n / 180 * {CLASS} + pupil.value")
    pupils = (
        f"json_each('[{','.join(map(str, range(CLASS)))}]')"
        if is_sqlite
        else f"generate_series(0, {CLASS - 1})"
    )
    alias = "pupil" if is_sqlite else "pupil(value)"
    yield (
        f"INSERT INTO notes_marks (student_id, assessment_id, status, value, entered_at) {numbers}"
        f" SELECT {student}, {key.format('n')}, 'mark', n % 21 * 100, {entered_at}"
        f" FROM {source}, {pupils} AS {alias}"
    )
