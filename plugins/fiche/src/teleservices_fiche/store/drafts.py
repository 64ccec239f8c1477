"""Drafts: one row for each person and sheet, written over a known version only."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Connection, delete, select, update

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.errors import ConflictError
from teleservices_core.storage.bulk import insert_if_new
from teleservices_fiche.model import Draft
from teleservices_fiche.store import tables as t

_d = t.drafts.c


def _same(draft: Draft) -> tuple[ColumnElement[bool], ...]:
    return (
        _d.account_id == draft.account_id,
        _d.student_id == draft.student_id,
        _d.school_year == draft.school_year.start,
        _d.version == draft.version,
    )


@frozen
class Drafts:
    """See :class:`teleservices_fiche.usecases.ports.DraftStore`."""

    connection: Connection

    def get(self, account_id: UUID, student_id: UUID, year: SchoolYear) -> Draft:
        """See the port."""
        row = self.connection.execute(
            select(_d.typed, _d.version, _d.saved_at).where(
                _d.account_id == account_id,
                _d.student_id == student_id,
                _d.school_year == year.start,
            )
        ).first()
        kept: dict[str, Any] = row._asdict() if row else {}
        return Draft(account_id, student_id, year, **kept)

    def save(self, draft: Draft) -> Draft:
        """See the port."""
        said = {
            "typed": dict(draft.typed),
            "version": draft.version + 1,
            "saved_at": draft.saved_at,
        }
        if draft.version == 0:
            key = {
                "account_id": draft.account_id,
                "student_id": draft.student_id,
                "school_year": draft.school_year.start,
            }
            done = insert_if_new(self.connection, t.drafts, key | said)
        else:
            done = self.connection.execute(
                update(t.drafts).where(*_same(draft)).values(said)
            ).rowcount
        if done != 1:
            raise ConflictError("another tab has saved meanwhile")
        return evolve(draft, version=draft.version + 1)

    def drop(self, draft: Draft) -> None:
        """See the port."""
        if draft.version == 0:
            return
        if self.connection.execute(delete(t.drafts).where(*_same(draft))).rowcount != 1:
            raise ConflictError("another tab has saved meanwhile")
