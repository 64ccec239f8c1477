"""Read the marks files of school software: one line per mark, semicolons.

``classe;matiere;libelle_matiere;enseignant;evaluation;date;sur;coefficient;
facultative;publication;ine;note;saisie_le``, in any order. Line by line: a line
that cannot be understood becomes a :class:`~.usecases.Fault`, and the next is
read as if nothing had happened. Accepted: UTF-8 with or without its mark, or
ISO-8859-15; decimal comma or point; spaces around and inside figures.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from attrs import define, field

from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.errors import ImportRefusedError, InvalidValueError
from teleservices_core.i18n import _, show_short_date
from teleservices_notes.model import LARGEST, Assessment, Counting, MarkStatus, Subject
from teleservices_notes.usecases import Fault, MarkLine
from teleservices_notes.words import show_figure

COLUMNS: Final = (
    "classe",
    "matiere",
    "libelle_matiere",
    "enseignant",
    "evaluation",
    "date",
    "sur",
    "coefficient",
    "facultative",
    "publication",
    "ine",
    "note",
    "saisie_le",
)
_STATUSES: Final = {
    "abs": MarkStatus.ABSENT,
    "disp": MarkStatus.EXEMPT,
    "nn": MarkStatus.UNMARKED,
    "nr": MarkStatus.NOT_SUBMITTED,
}
_YES: Final = frozenset({"oui", "o", "1", "vrai", "true"})
_NO: Final = frozenset({"", "non", "n", "0", "faux", "false"})
_NUMBER: Final = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{0,2})0*)?")
_DAY: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_TIME: Final = re.compile(r"([0-9]{1,2})[:h]([0-9]{2})(?::[0-9]{2})?")
_LONGEST_LINE: Final = 4_000
_PROGRESS_EVERY: Final = 2_000

_Described = tuple[str, ...]
"""The first ten columns of a line, as they are written."""


class _BadFieldError(ValueError):
    """A field that cannot be used, and why, in words for the school."""


def read_marks(
    path: Path,
    uai: Uai,
    school_year: SchoolYear,
    academie: Academie,
    *,
    progress: Callable[[int], object] = lambda _bytes: None,
) -> Iterator[MarkLine | Fault]:
    """Read a marks file of an establishment, one line at a time.

    ``progress`` is told, now and then, how many more bytes were read. Raises
    :exc:`ImportRefusedError` when the header lacks a column.
    """
    with path.open("rb") as file:
        try:
            positions = _positions(file.readline())
        except _BadFieldError as error:
            raise ImportRefusedError(path.name, str(error), line=1) from None
        reader = _LineReader(uai, school_year, academie, positions)
        told = 0
        for number, raw in enumerate(file, start=2):
            told += len(raw)
            if number % _PROGRESS_EVERY == 0:
                progress(told)
                told = 0
            if raw.strip():
                yield reader.read(number, raw)
        progress(told)


def _positions(raw: bytes) -> list[int]:
    header = [cell.strip().lower() for cell in _split(_decode(raw.removeprefix(BOM_UTF8)))]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise _BadFieldError(_("colonnes manquantes : {names}").format(names=", ".join(missing)))
    return [header.index(name) for name in COLUMNS]


def _decode(raw: bytes) -> str:
    # Line by line, so that one stray byte does not change how the others are read.
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("iso-8859-15")
    return text.rstrip("\r\n")


def _split(text: str) -> list[str]:
    if '"' not in text:
        return text.split(";")
    try:
        return next(csv.reader([text], delimiter=";", strict=True))
    except csv.Error:
        raise _BadFieldError(_("guillemets mal fermés")) from None


@define
class _LineReader:
    """Understands lines; each description of an assessment is understood once."""

    uai: Uai
    school_year: SchoolYear
    academie: Academie
    positions: list[int]
    _assessments: dict[_Described, Assessment] = field(factory=dict)

    def read(self, number: int, raw: bytes) -> MarkLine | Fault:
        """The line, or what is wrong with it."""
        try:
            cells = self._cells(raw)
            *described, ine, mark, entered = [cells[at].strip() for at in self.positions]
            assessment = self._assessment(tuple(described))
            status, value = _mark(mark, assessment)
            return MarkLine(
                number, assessment, _ine(ine), status, value, _entered(entered, self.academie.zone)
            )
        except _BadFieldError as error:
            return Fault(number, str(error))

    def _cells(self, raw: bytes) -> list[str]:
        if len(raw) > _LONGEST_LINE:
            raise _BadFieldError(_("ligne trop longue"))
        cells = _split(_decode(raw))
        expected = max(self.positions) + 1
        if len(cells) < expected:
            reason = _("{found} colonnes au lieu de {expected}")
            raise _BadFieldError(reason.format(found=len(cells), expected=expected))
        return cells

    def _assessment(self, described: _Described) -> Assessment:
        found = self._assessments.get(described)
        if found is None:
            found = self._assessments[described] = self._understand(described)
        return found

    def _understand(self, described: _Described) -> Assessment:
        group, code, label, teacher, title, day, out_of, weight, optional, publish = described
        group = _text("classe", group, 20)
        subject = _subject(code, label)
        title = _text("evaluation", title, 200)
        given_on = _date("date", day)
        if SchoolYear.on(given_on, starts=self.academie.year_starts) != self.school_year:
            reason = _("date : le {day} n’est pas dans l’année {year}")
            raise _BadFieldError(
                reason.format(day=show_short_date(given_on), year=self.school_year)
            )
        scale = _number("sur", out_of)
        if not scale:
            raise _BadFieldError(_("sur : le barème ne peut pas être 0"))
        return Assessment(
            id=Assessment.key(self.uai, self.school_year, group, subject.code, title, given_on),
            uai=self.uai,
            school_year=self.school_year,
            class_group=group,
            subject=subject,
            title=title,
            given_on=given_on,
            teacher=_text("enseignant", teacher, 100, required=False),
            out_of=scale,
            weight=_number("coefficient", weight),
            counting=Counting.OPTIONAL if _flag("facultative", optional) else Counting.COMPULSORY,
            publish_on=_date("publication", publish) if publish else None,
        )


def _text(name: str, text: str, limit: int, *, required: bool = True) -> str:
    # Composed and with single spaces, since the words identify the assessment.
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if required and not text:
        raise _BadFieldError(_("{field} : vide").format(field=name))
    if len(text) > limit or not text.isprintable():
        reason = _("{field} : plus de {limit} caractères, ou des caractères de commande")
        raise _BadFieldError(reason.format(field=name, limit=limit))
    return text


def _subject(code: str, label: str) -> Subject:
    code = _text("matiere", code, 20)
    try:
        return Subject(code, _text("libelle_matiere", label, 100))
    except InvalidValueError:
        reason = _("matiere : « {code} » n’est pas un code (lettres, chiffres, tirets)")
        raise _BadFieldError(reason.format(code=code)) from None


@lru_cache(maxsize=10_000)
def _number(name: str, text: str) -> Decimal:
    found = _NUMBER.fullmatch("".join(text.split()))
    if found is None:
        reason = _("{field} : « {text} » n’est pas un nombre à deux décimales au plus")
        raise _BadFieldError(reason.format(field=name, text=text[:20]))
    number = Decimal(f"{found[1]}.{found[2]}" if found[2] else found[1])
    if number >= LARGEST:
        raise _BadFieldError(_("{field} : {text} est trop grand").format(field=name, text=text))
    return number


def _flag(name: str, text: str) -> bool:
    folded = text.casefold()
    if folded not in _YES | _NO:
        reason = _("{field} : « {text} » n’est ni oui ni non")
        raise _BadFieldError(reason.format(field=name, text=text[:20]))
    return folded in _YES


@lru_cache(maxsize=10_000)
def _date(name: str, text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        if found is not None:
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    reason = _("{field} : « {text} » n’est pas une date jj/mm/aaaa")
    raise _BadFieldError(reason.format(field=name, text=text[:20]))


@lru_cache(maxsize=10_000)
def _entered(text: str, zone: ZoneInfo) -> datetime:
    day, _space, clock = text.partition(" ")
    found = _TIME.fullmatch(clock.strip())
    try:
        if found is not None:
            on = _date("saisie_le", day)
            # Twice or never on the nights when clocks change: the first, or the
            # one an hour later. Either way it is the same day.
            local = datetime(on.year, on.month, on.day, int(found[1]), int(found[2]), tzinfo=zone)
            return local.astimezone(UTC)
    except ValueError:
        pass
    reason = _("saisie_le : « {text} » n’est pas une date et une heure jj/mm/aaaa hh:mm")
    raise _BadFieldError(reason.format(text=text[:20]))


@lru_cache(maxsize=10_000)
def _ine(text: str) -> Ine:
    try:
        return Ine("".join(text.split()))
    except InvalidValueError:
        reason = _("ine : « {text} » n’a pas onze lettres ou chiffres")
        raise _BadFieldError(reason.format(text=text[:20])) from None


def _mark(text: str, assessment: Assessment) -> tuple[MarkStatus, Decimal | None]:
    status = _STATUSES.get(text.casefold().rstrip("."))
    if status is not None:
        return status, None
    if not text:
        raise _BadFieldError(_("note : vide (abs, disp, nn ou nr s’il n’y en a pas)"))
    value = _number("note", text)
    if value > assessment.out_of:
        reason = _("note : {value} dépasse le barème, sur {out_of}")
        raise _BadFieldError(reason.format(value=text, out_of=show_figure(assessment.out_of)))
    return MarkStatus.MARK, value
