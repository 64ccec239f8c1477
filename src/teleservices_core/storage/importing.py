"""The database's side of an import: what is known, page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, Row, Select, or_, select

from teleservices_core.domain.identity import Relative
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.records import Enrolled
from teleservices_core.domain.roster import Adult, Kinship, Schooling, Student, StudentDetails
from teleservices_core.domain.values import Uai
from teleservices_core.ports import Transaction
from teleservices_core.ports.drafts import Draft
from teleservices_core.storage import tables as t
from teleservices_core.storage.accounts import Accounts
from teleservices_core.storage.import_draft import ImportDraft
from teleservices_core.storage.importing_rows import (
    DETAILS,
    IDENTITY,
    to_adult,
    to_details,
    to_link,
    to_schooling,
    to_student,
)
from teleservices_core.usecases.importing.stores import Code, HeldLink

_STUDENT, _ADULT = "student", "adult"

_PAGE = 1_000
_RECENT = 20
"""Imports looked back at for the newest file of each kind."""
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

    @classmethod
    def of(cls, tx: Transaction) -> Imports:
        """The store of a transaction."""
        return cls(tx.connection)

    def draft(self, import_id: UUID, rows: Draft) -> ImportDraft:
        """See the port."""
        return ImportDraft(self.connection, import_id, rows)

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
        return Accounts(self.connection).in_use(login_names)

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
