"""Receipts, confirmations, rounds and reports: rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import asdict, frozen
from sqlalchemy import Connection, Row, insert, select

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.storage.bulk import insert_or_update
from teleservices_fiche.model import (
    Confirmation,
    ConfirmationRound,
    Person,
    PersonKind,
    Receipt,
    ReceiptKind,
    Report,
)
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.proposals import maker_row, to_maker


def _placed(row: Row[Any]) -> dict[str, Any]:
    return row._asdict() | {"uai": Uai(row.uai), "school_year": SchoolYear(row.school_year)}


def _row(value: Any) -> dict[str, Any]:
    said = asdict(value, recurse=False)
    return said | {"uai": value.uai.code, "school_year": value.school_year.start}


def _to_receipt(row: Row[Any]) -> Receipt:
    return Receipt(**_placed(row) | {"kind": ReceiptKind(row.kind)})


def to_report(row: Row[Any]) -> Report:
    """A report from its row."""
    return Report(
        id=row.id,
        uai=Uai(row.uai),
        school_year=SchoolYear(row.school_year),
        student_id=row.student_id,
        person=Person(PersonKind(row.person_kind), row.person_id),
        field=row.field,
        message=row.message,
        maker=to_maker(row),
        made_at=row.made_at,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
        answer=row.answer,
        version=row.version,
    )


@frozen
class Papers:
    """See :class:`teleservices_fiche.usecases.ports.PaperStore`."""

    connection: Connection

    def receipt(self, number: str) -> Receipt | None:
        """See the port."""
        found = select(t.receipts).where(t.receipts.c.number == number)
        row = self.connection.execute(found).first()
        return _to_receipt(row) if row else None

    def receipts_of(self, holder_id: UUID, student_id: UUID) -> list[Receipt]:
        """See the port."""
        r = t.receipts.c
        rows = self.connection.execute(
            select(t.receipts)
            .where(r.holder_id == holder_id, r.student_id == student_id)
            .order_by(r.issued_at.desc(), r.number)
        )
        return [_to_receipt(row) for row in rows]

    def add_receipt(self, receipt: Receipt) -> None:
        """See the port."""
        self.connection.execute(insert(t.receipts).values(_row(receipt)))

    def confirmations(
        self, student_id: UUID, uai: Uai, year: SchoolYear
    ) -> Mapping[UUID, Confirmation]:
        """See the port."""
        c = t.confirmations.c
        rows = self.connection.execute(
            select(t.confirmations).where(
                c.student_id == student_id, c.uai == uai.code, c.school_year == year.start
            )
        )
        return {row.holder_id: Confirmation(**_placed(row)) for row in rows}

    def confirm(self, confirmation: Confirmation) -> None:
        """See the port."""
        row = _row(confirmation)
        said = {name: row[name] for name in ("at", "number", "digest")}
        insert_or_update(self.connection, t.confirmations, row, said)

    def round(self, uai: Uai, year: SchoolYear) -> ConfirmationRound | None:
        """See the port."""
        r = t.rounds.c
        row = self.connection.execute(
            select(t.rounds).where(r.uai == uai.code, r.school_year == year.start)
        ).first()
        if row is None:
            return None
        return ConfirmationRound(**_placed(row) | {"reminders": tuple(row.reminders)})

    def add_report(self, report: Report) -> None:
        """See the port."""
        said = _row(report)
        maker, person = said.pop("maker"), said.pop("person")
        said |= maker_row(maker) | {"person_kind": person.kind.value, "person_id": person.id}
        self.connection.execute(insert(t.reports).values(said))

    def reports_of(self, holder_id: UUID, student_id: UUID) -> list[Report]:
        """See the port."""
        r = t.reports.c
        rows = self.connection.execute(
            select(t.reports)
            .where(r.holder_id == holder_id, r.student_id == student_id)
            .order_by(r.made_at.desc())
        )
        return [to_report(row) for row in rows]
