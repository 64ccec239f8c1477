"""What an import will write, and what that changes, so that it can be taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import attrs
from attrs import Factory, define
from sqlalchemy import Connection, Table, select

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import Match
from teleservices_core.domain.records import Rejected
from teleservices_core.domain.roster import (
    Adult,
    Responsibility,
    Schooling,
    Student,
    StudentDetails,
)
from teleservices_core.domain.values import Uai
from teleservices_core.ports.drafts import Draft
from teleservices_core.storage import tables as t
from teleservices_core.storage.import_changes import Changes, key_of, rows_by_key
from teleservices_core.storage.importing_rows import (
    account_row,
    adult_row,
    details_row,
    link_row,
    schooling_row,
    student_row,
)
from teleservices_core.storage.matches import match_row
from teleservices_core.storage.plain_rows import Row
from teleservices_core.usecases.importing.stores import Code, ImportEntry

Known = dict[tuple[Any, ...], Mapping[Any, Any]]


@define
class ImportDraft:
    """See :class:`teleservices_core.usecases.importing.stores.RosterWrites`.

    Reads what is there before; of what this import itself will have written
    meanwhile, it knows what matters: numbers that were given up, keys.
    """

    connection: Connection
    import_id: UUID
    rows: Draft
    _changes: Changes = Factory(
        lambda self: Changes(self.connection, self.import_id, self.rows), takes_self=True
    )
    _released: set[UUID] = Factory(set)
    _forgotten: set[tuple[Any, ...]] = Factory(set)
    _given: set[tuple[Any, ...]] = Factory(set)

    def _put(self, table: Table, rows: Iterable[Row], known: Known | None = None) -> None:
        listed = list(rows)
        if known is None:
            known = rows_by_key(self.connection, table, listed)
        self._changes.save(table, listed, known)
        self.rows.put(table, listed)

    def _set(self, table: Table, rows: list[Row]) -> None:
        self._changes.save(table, rows, rows_by_key(self.connection, table, rows))
        self.rows.set(table, rows)

    def save_students(self, students: Sequence[tuple[Student, StudentDetails]]) -> None:
        """See the port."""
        rows = [student_row(who) | details_row(details) for who, details in students]
        known = rows_by_key(self.connection, t.students, rows)
        for key, row in known.items():
            if row["id"] in self._released:
                known[key] = {**row, "ine": None}
        self._put(t.students, rows, known)

    def release_ines(self, student_ids: Collection[UUID]) -> None:
        """See the port."""
        self._set(t.students, [{"id": id_, "ine": None} for id_ in student_ids])
        self._released.update(student_ids)

    def save_schoolings(self, schoolings: Sequence[Schooling]) -> None:
        """See the port."""
        self._put(t.schoolings, map(schooling_row, schoolings))

    def close_schoolings(
        self, student_ids: Sequence[UUID], uai: Uai, school_year: SchoolYear, on: date
    ) -> None:
        """See the port."""
        place = {"uai": uai.code, "school_year": school_year.start, "left_on": on}
        self._set(t.schoolings, [{"student_id": id_, **place} for id_ in student_ids])

    def save_adults(self, adults: Sequence[Adult]) -> None:
        """See the port."""
        self._put(t.adults, map(adult_row, adults))

    def save_keys(self, uai: Uai, kind: str, keys: Sequence[tuple[str, UUID]]) -> None:
        """See the port."""
        rows = [
            {"uai": uai.code, "kind": kind, "siecle_id": key, "entity_id": entity_id}
            for key, entity_id in keys
        ]
        known = rows_by_key(self.connection, t.siecle_keys, rows)
        known = {key: row for key, row in known.items() if key not in self._forgotten}
        self._given.update(key_of(t.siecle_keys, row) for row in rows)
        self._put(t.siecle_keys, rows, known)

    def forget_keys(self, uai: Uai, kind: str, entity_ids: Sequence[UUID]) -> None:
        """See the port."""
        keys = t.siecle_keys.c
        theirs = (keys.uai == uai.code, keys.kind == kind, keys.entity_id.in_(entity_ids))
        found = self.connection.execute(select(t.siecle_keys).where(*theirs)).mappings().all()
        gone = [row for row in found if key_of(t.siecle_keys, row) not in self._given]
        self._forgotten.update(key_of(t.siecle_keys, row) for row in gone)
        self._changes.remove(t.siecle_keys, gone)
        rows = [{str(name): value for name, value in row.items()} for row in gone]
        self.rows.drop(t.siecle_keys, rows, by=[key.name for key in t.siecle_keys.primary_key])

    def save_links(self, links: Sequence[tuple[Responsibility, str]]) -> None:
        """See the port."""
        self._put(t.responsibilities, (link_row(link, uai) for link, uai in links))

    def save_class_groups(self, uai: Uai, school_year: SchoolYear, codes: Sequence[Code]) -> None:
        """See the port."""
        self._put(
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
        self._put(
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
        self._put(t.accounts, map(account_row, accounts), {})
        holders = (
            {"person_id": person_id, "account_id": account.id}
            for account in accounts
            for person_id in account.holder_ids
        )
        self._put(t.account_holders, holders, {})

    def add_matches(self, matches: Sequence[Match]) -> None:
        """See the port."""
        # Whether one may be taken back depends on its answer alone.
        self._changes.save(t.matches, [{"id": match.id} for match in matches], {})
        self.rows.put(t.matches, map(match_row, matches))

    def record(self, entry: ImportEntry, rejected: Iterable[Rejected]) -> None:
        """See the port."""
        self.rows.put(
            t.imports,
            [
                {
                    "id": entry.id,
                    "uai": entry.uai.code,
                    "school_year": entry.school_year.start,
                    "digest": entry.digest,
                    "at": entry.at,
                    "actor": entry.actor,
                    "files": [attrs.asdict(file, value_serializer=_plain) for file in entry.files],
                    "counts": dict(entry.counts),
                }
            ],
        )
        self.rows.put(t.quarantine, _quarantined(entry, rejected))


def _quarantined(entry: ImportEntry, rejected: Iterable[Rejected]) -> Iterator[Row]:
    for position, each in enumerate(rejected, start=1):
        yield {"import_id": entry.id, "position": position, **attrs.asdict(each)}


def _plain(_instance: object, _field: object, value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
