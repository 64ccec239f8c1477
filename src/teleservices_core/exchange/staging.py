"""Files read into a scratch database, checked against each other, ready to be compared.

Memory stays flat whatever the size, and checks that need several records are
SQL. Nothing here knows the site's database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.records import (
    AddressRecord,
    AdultRecord,
    Alert,
    ClassGroupRecord,
    ImportedFile,
    LinkRecord,
    NomenclatureRecord,
    Rejected,
    StructureRecord,
    StudentAddressRecord,
    StudentRecord,
)
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError
from teleservices_core.exchange import staging_schema as schema
from teleservices_core.exchange.scratch import Codec, dump_address, open_scratch
from teleservices_core.exchange.siecle import Expected, Header, Kind, Unread, read
from teleservices_core.exchange.sources import Limits, Source, examine
from teleservices_core.exchange.staged import Staged
from teleservices_core.i18n import _

_BATCH: Final = 500
_CODECS: Final[dict[type[Any], Codec[Any]]] = {
    StudentRecord: Codec(StudentRecord, "students"),
    StructureRecord: Codec(StructureRecord, "structures"),
    AdultRecord: Codec(AdultRecord, "adults"),
    AddressRecord: Codec(AddressRecord, "addresses"),
    StudentAddressRecord: Codec(StudentAddressRecord, "student_addresses"),
    LinkRecord: Codec(LinkRecord, "links"),
    ClassGroupRecord: Codec(ClassGroupRecord, "class_groups"),
    NomenclatureRecord: Codec(NomenclatureRecord, "nomenclature"),
    Rejected: Codec(Rejected, "rejected"),
    Alert: Codec(Alert, "alerts"),
}
_WITHHELD: Final = {
    "ELEVES/ELEVE": "student",
    "PERSONNES/PERSONNE": "adult",
    "RESPONSABLES/RESPONSABLE_ELEVE": "link",
}

Progress = Callable[[int, int], None]
"""Receives bytes done and bytes in all."""


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and the XML and zip files of the folders named, by name."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in path.iterdir() if p.suffix.lower() in {".xml", ".zip"}]
            found += sorted(inside, key=lambda p: p.name)
            if not inside:
                raise ImportRefusedError(str(path), _("aucun fichier .xml ou .zip dans ce dossier"))
        else:
            found.append(path)
    return found


@contextmanager
def stage(
    paths: Iterable[Path],
    uai: Uai,
    school_years: Collection[SchoolYear],
    *,
    limits: Limits | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Iterator[Staged]:
    """Read, check and hold the files of one export; the scratch is gone at the end.

    Raises :exc:`ImportRefusedError` for a file that is not taken at all.
    """
    sources = [examine(path, limits) for path in find_files(paths)]
    if not sources:
        raise ImportRefusedError("", _("aucun fichier à importer"))
    total, done = sum(source.size for source in sources), 0

    def on_bytes(count: int) -> None:
        nonlocal done
        done += count
        progress(done, total)

    connection = open_scratch(schema.SCHEMA)
    try:
        loader = _Loader(connection, Expected(uai, school_years), limits)
        # One transaction: without a journal it costs nothing and spares a write per batch.
        connection.execute("BEGIN")
        for source in sources:
            loader.load(source, on_bytes)
        staged = loader.check(uai)
        connection.commit()
        # From here on it can go back to what was read.
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("BEGIN")
        yield staged
    finally:
        connection.close()


class _Loader:
    """Fills the scratch database, then checks it."""

    def __init__(
        self, connection: sqlite3.Connection, expected: Expected, limits: Limits | None
    ) -> None:
        self.connection = connection
        self.expected = expected
        self.limits = limits
        self.headers: dict[Kind, tuple[Source, Header]] = {}

    def load(self, source: Source, on_bytes: Callable[[int], None]) -> None:
        """Read one file."""
        records = read(source, self.expected, limits=self.limits, on_bytes=on_bytes)
        header = next(records)
        assert isinstance(header, Header)  # noqa: S101 - what read() promises
        self._accept(source, header)
        waiting: dict[type[Any], list[Any]] = {}
        if source.remark:
            waiting[Alert] = [Alert(source.name, 1, "", "", source.remark)]
        if header.kind is Kind.COMMON:
            waiting.setdefault(Alert, []).append(
                Alert(source.name, None, "", "", _("fichier accepté, sans rien à en reprendre"))
            )
        for record in records:
            kept: Any = record
            if isinstance(record, Unread):
                self._withhold(record)
                kept = record.rejected
            batch = waiting.setdefault(type(kept), [])
            batch.append(kept)
            if len(batch) >= _BATCH:
                self._flush(type(kept), batch)
        for kind, batch in waiting.items():
            self._flush(kind, batch)

    def _accept(self, source: Source, header: Header) -> None:
        if header.kind in self.headers:
            first, _header = self.headers[header.kind]
            reason = _("même nature ({kind}) que {other} : gardez l’un des deux")
            raise ImportRefusedError(source.name, reason.format(kind=header.kind, other=first.name))
        for first, other in self.headers.values():
            if other.school_year != header.school_year:
                reason = _("année {year}, alors que {other} est de l’année {other_year}")
                raise ImportRefusedError(
                    source.name,
                    reason.format(
                        year=header.school_year, other=first.name, other_year=other.school_year
                    ),
                )
        self.headers[header.kind] = source, header

    def _flush(self, kind: type[Any], batch: list[Any]) -> None:
        _CODECS[kind].add(self.connection, batch)
        batch.clear()

    def _withhold(self, record: Unread) -> None:
        if kind := _WITHHELD.get(record.path):
            key = record.adult_id if kind == "adult" else record.student_id
            self.connection.execute(
                "INSERT INTO withheld VALUES (?, ?, ?)", (kind, key, record.ine.upper())
            )

    def check(self, uai: Uai) -> Staged:
        """Set aside what contradicts itself; alert about the rest."""
        has_students, has_adults = Kind.STUDENTS in self.headers, Kind.ADULTS in self.headers
        self.connection.executescript(schema.INDEXES)
        self._reject(schema.person_checks())
        self.connection.execute(schema.SHARED_INE)
        self._alert(schema.shared_ine_alerts())
        self.connection.execute(schema.FORGET_INE)
        has_classes = self._some("structures")
        if has_students:
            self._reject(schema.structure_checks())
        if has_classes:
            self.connection.execute(schema.CLASS_GROUPS)
            self._alert(schema.structure_alerts())
        elif has_students:
            name = self.headers[Kind.STUDENTS][0].name
            reason = _("aucune division dans le fichier : les classes restent comme elles étaient")
            self._flush(Alert, [Alert(name, None, "", "", reason)])
        for table in schema.PEOPLE_BY_ADDRESSES:
            if self._some(table):
                none = {"none": dump_address(PostalAddress())}
                self.connection.execute(schema.settle_addresses(table), none)
                self._alert(schema.address_alerts(table))
        self._reject(schema.link_checks(has_students=has_students))
        if has_students and has_adults:
            self._alert(schema.guardian_alerts())
        return Staged(
            self.connection,
            uai,
            next(iter(self.headers.values()))[1].school_year,
            self._files(),
            has_students=has_students,
            has_adults=has_adults,
        )

    def _some(self, table: str) -> bool:
        return bool(self.connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone())  # noqa: S608

    def _reject(self, checks: Sequence[tuple[str, str, str]]) -> None:
        # All conditions of a table are judged before anything is removed, so that
        # of two records in conflict neither survives.
        for table in dict.fromkeys(table for table, _where, _reason in checks):
            self.connection.execute("CREATE TEMP TABLE marked (id INTEGER PRIMARY KEY, reason)")
            for each, where, reason in checks:
                if each == table:
                    self.connection.execute(
                        f"INSERT OR IGNORE INTO marked SELECT r.rowid, ? FROM {table} r "  # noqa: S608
                        f"WHERE {where}",
                        (reason,),
                    )
            self._remove_marked(table)
            self.connection.execute("DROP TABLE marked")

    def _remove_marked(self, table: str) -> None:
        execute = self.connection.execute
        in_marked = "r.rowid IN (SELECT id FROM marked)"
        execute(
            f"INSERT INTO rejected SELECT r.file, r.line, ?, {schema.KEYS[table]}, m.reason "  # noqa: S608
            f"FROM {table} r JOIN marked m ON m.id = r.rowid ORDER BY r.file, r.line",
            (schema.TAGS[table],),
        )
        if table in schema.WITHHOLD:
            execute(f"INSERT INTO withheld {schema.WITHHOLD[table]} WHERE {in_marked}")
        execute(f"DELETE FROM {table} AS r WHERE {in_marked}")  # noqa: S608

    def _alert(self, alerts: Iterable[tuple[str, str]]) -> None:
        for query, reason in alerts:
            self.connection.execute(
                f"INSERT INTO alerts SELECT *, ? FROM ({query})",  # noqa: S608
                (reason,),
            )

    def _files(self) -> tuple[ImportedFile, ...]:
        return tuple(
            ImportedFile(s.name, h.kind.value, s.digest, s.size, h.exported_on)
            for s, h in self.headers.values()
        )
