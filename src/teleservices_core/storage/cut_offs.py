"""Plugins switched off while the site runs."""

from __future__ import annotations

from attrs import asdict, frozen
from sqlalchemy import Connection, delete, select

from teleservices_core.domain.policy import CutOff
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_if_new


@frozen
class CutOffs:
    """See :class:`teleservices_core.ports.incidents.CutOffStore`."""

    connection: Connection

    def all(self) -> list[CutOff]:
        """See the port."""
        rows = self.connection.execute(select(t.cut_plugins).order_by(t.cut_plugins.c.plugin))
        return [CutOff(**row._asdict()) for row in rows]

    def add(self, cut_off: CutOff) -> bool:
        """See the port."""
        return insert_if_new(self.connection, t.cut_plugins, asdict(cut_off)) == 1

    def remove(self, plugin: str) -> bool:
        """See the port."""
        gone = delete(t.cut_plugins).where(t.cut_plugins.c.plugin == plugin)
        return self.connection.execute(gone).rowcount == 1
