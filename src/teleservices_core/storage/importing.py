"""The database's side of an import: what is known, page by page, and bulk writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import attrs
from attrs import Factory, frozen
from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.identity import Relative
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.records import Enrolled, Rejected
from teleservices_core.domain.roster import (
    Adult,
    Kinship,
    Responsibility,
    Schooling,
    Student,
    StudentDetails,
)
from teleservices_core.domain.values import Uai
from teleservices_core.ports import Transaction
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import upsert
from teleservices_core.storage.import_changes import Changes
from teleservices_core.storage.importing_rows import (
    DETAILS,
    IDENTITY,
    account_row,
    adult_row,
    details_row,
    link_row,
    schooling_row,
    student_row,
    to_adult,
    to_details,
    to_link,
    to_schooling,
    to_student,
)
from teleservices_core.usecases.importing.stores import Code, HeldLink, ImportEntry

_STUDENT, _ADULT = "student", "adult"
_LOCK = 0x7E1E_5E2F
"""Key of PostgreSQL's advisory lock: imports of a site take turns."""

_PAGE = 1_000
_RECENT = 20
"""Imports looked back at for the newest file of each kind."""
_PARAMETERS = 10_000
"""Values in one question; SQLite takes 32,766 and PostgreSQL 65,535."""
_STUDENT_NAME = (t.students.c.first_name, t.students.c.usage_name, t.students.c.last_name)
_ADULT_NAME = (t.adults.c.first_name, t.adults.c.usage_name, t.adults.c.last_name)


def _name(row: Any) -> str:
    return f"{row.first_name} {row.usage_name or row.last_name}".strip()


def _keyed(uai: Uai, kind: str, siecle_ids: Collection[str]) -> Any:
    keys = t.siecle_keys.c
    return (keys.uai == uai.code) & (keys.kind == kind) & keys.siecle_id.in_(siecle_ids)


@frozen
class Imports:
    """See :class:`teleservices_core.usecases.importing.stores.ImportStore`."""

    connection: Connection
    _changes: Changes = Factory(lambda self: Changes(self.connection), takes_self=True)

    @classmethod
    def of(cls, tx: Transaction) -> Imports:
        """The store of a transaction."""
        return cls(tx.connection)

    def begin(self, import_id: UUID) -> None:
        """See the port."""
        self._changes.import_id = import_id

    def lock(self) -> None:
        """See the port. SQLite has taken its only write lock already."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def _rows(self, statement: Select[Any]) -> Iterable[Row[Any]]:
        return self.connection.execute(statement)

    # --- What is known --------------------------------------------------------------

    def last_exports(self, uai: Uai, school_year: SchoolYear) -> Mapping[str, date]:
        """See the port."""
        c = t.imports.c
        done = select(c.files).where(
            c.uai == uai.code, c.school_year == school_year.start, c.undone_at.is_(None)
        )
        found: dict[str, date] = {}
        for files in self.connection.scalars(done.order_by(c.at.desc()).limit(_RECENT)):
            for file in files:
                if file["exported_on"]:
                    day = date.fromisoformat(file["exported_on"])
                    found[file["kind"]] = max(day, found.get(file["kind"], day))
        return found

    def students_by_ine(self, ines: Collection[str]) -> Mapping[str, Student]:
        """See the port."""
        found = select(*IDENTITY).where(t.students.c.ine.in_(ines))
        return {row.ine: to_student(row) for row in self._rows(found)}

    def students_by_key(self, uai: Uai, siecle_ids: Collection[str]) -> Mapping[str, Student]:
        """See the port."""
        found = (
            select(t.siecle_keys.c.siecle_id, *IDENTITY)
            .join(t.students, t.students.c.id == t.siecle_keys.c.entity_id)
            .where(_keyed(uai, _STUDENT, siecle_ids))
        )
        return {row.siecle_id: to_student(row) for row in self._rows(found)}

    def students(self, ids: Collection[UUID]) -> Mapping[UUID, Student]:
        """See the port."""
        found = select(*IDENTITY).where(t.students.c.id.in_(ids))
        return {row.id: to_student(row) for row in self._rows(found)}

    def student_details(self, ids: Collection[UUID]) -> Mapping[UUID, StudentDetails]:
        """See the port."""
        found = select(t.students.c.id, *DETAILS).where(t.students.c.id.in_(ids))
        return {row.id: to_details(row) for row in self._rows(found)}

    def schoolings(
        self, student_ids: Collection[UUID], since: SchoolYear
    ) -> Mapping[UUID, list[Schooling]]:
        """See the port."""
        s = t.schoolings.c
        found = (
            select(t.schoolings)
            .where(s.student_id.in_(student_ids), s.school_year >= since.start)
            .order_by(s.school_year, s.left_on.is_(None), s.left_on, s.uai)
        )
        schoolings: dict[UUID, list[Schooling]] = defaultdict(list)
        for row in self._rows(found):
            schoolings[row.student_id].append(to_schooling(row))
        return schoolings

    def enrolled(self, uai: Uai, school_year: SchoolYear, day: date) -> Iterator[Enrolled]:
        """See the port."""
        s, keys = t.schoolings.c, t.siecle_keys.c
        mine = (keys.entity_id == s.student_id) & (keys.uai == s.uai) & (keys.kind == _STUDENT)
        found = (
            select(s.student_id, keys.siecle_id, t.students.c.ine, *_STUDENT_NAME)
            .select_from(
                t.schoolings.join(t.students, t.students.c.id == s.student_id).outerjoin(
                    t.siecle_keys, mine
                )
            )
            .where(
                s.uai == uai.code,
                s.school_year == school_year.start,
                or_(s.left_on.is_(None), s.left_on > day),
            )
            .order_by(s.student_id)
            .limit(_PAGE)
        )
        page = self.connection.execute(found).all()
        while page:
            for row in page:
                yield Enrolled(row.student_id, row.siecle_id or "", row.ine or "", _name(row))
            page = self.connection.execute(found.where(s.student_id > page[-1].student_id)).all()

    def adults_by_key(self, uai: Uai, siecle_ids: Collection[str]) -> Mapping[str, Adult]:
        """See the port."""
        found = (
            select(t.siecle_keys.c.siecle_id, t.adults)
            .join(t.adults, t.adults.c.id == t.siecle_keys.c.entity_id)
            .where(_keyed(uai, _ADULT, siecle_ids))
        )
        return {row.siecle_id: to_adult(row) for row in self._rows(found)}

    def adults(self, ids: Collection[UUID]) -> Mapping[UUID, Adult]:
        """See the port."""
        found = select(t.adults).where(t.adults.c.id.in_(ids))
        return {row.id: to_adult(row) for row in self._rows(found)}

    def relatives(self, student_ids: Collection[UUID], uai: Uai) -> list[Relative]:
        """See the port."""
        links, keys = t.responsibilities.c, t.siecle_keys.c
        is_keyed = (
            select(keys.entity_id)
            .where(keys.entity_id == t.adults.c.id, keys.uai == uai.code, keys.kind == _ADULT)
            .exists()
        )
        found = (
            select(links.student_id, links.kinship, is_keyed.label("is_keyed"), t.adults)
            .join(t.adults, t.adults.c.id == links.adult_id)
            .where(links.student_id.in_(student_ids))
        )
        return [
            Relative(row.student_id, to_adult(row), bool(row.is_keyed), Kinship(row.kinship))
            for row in self._rows(found)
        ]

    def links(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[HeldLink]]:
        """See the port."""
        links = t.responsibilities.c
        found = (
            select(t.responsibilities, *_ADULT_NAME)
            .join(t.adults, t.adults.c.id == links.adult_id)
            .where(links.student_id.in_(student_ids))
            .order_by(links.student_id, links.adult_id)
        )
        held: dict[UUID, list[HeldLink]] = defaultdict(list)
        for row in self._rows(found):
            held[row.student_id].append(HeldLink(to_link(row), row.uai, _name(row)))
        return held

    def keys(self, uai: Uai, kind: str, siecle_ids: Collection[str]) -> Mapping[str, UUID]:
        """See the port."""
        keys = t.siecle_keys.c
        found = select(keys.siecle_id, keys.entity_id).where(_keyed(uai, kind, siecle_ids))
        return {row.siecle_id: row.entity_id for row in self._rows(found)}

    def with_account(self, person_ids: Collection[UUID]) -> set[UUID]:
        """See the port."""
        held = t.account_holders.c.person_id
        return set(self.connection.scalars(select(held).where(held.in_(person_ids))))

    def taken(self, login_names: Collection[str]) -> set[str]:
        """See the port."""
        name = t.accounts.c.login_name
        asked = list(login_names)
        return {
            found
            for start in range(0, len(asked), _PARAMETERS)
            for found in self.connection.scalars(
                select(name).where(name.in_(asked[start : start + _PARAMETERS]))
            )
        }

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> set[Code]:
        """See the port."""
        c = t.class_groups.c
        found = select(c.kind, c.code, c.label, c.mef).where(
            c.uai == uai.code, c.school_year == school_year.start
        )
        return {Code(*tuple(row)) for row in self._rows(found)}

    def nomenclature(self, uai: Uai) -> set[Code]:
        """See the port."""
        c = t.nomenclature.c
        found = select(c.kind, c.code, c.short_label, c.long_label).where(c.uai == uai.code)
        return {Code(*tuple(row)) for row in self._rows(found)}

    # --- What is written ------------------------------------------------------------

    def _upsert(self, table: Any, rows: Iterable[dict[str, Any]], *, unless: str = "") -> None:
        listed = list(rows)
        if listed:
            self._changes.save(table, listed, unless=unless)
            upsert(self.connection, table, listed, columns=tuple(listed[0]), unless=unless)

    def save_students(self, students: Sequence[tuple[Student, StudentDetails]]) -> None:
        """See the port."""
        self._upsert(
            t.students, (student_row(who) | details_row(details) for who, details in students)
        )

    def release_ines(self, student_ids: Collection[UUID]) -> None:
        """See the port."""
        if student_ids:
            self._changes.save(t.students, [{"id": id_, "ine": None} for id_ in student_ids])
            theirs = update(t.students).where(t.students.c.id.in_(student_ids))
            self.connection.execute(theirs.values(ine=None))

    def save_schoolings(self, schoolings: Sequence[Schooling]) -> None:
        """See the port."""
        self._upsert(t.schoolings, map(schooling_row, schoolings))

    def close_schoolings(
        self, student_ids: Sequence[UUID], uai: Uai, school_year: SchoolYear, on: date
    ) -> None:
        """See the port."""
        s = t.schoolings.c
        place = {"uai": uai.code, "school_year": school_year.start, "left_on": on}
        self._changes.save(t.schoolings, [{"student_id": id_, **place} for id_ in student_ids])
        self.connection.execute(
            update(t.schoolings)
            .where(
                s.student_id.in_(student_ids),
                s.uai == uai.code,
                s.school_year == school_year.start,
            )
            .values(left_on=on)
        )

    def save_adults(self, adults: Sequence[Adult]) -> None:
        """See the port."""
        self._upsert(t.adults, map(adult_row, adults))

    def save_keys(self, uai: Uai, kind: str, keys: Sequence[tuple[str, UUID]]) -> None:
        """See the port."""
        self._upsert(
            t.siecle_keys,
            (
                {"uai": uai.code, "kind": kind, "siecle_id": key, "entity_id": entity_id}
                for key, entity_id in keys
            ),
        )

    def forget_keys(self, uai: Uai, kind: str, entity_ids: Sequence[UUID]) -> None:
        """See the port."""
        keys = t.siecle_keys.c
        theirs = (keys.uai == uai.code, keys.kind == kind, keys.entity_id.in_(entity_ids))
        found = self.connection.execute(select(t.siecle_keys).where(*theirs)).mappings().all()
        self._changes.remove(t.siecle_keys, found)
        self.connection.execute(delete(t.siecle_keys).where(*theirs))

    def save_links(self, links: Sequence[tuple[Responsibility, str]]) -> None:
        """See the port."""
        # What an establishment has barred stays so, even since the links were read.
        rows = (link_row(link, uai) for link, uai in links)
        self._upsert(t.responsibilities, rows, unless="is_barred")

    def save_class_groups(self, uai: Uai, school_year: SchoolYear, codes: Sequence[Code]) -> None:
        """See the port."""
        self._upsert(
            t.class_groups,
            (
                {
                    "uai": uai.code,
                    "school_year": school_year.start,
                    "code": each.code,
                    "kind": each.kind,
                    "label": each.label,
                    "mef": each.detail,
                }
                for each in codes
            ),
        )

    def save_nomenclature(self, uai: Uai, codes: Sequence[Code]) -> None:
        """See the port."""
        self._upsert(
            t.nomenclature,
            (
                {
                    "uai": uai.code,
                    "kind": each.kind,
                    "code": each.code,
                    "short_label": each.label,
                    "long_label": each.detail,
                }
                for each in codes
            ),
        )

    def add_accounts(self, accounts: Sequence[Account]) -> None:
        """See the port."""
        self._upsert(t.accounts, map(account_row, accounts))
        self._upsert(
            t.account_holders,
            (
                {"person_id": person_id, "account_id": account.id}
                for account in accounts
                for person_id in account.holder_ids
            ),
        )

    def note_questions(self, match_ids: Sequence[UUID]) -> None:
        """See the port."""
        self._changes.save(t.matches, [{"id": id_} for id_ in match_ids])

    def record(self, entry: ImportEntry, rejected: Iterable[Rejected]) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.imports).values(
                id=entry.id,
                uai=entry.uai.code,
                school_year=entry.school_year.start,
                digest=entry.digest,
                at=entry.at,
                actor=entry.actor,
                files=[attrs.asdict(file, value_serializer=_plain) for file in entry.files],
                counts=dict(entry.counts),
            )
        )
        rows = (
            {"import_id": entry.id, "position": position, **attrs.asdict(each)}
            for position, each in enumerate(rejected, start=1)
        )
        columns = tuple(column.name for column in t.quarantine.c)
        upsert(self.connection, t.quarantine, rows, columns=columns)


def _plain(_instance: object, _field: object, value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
