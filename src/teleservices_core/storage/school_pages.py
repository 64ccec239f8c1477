"""Establishments' own pages and their options of modules: rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from attrs import asdict, frozen
from sqlalchemy import Connection, Table, select, update

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.school_pages import SchoolPage
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.ports import StoredOptions
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_if_new


@frozen
class SchoolPages:
    """See :class:`teleservices_core.ports.SchoolPageStore`."""

    connection: Connection

    def page(self, uai: Uai) -> SchoolPage:
        """See the port."""
        row = self.connection.execute(
            select(t.school_pages).where(t.school_pages.c.uai == uai.code)
        ).first()
        return SchoolPage(**{**row._asdict(), "uai": uai}) if row else SchoolPage(uai)

    def replace_page(self, before: SchoolPage, after: SchoolPage) -> None:
        """See the port."""
        said = asdict(after, recurse=False) | {"version": before.version + 1}
        self._write(t.school_pages, {"uai": said.pop("uai").code}, said, before.version)

    def options(self, uai: Uai, module_id: str, year: SchoolYear) -> StoredOptions:
        """See the port."""
        o = t.module_options.c
        row = self.connection.execute(
            select(o.options, o.version).where(
                o.uai == uai.code, o.module_id == module_id, o.school_year == year.start
            )
        ).first()
        return StoredOptions(row.options, row.version) if row else StoredOptions()

    def replace_options(
        self,
        uai: Uai,
        module_id: str,
        year: SchoolYear,
        options: Mapping[str, Any],
        *,
        version: int,
        set_by: str,
        set_at: datetime,
    ) -> None:
        """See the port."""
        key = {"uai": uai.code, "module_id": module_id, "school_year": year.start}
        said = {"options": dict(options), "set_by": set_by, "set_at": set_at}
        self._write(t.module_options, key, {**said, "version": version + 1}, version)

    def _write(
        self, table: Table, key: Mapping[str, Any], said: Mapping[str, Any], version: int
    ) -> None:
        if version == 0:
            done = insert_if_new(self.connection, table, {**key, **said})
        else:
            same = [table.c[name] == value for name, value in key.items()]
            done = self.connection.execute(
                update(table).where(*same, table.c.version == version).values(said)
            ).rowcount
        if done != 1:
            raise ConflictError("somebody else has changed this meanwhile")
