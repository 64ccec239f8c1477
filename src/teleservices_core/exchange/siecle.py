"""SIECLE's exports: which kind of file, whose, for which year, and its records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.records import Alert, Record, Rejected
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError, InvalidValueError
from teleservices_core.exchange import siecle_adults, siecle_codes, siecle_students
from teleservices_core.exchange.fields import FieldError, Reader, day
from teleservices_core.exchange.sources import Limits, Source
from teleservices_core.exchange.xmlstream import HEADER, Element, read_elements
from teleservices_core.i18n import _


class Kind(StrEnum):
    """The exports, by the name of their root."""

    STUDENTS = "BEE_ELEVES"
    ADULTS = "BEE_RESPONSABLES"
    NOMENCLATURES = "BEE_NOMENCLATURES"
    STRUCTURES = "BEE_STRUCTURES"
    COMMON = "BEE_COMMUN"


_ALIASES: Final = {
    "BEE_EPHC_ELEVES": Kind.STUDENTS,
    "BEE_EPHC_RESPONSABLES": Kind.ADULTS,
    "BEE_NOMENCLATURE": Kind.NOMENCLATURES,
}

_READERS: Final[Mapping[Kind, Mapping[str, Reader]]] = {
    Kind.STUDENTS: siecle_students.READERS,
    Kind.ADULTS: siecle_adults.READERS,
    Kind.NOMENCLATURES: siecle_codes.NOMENCLATURE_READERS,
    Kind.STRUCTURES: siecle_codes.STRUCTURE_READERS,
    Kind.COMMON: {},
}

_KEYS: Final = (("ELEVE_ID", "PERSONNE_ID"), ("ADRESSE_ID",), ("CODE_STRUCTURE",))
"""What identifies a record: the first of these that it has; both for a link."""


@frozen
class Header:
    """What a file says of itself."""

    kind: Kind
    uai: Uai
    school_year: SchoolYear
    exported_on: date | None = None


@frozen
class Expected:
    """The files that are taken: one establishment's, for one of some years."""

    uai: Uai
    school_years: Collection[SchoolYear]


@frozen
class Unread:
    """A record set aside, with what could be read of whom it is about."""

    rejected: Rejected
    path: str
    student_id: str = ""
    adult_id: str = ""
    ine: str = ""


def read(
    source: Source,
    expected: Expected,
    *,
    limits: Limits | None = None,
    on_bytes: Callable[[int], None] = lambda _count: None,
) -> Iterator[Header | Record | Unread | Alert]:
    """Yield the header, then each record, or why it is set aside; alerts come after theirs.

    Raises :exc:`ImportRefusedError` for another kind of file, another
    establishment or another year, and for a file that is not well formed.
    """
    limits, unread = limits or Limits(), 0
    elements = read_elements(
        source,
        lambda root: _READERS[_kind(source.name, root)],
        limits=limits,
        on_bytes=on_bytes,
    )
    header = _header(source.name, next(elements, None), expected)
    yield header
    readers = _READERS[header.kind]
    for element in elements:
        if element.tag == HEADER:
            raise ImportRefusedError(source.name, _("deux en-têtes PARAMETRES"), line=element.line)
        remarks: list[str] = []
        try:
            yield readers[element.path](element, source.name, remarks.append)
        except FieldError as error:
            unread += 1
            if unread > limits.unread:
                reason = _("plus de {most} fiches ne peuvent pas être lues ({reason})")
                said = reason.format(most=limits.unread, reason=error)
                raise ImportRefusedError(source.name, said, line=element.line) from None
            yield _unread(element, source.name, str(error))
        else:
            for remark in remarks:
                yield Alert(source.name, element.line, element.tag, _key(element), remark)


def _kind(file: str, root: str) -> Kind:
    try:
        return _ALIASES.get(root) or Kind(root)
    except ValueError:
        reason = _("{root} n’est pas un export de SIECLE attendu ici : {kinds}")
        kinds = ", ".join(Kind)
        raise ImportRefusedError(file, reason.format(root=root[:60], kinds=kinds)) from None


def _header(file: str, element: Element | None, expected: Expected) -> Header:
    if element is None or element.tag != HEADER:
        raise ImportRefusedError(
            file,
            _("l’en-tête PARAMETRES manque : refaites l’export depuis SIECLE"),
            line=element.line if element else None,
        )

    def refused(reason: str) -> ImportRefusedError:
        return ImportRefusedError(file, reason, line=element.line)

    try:
        found = Header(
            kind=_kind(file, element.path),
            uai=Uai(element.get("UAJ")),
            school_year=SchoolYear.parse(element.get("ANNEE_SCOLAIRE")),
            exported_on=_export_date(element),
        )
    except InvalidValueError as error:
        raise refused(_("en-tête : {error}").format(error=error)) from None
    if found.uai != expected.uai:
        reason = _("le fichier est celui de {found}, et l’import concerne {expected}")
        raise refused(reason.format(found=found.uai, expected=expected.uai))
    if found.school_year not in expected.school_years:
        reason = _("le fichier est de l’année {found}, et l’import attend {expected}")
        years = _(" ou ").join(map(str, sorted(expected.school_years)))
        raise refused(reason.format(found=found.school_year, expected=years))
    return found


def _export_date(element: Element) -> date | None:
    # Some files lack it, and it decides nothing: an odd one is as good as none.
    for name in ("DATE_EXPORT", "HORODATAGE"):
        try:
            if found := day(element, name):
                return found
        except FieldError:
            continue
    return None


def _key(element: Element) -> str:
    for names in _KEYS:
        if found := [value for name in names if (value := element.get(name))]:
            return "/".join(found)[:60]
    codes = (value for name, value in element.attributes.items() if name.startswith("CODE_"))
    return next(codes, "")[:60]


def _unread(element: Element, file: str, reason: str) -> Unread:
    return Unread(
        Rejected(file, element.line, element.tag, _key(element), reason),
        element.path,
        student_id=element.get("ELEVE_ID"),
        adult_id=element.get("PERSONNE_ID"),
        ine=element.get("ID_NATIONAL") or element.get("INE_RNIE") or element.get("INE_BEA"),
    )
