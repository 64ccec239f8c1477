"""Read the marks files of school software: one line per mark.

``classe;matiere;libelle_matiere;enseignant;evaluation;date;sur;coefficient;
facultative;publication;ine;note;saisie_le``, and, where the software has them,
``bonus;description;competences;appreciation;niveaux``; see :mod:`.table` for
the forms that are accepted. A line that cannot be understood becomes a
:class:`~teleservices_notes.usecases.Fault`, and the next is read as if nothing
had happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final

from attrs import define, field

from teleservices_core.bounded import GivenFile, HeldFile
from teleservices_core.domain.establishments import Academie
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError
from teleservices_core.i18n import _, show_short_date
from teleservices_core.usecases.site import Site
from teleservices_notes.exchange import cells
from teleservices_notes.exchange.cells import BadCellError
from teleservices_notes.exchange.table import Column, Table, Unreadable, read_table
from teleservices_notes.model import NO_LEVELS, Assessment, Counting, MarkStatus
from teleservices_notes.model.assessments import LONGEST_DESCRIPTION
from teleservices_notes.model.marks import LONGEST_REMARK
from teleservices_notes.rules.written import read_status
from teleservices_notes.usecases import Fault, MarkLine
from teleservices_notes.words import show_figure

_COLUMNS: Final = (
    Column(("classe", "division", "groupe"), is_required=True),
    Column(("matiere", "code_matiere", "discipline"), is_required=True),
    Column(("libelle_matiere", "nom_matiere")),
    Column(("enseignant", "professeur", "prof")),
    Column(("evaluation", "devoir", "intitule", "titre"), is_required=True),
    Column(("date", "date_evaluation", "date_devoir", "date_du_devoir"), is_required=True),
    Column(("sur", "bareme", "note_sur", "notee_sur")),
    Column(("coefficient", "coef", "coeff")),
    Column(("facultative", "facultatif", "optionnelle")),
    Column(("publication", "date_publication", "publiee_le", "visible_le")),
    Column(("bonus",)),
    Column(("description", "contenu")),
    Column(("competences", "codes_competences")),
    Column(("ine", "ine_eleve", "n_ine", "numero_ine", "identifiant_national"), is_required=True),
    Column(("note", "resultat", "valeur"), is_required=True),
    Column(("saisie_le", "date_saisie", "saisi_le")),
    Column(("appreciation", "remarque", "commentaire")),
    Column(("niveaux", "niveaux_competences", "positionnement")),
)
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
"""Those that a file usually has."""
_DESCRIBING: Final = tuple(column.name for column in _COLUMNS[:13])
"""The first columns describe the assessment; the others are the student's."""
_OFTEN_ABSENT: Final = {"description": "description", "competences": "competencies"}
"""What a file may leave to the school, and the assessment's field."""

MOST_ASSESSMENTS: Final = 50_000
"""Different descriptions of assessments in a file: a lycée of 3,000 students gives 20,000."""

_Described = tuple[str, ...]


def read_marks(
    path: GivenFile,
    uai: Uai,
    school_year: SchoolYear,
    academie: Academie,
    at: datetime,
    *,
    progress: Callable[[int], object] = lambda _bytes: None,
) -> Iterator[MarkLine | Fault]:
    """Read a marks file of an establishment, one line at a time.

    ``at`` is the instant of the import: marks of a file that does not say when
    they were entered are entered then.
    ``progress`` is told, now and then, how many more bytes were read. Raises
    :exc:`ImportRefusedError` when the header lacks a column; so do the lines, for
    a file that is beyond its bounds or of which too many cannot be understood.
    """
    table = read_table(path, _COLUMNS, progress=progress)
    reader = _Reader(uai, school_year, academie, at, table, Unreadable(path.name))
    return (reader.read(line, row) for line, row in table.rows)


@contextmanager
def read_content(
    content: bytes, uai: Uai, at: datetime, *, school_year: SchoolYear, academie: Academie
) -> Iterator[Iterator[MarkLine | Fault]]:
    """Read a file that is in memory, as :func:`read_marks` does."""
    yield read_marks(HeldFile("notes.csv", content), uai, school_year, academie, at)


def content_reader(site: Site) -> Callable[..., Any]:
    """How the page of a school reads a file: see :data:`.usecases.uploads.Reads`."""
    return partial(read_content, school_year=site.school_year(), academie=site.academie)


@define
class _Reader:
    """Understands lines; each description of an assessment is understood once."""

    uai: Uai
    school_year: SchoolYear
    academie: Academie
    at: datetime
    table: Table
    unreadable: Unreadable
    _describing: Callable[[list[str]], _Described] = field(init=False)
    """The cells that describe the assessment, as they are written."""
    _kept: frozenset[str] = field(init=False)
    """Fields of an assessment of which the file says nothing."""
    _assessments: dict[_Described, Assessment] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        at = self.table.positions
        present = [place for name in _DESCRIBING if (place := at[name]) is not None]
        self._describing = itemgetter(*present)
        self._kept = frozenset(fields for name, fields in _OFTEN_ABSENT.items() if at[name] is None)

    def read(self, number: int, row: list[str] | BadCellError) -> MarkLine | Fault:
        """The line, or what is wrong with it."""
        at = self.table.positions
        try:
            if isinstance(row, BadCellError):
                raise row
            key = self._describing(row)
            assessment = self._assessments.get(key) or self._understand(number, key)
            status, value = _mark(row[at["note"] or 0], assessment.out_of)
            return MarkLine(
                number,
                assessment,
                cells.ine(row[at["ine"] or 0]),
                status,
                value,
                self._entered(row, at["saisie_le"]),
                self._remark(row, at["appreciation"]),
                self._levels(row, at["niveaux"], assessment),
                self._kept,
            )
        except BadCellError as error:
            return self.unreadable.add(Fault(number, str(error)))

    def _entered(self, row: list[str], at: int | None) -> datetime:
        if at is None:
            return self.at
        return cells.instant("saisie_le", row[at], self.academie.zone)

    def _remark(self, row: list[str], at: int | None) -> str | None:
        """None where the file has no such column."""
        if at is None:
            return None
        return cells.text("appreciation", row[at], LONGEST_REMARK, required=False)

    def _levels(
        self, row: list[str], at: int | None, assessment: Assessment
    ) -> Mapping[str, int] | None:
        return None if at is None else _levels(row[at], assessment.competencies)

    def _understand(self, number: int, key: _Described) -> Assessment:
        if len(self._assessments) >= MOST_ASSESSMENTS:
            reason = _("plus de {most} évaluations différentes : donnez-le en plusieurs fichiers")
            raise ImportRefusedError(
                self.unreadable.name, reason.format(most=MOST_ASSESSMENTS), line=number
            )
        present = [name for name in _DESCRIBING if self.table.positions[name] is not None]
        written = dict.fromkeys(_DESCRIBING, "")
        written |= {name: cell.strip() for name, cell in zip(present, key, strict=True)}
        found = self._assessments[key] = self._assessment(*written.values())
        return found

    def _assessment(
        self,
        group: str,
        code: str,
        label: str,
        teacher: str,
        title: str,
        day: str,
        out_of: str,
        weight: str,
        optional: str,
        publish: str,
        bonus: str,
        description: str,
        competencies: str,
    ) -> Assessment:
        group = cells.text("classe", group, 20)
        subject = cells.subject(code, label)
        title = cells.text("evaluation", title, 200)
        given_on = cells.day("date", day)
        if SchoolYear.on(given_on, starts=self.academie.year_starts) != self.school_year:
            reason = _("date : le {day} n’est pas dans l’année {year}")
            raise BadCellError(reason.format(day=show_short_date(given_on), year=self.school_year))
        scale = cells.number("sur", out_of or self._default("sur", "20"))
        if not scale:
            raise BadCellError(_("sur : le barème ne peut pas être 0"))
        return Assessment(
            id=Assessment.key(self.uai, self.school_year, group, subject.code, title, given_on),
            uai=self.uai,
            school_year=self.school_year,
            class_group=group,
            subject=subject,
            title=title,
            given_on=given_on,
            teacher=cells.text("enseignant", teacher, 100, required=False),
            out_of=scale,
            weight=cells.number("coefficient", weight or self._default("coefficient", "1")),
            counting=_counting(optional, bonus),
            publish_on=cells.day("publication", publish) if publish else None,
            description=cells.text("description", description, LONGEST_DESCRIPTION, required=False),
            competencies=_codes(competencies),
        )

    def _default(self, name: str, value: str) -> str:
        """What a column that the file has not means; an empty cell means nothing."""
        return value if self.table.positions[name] is None else ""


def _counting(optional: str, bonus: str) -> Counting:
    if cells.flag("bonus", bonus):
        return Counting.BONUS
    return Counting.OPTIONAL if cells.flag("facultative", optional) else Counting.COMPULSORY


def _codes(written: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(written.replace(",", " ").split()))
    if any(len(code) > 20 or not code.isprintable() for code in codes) or len(codes) > 20:
        raise BadCellError(_("competences : au plus 20 codes de 20 caractères"))
    return codes


@lru_cache(maxsize=10_000)
def _levels(written: str, competencies: tuple[str, ...]) -> Mapping[str, int]:
    """« D1=3 D2=- »: levels by code, from 1 to 9; a dash where there is none."""
    levels: dict[str, int] = {}
    for each in written.replace(",", " ").split():
        code, _equals, level = each.partition("=")
        if code not in competencies:
            reason = _("niveaux : « {code} » n’est pas une compétence de l’évaluation")
            raise BadCellError(reason.format(code=code[:20]))
        if level in {"", "-"}:
            continue
        if not (len(level) == 1 and level in "123456789"):
            raise BadCellError(_("niveaux : écrivez code=niveau, comme D1=3"))
        levels[code] = int(level)
    return MappingProxyType(levels) if levels else NO_LEVELS


@lru_cache(maxsize=10_000)
def _mark(written: str, out_of: Decimal) -> tuple[MarkStatus, Decimal | None]:
    status = read_status(written)
    if status is not None:
        return status, None
    written = written.strip()
    if not written:
        raise BadCellError(_("note : vide (abs, disp, nn ou nr s’il n’y en a pas)"))
    value = cells.number("note", written)
    if value > out_of:
        reason = _("note : {value} dépasse le barème, sur {out_of}")
        raise BadCellError(reason.format(value=written, out_of=show_figure(out_of)))
    return MarkStatus.MARK, value
