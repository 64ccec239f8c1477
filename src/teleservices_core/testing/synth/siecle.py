"""Writing a school's SIECLE exports: four XML files in the school's folder."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.testing.synth.dialects import STYLES, Dialect
from teleservices_core.testing.synth.model import SynthHousehold, SynthSchool
from teleservices_core.testing.synth.nomenclature import (
    CodesUsed,
    nomenclature_body,
    structures_body,
)
from teleservices_core.testing.synth.records import (
    GUARDIAN_SECTIONS,
    STUDENT_SECTIONS,
    Record,
    french_date,
    household_records,
)
from teleservices_core.testing.synth.sectioned import SectionedXml

STUDENTS_FILE = "ElevesAvecAdresses.xml"
GUARDIANS_FILE = "ResponsablesAvecAdresses.xml"
NOMENCLATURE_FILE = "Nomenclature.xml"
STRUCTURES_FILE = "Structures.xml"


@frozen
class Header:
    """What PARAMETRES tells of an export."""

    uai: Uai
    school_year: SchoolYear
    exported_at: datetime

    def text(self, root: str, version: str, encoding: str) -> str:
        """The start of a file, down to DONNEES."""
        day = french_date(self.exported_at.date())
        return (
            f'<?xml version="1.0" encoding="{encoding}"?>\n'
            f'<{root} VERSION="{version}">\n'
            f"  <PARAMETRES>\n"
            f"    <UAJ>{self.uai}</UAJ>\n"
            f"    <ANNEE_SCOLAIRE>{self.school_year.start}</ANNEE_SCOLAIRE>\n"
            f"    <DATE_EXPORT>{day}</DATE_EXPORT>\n"
            f"    <HORODATAGE>{day} {self.exported_at:%H:%M:%S}</HORODATAGE>\n"
            f"  </PARAMETRES>\n"
        )


class SiecleWriter:
    """Writes the four files household by household, in flat memory.

    The folder is made when missing. Used as a context manager: the files are
    complete when it is left without an exception.
    """

    def __init__(self, folder: Path, header: Header, dialect: Dialect = "2019") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._header, self._style = folder, header, STYLES[dialect]
        self._used = CodesUsed()
        self._stack = ExitStack()
        self._students = self._open(
            STUDENTS_FILE,
            "BEE_ELEVES",
            self._style.eleves_version,
            [section.tag for section in STUDENT_SECTIONS],
        )
        self._guardians = self._open(
            GUARDIANS_FILE,
            "BEE_RESPONSABLES",
            self._style.responsables_version,
            [section.tag for section in GUARDIAN_SECTIONS],
        )
        self._places = {
            **{section: (self._students, at) for at, section in enumerate(STUDENT_SECTIONS)},
            **{section: (self._guardians, at) for at, section in enumerate(GUARDIAN_SECTIONS)},
        }

    def add(self, household: SynthHousehold) -> None:
        """Write a household's records."""
        for record in self.records(household):
            self.put(record)

    def records(self, household: SynthHousehold) -> list[Record]:
        """A household's records, its codes noted for the nomenclature."""
        self._used.see(household)
        return list(household_records(household, self._style))

    def put(self, record: Record) -> None:
        """Write one record where it belongs."""
        section, text = record
        file, at = self._places[section]
        file.add(at, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, value, trace)
        if kind is None:
            style = self._style
            nomenclature = nomenclature_body(self._used)
            self._whole(
                NOMENCLATURE_FILE, "BEE_NOMENCLATURES", style.nomenclatures_version, nomenclature
            )
            structures = structures_body(self._used)
            self._whole(STRUCTURES_FILE, "BEE_STRUCTURES", style.structures_version, structures)

    def _open(self, name: str, root: str, version: str, tags: list[str]) -> SectionedXml:
        encoding = self._style.encoding
        head = self._header.text(root, version, encoding)
        return self._stack.enter_context(
            SectionedXml(self._folder / name, head, tags, root, encoding)
        )

    def _whole(self, name: str, root: str, version: str, body: str) -> None:
        encoding = self._style.encoding
        head = self._header.text(root, version, encoding)
        text = f"{head}  <DONNEES>\n{body}  </DONNEES>\n</{root}>\n"
        (self._folder / name).write_bytes(text.encode(encoding, "xmlcharrefreplace"))


def write_siecle(
    folder: Path,
    school: SynthSchool,
    dialect: Dialect = "2019",
    shuffle: Random | None = None,
) -> None:
    """Write a school held in memory, in its order or, to test importers, in any.

    ``shuffle`` permutes the records inside each section; the sections keep
    their order, as the format fixes it.
    """
    header = Header(school.establishment.uai, school.school_year, school.exported_at)
    with SiecleWriter(folder, header, dialect) as writer:
        records = [
            record for household in school.households for record in writer.records(household)
        ]
        if shuffle is not None:
            shuffle.shuffle(records)
        for record in records:
            writer.put(record)
