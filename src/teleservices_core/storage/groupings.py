"""Groupings of accounts: rows to values and back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, Select, insert, select, update

from teleservices_core.domain.grouping import Grouping
from teleservices_core.storage import tables as t
from teleservices_core.storage.tables import AnyRow

_IN_FORCE = select(t.groupings).where(t.groupings.c.undone_at.is_(None))


def _to_grouping(row: AnyRow) -> Grouping:
    return Grouping(**{**row._asdict(), "person_ids": tuple(map(UUID, row.person_ids))})


@frozen
class Groupings:
    """See :class:`teleservices_core.ports.groupings.GroupingStore`."""

    connection: Connection

    def _one(self, statement: Select[Any]) -> Grouping | None:
        row = self.connection.execute(statement).first()
        return _to_grouping(row) if row else None

    def add(self, grouping: Grouping) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.groupings).values(
                id=grouping.id,
                account_id=grouping.account_id,
                other_id=grouping.other_id,
                person_ids=[str(person_id) for person_id in grouping.person_ids],
                at=grouping.at,
                until_at=grouping.until_at,
            )
        )

    def get(self, grouping_id: UUID) -> Grouping | None:
        """See the port."""
        return self._one(select(t.groupings).where(t.groupings.c.id == grouping_id))

    def into(self, account_id: UUID) -> list[Grouping]:
        """See the port."""
        brought = _IN_FORCE.where(t.groupings.c.account_id == account_id).order_by(t.groupings.c.at)
        return [_to_grouping(row) for row in self.connection.execute(brought)]

    def out_of(self, account_id: UUID) -> Grouping | None:
        """See the port."""
        return self._one(_IN_FORCE.where(t.groupings.c.other_id == account_id))

    def undo(self, grouping_id: UUID, at: datetime, *, in_time: bool = True) -> bool:
        """See the port."""
        change = update(t.groupings).where(
            t.groupings.c.id == grouping_id, t.groupings.c.undone_at.is_(None)
        )
        if in_time:
            change = change.where(t.groupings.c.until_at > at)
        done = self.connection.execute(change.values(undone_at=at))
        return done.rowcount == 1

    def keep(self, grouping_id: UUID, person_ids: Collection[UUID]) -> None:
        """See the port."""
        self.connection.execute(
            update(t.groupings)
            .where(t.groupings.c.id == grouping_id)
            .values(person_ids=[str(person_id) for person_id in person_ids])
        )
