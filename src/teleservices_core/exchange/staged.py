"""What the files say, checked, page by page; and whom their records were found to be about."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.records import (
    AdultRecord,
    Alert,
    ClassGroupRecord,
    Enrolled,
    Family,
    Identified,
    IdentifiedStudent,
    ImportedFile,
    LinkRecord,
    NomenclatureRecord,
    Rejected,
    StudentRecord,
)
from teleservices_core.domain.roster import Kinship
from teleservices_core.domain.values import Uai
from teleservices_core.exchange import staging_schema as schema
from teleservices_core.exchange.scratch import Codec, pages

_STUDENTS: Final = Codec(StudentRecord, "students")
_ADULTS: Final = Codec(AdultRecord, "adults")
_LINKS: Final = Codec(LinkRecord, "links")
_CLASS_GROUPS: Final = Codec(ClassGroupRecord, "class_groups")
_NOMENCLATURE: Final = Codec(NomenclatureRecord, "nomenclature")
_REJECTED: Final = Codec(Rejected, "rejected")
_ALERTS: Final = Codec(Alert, "alerts")
_PUPILS: Final = Codec(IdentifiedStudent, "pupils")
_PEOPLE: Final = Codec(Identified, "people")
_ENROLLED: Final = Codec(Enrolled, "enrolled")

_BLIND: Final = "SELECT 1 FROM withheld WHERE kind = 'student' AND siecle_id = '' AND ine = ''"
"""A student set aside of whom nothing could be read: anybody missing may be that one."""
_MISSING: Final = f"""
FROM enrolled e
WHERE NOT EXISTS (SELECT 1 FROM held h WHERE h.entity_id = e.student_id)
  AND NOT EXISTS (SELECT 1 FROM withheld w WHERE w.kind = 'student'
    AND ((w.siecle_id <> '' AND w.siecle_id = e.siecle_id) OR (w.ine <> '' AND w.ine = e.ine)))
  AND NOT EXISTS ({_BLIND})
"""  # noqa: S608


class Staged:
    """See :class:`teleservices_core.usecases.importing.stores.StagedRoster`.

    Pages come in the order of the files' identifiers, so that the order of the
    records changes nothing.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        uai: Uai,
        school_year: SchoolYear,
        files: tuple[ImportedFile, ...],
        *,
        has_students: bool,
        has_adults: bool,
    ) -> None:
        self._connection = connection
        self.uai = uai
        self.school_year = school_year
        self.files = files
        self.has_students = has_students
        self.has_adults = has_adults

    def start_over(self) -> None:
        """Forget what was found by comparing: the records stand as they were read."""
        self._connection.rollback()
        self._connection.execute("BEGIN")

    @property
    def digest(self) -> str:
        """One digest for all the files, whatever their order and names."""
        parts = sorted(f"{file.kind} {file.digest}" for file in self.files)
        return sha256("\n".join(parts).encode()).hexdigest()

    def count(self, table: str) -> int:
        """How many records of a kind stand: ``students``, ``adults``, ``rejected``."""
        if table not in {*schema.TAGS, "rejected", "alerts"}:
            raise KeyError(table)
        return int(self._one(f"SELECT count(*) FROM {table}"))  # noqa: S608

    # --- Students -----------------------------------------------------------------

    def students(self, size: int) -> Iterator[list[StudentRecord]]:
        """All students of the file."""
        sql = f"SELECT {_STUDENTS.columns} FROM students {_PAGE}"  # noqa: S608
        for rows in pages(self._connection, sql, size):
            yield [_STUDENTS.load(row) for row in rows]

    def identify_students(self, found: Iterable[IdentifiedStudent]) -> None:
        """Note whom records are about."""
        _PUPILS.add(self._connection, found)

    def numbers(self, student_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """The national identifiers that the file gives to students whom it was found to name."""
        sql = (
            "SELECT r.ine FROM pupils p JOIN students r ON r.siecle_id = p.siecle_id "
            "WHERE p.entity_id = ? AND r.ine IS NOT NULL"
        )
        found = {id_: self._connection.execute(sql, (id_.bytes,)).fetchone() for id_ in student_ids}
        return {id_: row[0] for id_, row in found.items() if row is not None}

    def take_ines(self, siecle_ids: Iterable[str]) -> None:
        """Note that the national identifiers of records are free after all."""
        for siecle_id in siecle_ids:
            self._connection.execute(
                "UPDATE pupils SET takes_ine = 1 WHERE siecle_id = ?", (siecle_id,)
            )

    def clashing_students(self) -> list[str]:
        """ELEVE_IDs of several records that were found to be about one student."""
        return self._clashing("pupils")

    def identified_students(
        self, size: int
    ) -> Iterator[list[tuple[StudentRecord, IdentifiedStudent]]]:
        """All students, with whom they are."""
        width = len(_STUDENTS.names)
        sql = (
            f"SELECT {_of('r', _STUDENTS)}, {_of('p', _PUPILS)} FROM students r "  # noqa: S608
            "JOIN pupils p ON p.siecle_id = r.siecle_id "
            "WHERE r.siecle_id > :after ORDER BY r.siecle_id LIMIT :size"
        )
        for rows in pages(self._connection, sql, size):
            yield [(_STUDENTS.load(row), _PUPILS.load(row[width:])) for row in rows]

    def reject_students(self, siecle_ids: Iterable[str], reason: str) -> None:
        """Set students aside, with their links."""
        for siecle_id in siecle_ids:
            self._reject("students", "siecle_id", siecle_id, reason)
            self._reject_links("student_id", siecle_id, schema.student_aside())
            self._connection.execute("DELETE FROM pupils WHERE siecle_id = ?", (siecle_id,))

    # --- Departures ---------------------------------------------------------------

    def enroll(self, known: Iterable[Enrolled]) -> None:
        """Note whom the establishment had before."""
        execute = self._connection.execute
        for each in known:
            execute("INSERT OR REPLACE INTO enrolled VALUES (?, ?, ?, ?)", _ENROLLED.dump(each))

    def count_missing(self) -> tuple[int, int]:
        """(missing from the file, all those whom the establishment had)."""
        self._hold()
        missing = self._one(f"SELECT count(*) {_MISSING}")
        return int(missing), int(self._one("SELECT count(*) FROM enrolled"))

    def missing(self, size: int) -> Iterator[list[Enrolled]]:
        """Those whom the establishment had and whom the file does not list."""
        self._hold()
        sql = (
            f"SELECT {_ENROLLED.columns} {_MISSING} AND e.student_id > :after "
            "ORDER BY e.student_id LIMIT :size"
        )
        for rows in pages(self._connection, sql, size, start=b""):
            yield [_ENROLLED.load(row) for row in rows]

    def _hold(self) -> None:
        execute = self._connection.execute
        execute("DROP TABLE IF EXISTS held")
        execute("CREATE TEMP TABLE held (entity_id PRIMARY KEY) WITHOUT ROWID")
        execute("INSERT OR IGNORE INTO held SELECT entity_id FROM pupils")

    # --- Adults -------------------------------------------------------------------

    def adults(self, size: int) -> Iterator[list[AdultRecord]]:
        """All adults of the file."""
        sql = f"SELECT {_ADULTS.columns} FROM adults {_PAGE}"  # noqa: S608
        for rows in pages(self._connection, sql, size):
            yield [_ADULTS.load(row) for row in rows]

    def identify_adults(self, found: Iterable[Identified]) -> None:
        """Note whom records are about; a second word replaces the first."""
        execute = self._connection.execute
        for each in found:
            execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?)", _PEOPLE.dump(each))

    def clashing_adults(self) -> list[str]:
        """PERSONNE_IDs of several records that were found to be about one adult."""
        return self._clashing("people")

    def reject_adults(self, siecle_ids: Iterable[str], reason: str) -> None:
        """Set adults aside, with their links."""
        for siecle_id in siecle_ids:
            self._reject("adults", "siecle_id", siecle_id, reason)
            self._reject_links("adult_id", siecle_id, schema.adult_aside())
            self._connection.execute("DELETE FROM people WHERE siecle_id = ?", (siecle_id,))

    def children_of(self, siecle_ids: Collection[str]) -> Mapping[str, list[UUID]]:
        """The students to whom the file links adults, by PERSONNE_ID."""
        sql = (
            "SELECT p.entity_id FROM links l JOIN pupils p ON p.siecle_id = l.student_id "
            "WHERE l.adult_id = ?"
        )
        return {
            key: [UUID(bytes=id_) for (id_,) in self._connection.execute(sql, (key,))]
            for key in siecle_ids
        }

    def strangers(
        self, size: int
    ) -> Iterator[list[tuple[AdultRecord, list[tuple[UUID, Kinship]]]]]:
        """Adults not identified yet, with the known students of theirs whom an INE vouches for."""
        sql = (
            f"SELECT {_ADULTS.columns} FROM adults r "  # noqa: S608
            "WHERE r.siecle_id > :after "
            "AND NOT EXISTS (SELECT 1 FROM people p WHERE p.siecle_id = r.siecle_id) "
            "ORDER BY r.siecle_id LIMIT :size"
        )
        children = (
            "SELECT p.entity_id, l.kinship FROM links l JOIN pupils p "
            "ON p.siecle_id = l.student_id "
            "WHERE l.adult_id = ? AND p.is_known AND p.has_ine ORDER BY p.entity_id"
        )
        for rows in pages(self._connection, sql, size):
            yield [
                (
                    _ADULTS.load(row),
                    [
                        (UUID(bytes=id_), Kinship(kinship))
                        for id_, kinship in self._connection.execute(children, (row[0],))
                    ],
                )
                for row in rows
            ]

    def identified_adults(self, size: int) -> Iterator[list[tuple[AdultRecord, Identified]]]:
        """All adults, with whom they are."""
        yield from self._identified_adults("true", size)

    def identified_guardians(self, size: int) -> Iterator[list[tuple[AdultRecord, Identified]]]:
        """Those who are more than a contact for a student who attends."""
        yield from self._identified_adults(_IS_GUARDIAN, size)

    def _identified_adults(
        self, where: str, size: int
    ) -> Iterator[list[tuple[AdultRecord, Identified]]]:
        width = len(_ADULTS.names)
        sql = (
            f"SELECT {_of('r', _ADULTS)}, {_of('p', _PEOPLE)} FROM adults r "  # noqa: S608
            "JOIN people p ON p.siecle_id = r.siecle_id "
            f"WHERE r.siecle_id > :after AND {where} ORDER BY r.siecle_id LIMIT :size"
        )
        for rows in pages(self._connection, sql, size):
            yield [(_ADULTS.load(row), _PEOPLE.load(row[width:])) for row in rows]

    # --- Links --------------------------------------------------------------------

    def linked_strangers(self, size: int) -> Iterator[list[str]]:
        """ELEVE_IDs that links name and that no student record identified."""
        sql = (
            "SELECT DISTINCT student_id FROM links l WHERE student_id > :after "
            "AND NOT EXISTS (SELECT 1 FROM pupils p WHERE p.siecle_id = l.student_id) "
            "ORDER BY student_id LIMIT :size"
        )
        for rows in pages(self._connection, sql, size):
            yield [row[0] for row in rows]

    def reject_links_of(self, siecle_ids: Iterable[str], reason: str) -> None:
        """Set aside all links of students."""
        for siecle_id in siecle_ids:
            self._reject_links("student_id", siecle_id, reason)

    def families(self, size: int) -> Iterator[list[Family]]:
        """Every identified student with the links that the file gives."""
        blind = bool(
            self._one("SELECT count(*) FROM withheld WHERE kind <> 'student' AND siecle_id = ''")
        )
        sql = f"SELECT {_PUPILS.columns} FROM pupils {_PAGE}"  # noqa: S608
        for rows in pages(self._connection, sql, size):
            first, last = rows[0][0], rows[-1][0]
            links = self._links_between(first, last)
            unsure = {
                row[0]
                for row in self._connection.execute(
                    "SELECT siecle_id FROM withheld WHERE kind = 'link' "
                    "AND siecle_id BETWEEN ? AND ?",
                    (first, last),
                )
            }
            yield [
                Family(_PUPILS.load(row), tuple(links.get(row[0], ())), blind or row[0] in unsure)
                for row in rows
            ]

    def _links_between(
        self, first: str, last: str
    ) -> dict[str, list[tuple[LinkRecord, UUID, str]]]:
        width = len(_LINKS.names)
        sql = (
            f"SELECT {_of('l', _LINKS)}, p.entity_id, "  # noqa: S608
            "a.first_name || ' ' || coalesce(nullif(a.usage_name, ''), a.last_name) "
            "FROM links l JOIN people p ON p.siecle_id = l.adult_id "
            "JOIN adults a ON a.siecle_id = l.adult_id "
            "WHERE l.student_id BETWEEN ? AND ? ORDER BY l.student_id, l.adult_id"
        )
        rows = self._connection.execute(sql, (first, last))
        return {
            student_id: [
                (_LINKS.load(row), UUID(bytes=row[width]), row[width + 1].strip()) for row in group
            ]
            for student_id, group in groupby(rows, key=lambda row: row[0])
        }

    # --- Who needs an account -----------------------------------------------------

    def present_students(self, size: int) -> Iterator[list[tuple[UUID, str, str, str]]]:
        """(id, first name, last name, name to show) of students who attend."""
        yield from self._persons("students", "pupils", "k.is_present", size)

    def present_guardians(self, size: int) -> Iterator[list[tuple[UUID, str, str, str]]]:
        """The same for adults who are more than a contact for one of them."""
        yield from self._persons("adults", "people", _IS_GUARDIAN, size)

    def _persons(
        self, table: str, known: str, where: str, size: int
    ) -> Iterator[list[tuple[UUID, str, str, str]]]:
        sql = (
            "SELECT r.siecle_id, k.entity_id, r.first_name, r.last_name, "  # noqa: S608
            "trim(r.first_name || ' ' || coalesce(nullif(r.usage_name, ''), r.last_name)) "
            f"FROM {table} r JOIN {known} k ON k.siecle_id = r.siecle_id "
            f"WHERE r.siecle_id > :after AND {where} ORDER BY r.siecle_id LIMIT :size"
        )
        for rows in pages(self._connection, sql, size):
            yield [(UUID(bytes=row[1]), row[2], row[3], row[4]) for row in rows]

    # --- The rest -----------------------------------------------------------------

    def class_groups(self) -> Iterator[ClassGroupRecord]:
        """Divisions and groups of BEE_STRUCTURES."""
        return self._all(_CLASS_GROUPS, "code")

    def nomenclature(self) -> Iterator[NomenclatureRecord]:
        """Codes of BEE_NOMENCLATURES."""
        return self._all(_NOMENCLATURE, "kind, code")

    def rejected(self, limit: int | None = None) -> Iterator[Rejected]:
        """Records set aside, in the order of the files."""
        return self._all(_REJECTED, "file, line, rowid", limit)

    def alerts(self, limit: int | None = None) -> Iterator[Alert]:
        """What to look at, in the order of the files."""
        return self._all(_ALERTS, "file, line, rowid", limit)

    def remark(self, alert: Alert) -> None:
        """See the port."""
        _ALERTS.add(self._connection, [alert])

    def _all(self, codec: Codec[Any], order: str, limit: int | None = None) -> Iterator[Any]:
        sql = f"SELECT {codec.columns} FROM {codec.table} ORDER BY {order} LIMIT ?"  # noqa: S608
        rows = self._connection.execute(sql, (-1 if limit is None else limit,))
        return map(codec.load, rows)

    def _one(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchone()[0]

    def _clashing(self, table: str) -> list[str]:
        sql = (
            f"SELECT siecle_id FROM {table} WHERE entity_id IN (SELECT entity_id FROM {table} "  # noqa: S608
            "GROUP BY entity_id HAVING count(*) > 1) ORDER BY siecle_id"
        )
        return [row[0] for row in self._connection.execute(sql)]

    def _reject_links(self, column: str, siecle_id: str, reason: str) -> None:
        self._reject("links", column, siecle_id, reason)

    def _reject(self, table: str, column: str, siecle_id: str, reason: str) -> None:
        execute: Any = self._connection.execute
        where = f"WHERE r.{column} = ?"
        execute(
            f"INSERT INTO rejected SELECT r.file, r.line, ?, {schema.KEYS[table]}, ? "  # noqa: S608
            f"FROM {table} r {where}",
            (schema.TAGS[table], reason, siecle_id),
        )
        execute(f"INSERT INTO withheld {schema.WITHHOLD[table]} {where}", (siecle_id,))
        execute(f"DELETE FROM {table} AS r {where}", (siecle_id,))  # noqa: S608


_IS_GUARDIAN: Final = (
    "EXISTS (SELECT 1 FROM links l JOIN pupils p ON p.siecle_id = l.student_id "
    "WHERE l.adult_id = r.siecle_id AND l.level <= 2 AND p.is_present)"
)
_PAGE: Final = "WHERE siecle_id > :after ORDER BY siecle_id LIMIT :size"


def _of(alias: str, codec: Codec[Any]) -> str:
    return ", ".join(f"{alias}.{name}" for name in codec.names)
