"""What is taught: levels, formations and subjects of each kind of establishment."""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.values import Mef


@frozen(cache_hash=True)
class Subject:
    """A subject of the national list, with the themes of its first tests."""

    code: str
    short: str
    """CODE_GESTION, five characters at most."""
    label: str
    themes: tuple[str, ...] = ()


def _subject(code: str, short: str, label: str, themes: str = "") -> Subject:
    return Subject(code, short, label, tuple(themes.split(", ")) if themes else ())


FRENCH: Final = _subject("020700", "FRANC", "Français", "dictée, récit, lecture cursive, grammaire")
MATHS: Final = _subject(
    "061300", "MATHS", "Mathématiques", "calcul mental, fractions, géométrie, équations, fonctions"
)
ENGLISH: Final = _subject("030201", "AGL1", "Anglais LV1", "vocabulaire, écoute, expression")
SPANISH: Final = _subject("030602", "ESP2", "Espagnol LV2", "présentation, conjugaison, écoute")
GERMAN: Final = _subject("030102", "ALL2", "Allemand LV2", "présentation, déclinaisons, écoute")
LATIN: Final = _subject("020300", "LCALA", "Langues et cultures de l'Antiquité latin", "version")
HISTORY: Final = _subject("043700", "HIGEO", "Histoire-géographie", "repères, croquis, document")
CIVICS: Final = _subject("043800", "EMC", "Enseignement moral et civique", "débat")
BIOLOGY: Final = _subject("062900", "SVT", "Sciences de la vie et de la Terre", "schéma, cellule")
PHYSICS: Final = _subject("062300", "PH-CH", "Physique-chimie", "mesures, mélanges, circuits")
TECHNOLOGY: Final = _subject("070800", "TECHN", "Technologie", "maquette, algorithme")
SPORT: Final = _subject("100100", "EPS", "Éducation physique et sportive", "demi-fond, escalade")
ARTS: Final = _subject("090100", "A-PLA", "Arts plastiques", "carnet de croquis")
MUSIC: Final = _subject("081300", "EDMUS", "Éducation musicale", "chant")
PHILOSOPHY: Final = _subject("013000", "PHILO", "Philosophie", "explication de texte, dissertation")
ECONOMICS: Final = _subject(
    "050700", "SES", "Sciences économiques et sociales", "graphique, marché"
)

LANGUAGES: Final = (SPANISH, GERMAN)
"""Second languages; a class splits into a group for each."""


@frozen(cache_hash=True)
class Grade:
    """A level of an establishment: its formation, its classes' name, its age."""

    mef: Mef = field(converter=Mef)
    level: str
    """MEF_STAT_4, the first four digits of the MEFSTAT: 2111 for a 6e."""
    short: str
    label: str
    prefix: str
    """How class codes begin; a letter or a number follows, "3 A"."""
    age: int
    """Reached in the calendar year in which the school year starts."""
    subjects: tuple[Subject, ...]
    second_language: bool = True
    weight: float = 1.0
    """Share of the establishment's students, against the other grades."""
    before: str = ""
    """MEF of the year before, when it is in the same kind of establishment."""

    @property
    def mefstat(self) -> str:
        """CODE_MEFSTAT: its last five digits are those of the diploma (1,467 of 1,467 lines)."""
        return self.level + self.mef.code[3:8]


_COMMON: Final = (FRENCH, MATHS, ENGLISH, HISTORY, SPORT)
_COLLEGE: Final = (*_COMMON, CIVICS, BIOLOGY, TECHNOLOGY, ARTS, MUSIC)
_SECONDE: Final = (*_COMMON, CIVICS, BIOLOGY, PHYSICS, ECONOMICS)
_PREMIERE: Final = (*_COMMON, PHYSICS, ECONOMICS)
_TERMINALE: Final = (PHILOSOPHY, MATHS, ENGLISH, HISTORY, SPORT, PHYSICS, ECONOMICS)
_TRADE: Final = (*_COMMON, CIVICS, PHYSICS, TECHNOLOGY, ARTS)

GRADES: Final[dict[EstablishmentKind, tuple[Grade, ...]]] = {
    EstablishmentKind.COLLEGE: (
        Grade("10010012110", "2111", "6E", "6EME", "6 ", 11, _COLLEGE, second_language=False),
        Grade(
            "10110001110",
            "2112",
            "5G",
            "5EME",
            "5 ",
            12,
            (*_COLLEGE, PHYSICS),
            before="10010012110",
        ),
        Grade(
            "10210001110",
            "2115",
            "4G",
            "4EME",
            "4 ",
            13,
            (*_COLLEGE, PHYSICS),
            before="10110001110",
        ),
        Grade(
            "10310019110",
            "2116",
            "3G",
            "3EME",
            "3 ",
            14,
            (*_COLLEGE, PHYSICS),
            before="10210001110",
        ),
    ),
    EstablishmentKind.LYCEE: (
        Grade(
            "20010019110", "2211", "2GT", "SECONDE GENERALE ET TECHNOLOGIQUE", "2DE", 15, _SECONDE
        ),
        Grade(
            "20110019110",
            "2212",
            "1G",
            "PREMIERE GENERALE",
            "1G",
            16,
            _PREMIERE,
            weight=0.7,
            before="20010019110",
        ),
        Grade(
            "21131016110",
            "2212",
            "1STMG",
            "PREMIERE STMG",
            "1STMG",
            16,
            _PREMIERE,
            weight=0.3,
            before="20010019110",
        ),
        Grade(
            "20210019110",
            "2213",
            "TG",
            "TERMINALE GENERALE",
            "TG",
            17,
            _TERMINALE,
            weight=0.7,
            before="20110019110",
        ),
        Grade(
            "21231017110",
            "2213",
            "TSTMG",
            "TERMINALE STMG",
            "TSTMG",
            17,
            _TERMINALE,
            weight=0.3,
            before="21131016110",
        ),
    ),
    EstablishmentKind.LYCEE_PRO: (
        Grade(
            "24722004310",
            "2381",
            "2PRO",
            "2NDE PRO METIERS DU NUMERIQUE",
            "2PRO",
            15,
            _TRADE,
            second_language=False,
        ),
        Grade(
            "24722004320",
            "2382",
            "1PRO",
            "1ERE PRO SYSTEMES NUMERIQUES",
            "1PRO",
            16,
            _TRADE,
            second_language=False,
            before="24722004310",
        ),
        Grade(
            "24722004330",
            "2383",
            "TPRO",
            "TLE PRO SYSTEMES NUMERIQUES",
            "TPRO",
            17,
            _TRADE,
            second_language=False,
            before="24722004320",
        ),
        Grade(
            "24122129210",
            "2321",
            "1CAP",
            "1ERE ANNEE CAP CUISINE",
            "1CAP",
            15,
            _TRADE,
            second_language=False,
            weight=0.6,
        ),
        Grade(
            "24122129220",
            "2322",
            "2CAP",
            "2EME ANNEE CAP CUISINE",
            "2CAP",
            16,
            _TRADE,
            second_language=False,
            weight=0.5,
            before="24122129210",
        ),
    ),
}
"""Grades of the kinds that the generator makes, youngest first."""

SUBJECTS: Final[dict[str, Subject]] = {
    subject.code: subject
    for subject in (
        FRENCH, MATHS, ENGLISH, SPANISH, GERMAN, LATIN, HISTORY, CIVICS, BIOLOGY, PHYSICS,
        TECHNOLOGY, SPORT, ARTS, MUSIC, PHILOSOPHY, ECONOMICS,
    )
}  # fmt: skip
GRADES_BY_MEF: Final[dict[str, Grade]] = {
    grade.mef.code: grade for grades in GRADES.values() for grade in grades
}
