"""Delegations of heads: rows to values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from attrs import asdict, frozen
from sqlalchemy import Connection, insert, select, update

from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as t


@frozen
class Delegations:
    """See :class:`teleservices_core.ports.DelegationStore`."""

    connection: Connection

    def of_establishment(self, uai: Uai) -> list[Delegation]:
        """See the port."""
        mine = select(t.delegations).where(t.delegations.c.uai == uai.code)
        found = self.connection.execute(mine.order_by(t.delegations.c.from_on.desc()))
        return [Delegation(**{**row._asdict(), "uai": uai}) for row in found]

    def held(self, staff_ids: Sequence[UUID], uai: Uai, day: date) -> frozenset[str]:
        """See the port."""
        d = t.delegations.c
        held = select(d.module_id).where(
            d.staff_id.in_(staff_ids),
            d.uai == uai.code,
            d.from_on <= day,
            d.until_on >= day,
            d.ended_at.is_(None),
        )
        return frozenset(self.connection.scalars(held))

    def add(self, delegation: Delegation) -> None:
        """See the port."""
        row = {**asdict(delegation, recurse=False), "uai": delegation.uai.code}
        self.connection.execute(insert(t.delegations).values(row))

    def end(self, delegation_id: UUID, uai: Uai, at: datetime) -> None:
        """See the port."""
        d = t.delegations.c
        done = self.connection.execute(
            update(t.delegations)
            .where(d.id == delegation_id, d.uai == uai.code, d.ended_at.is_(None))
            .values(ended_at=at)
        )
        if done.rowcount != 1:
            raise ConflictError("this delegation has ended meanwhile")
