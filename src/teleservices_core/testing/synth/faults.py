"""Faulty exports on purpose, with a manifest of what was planted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

from attrs import asdict, evolve, field, frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.domain.values import Uai
from teleservices_core.testing.synth.memory import synth_school
from teleservices_core.testing.synth.model import (
    SynthAdult,
    SynthHousehold,
    SynthLink,
    SynthSchool,
)
from teleservices_core.testing.synth.numbering import Serials
from teleservices_core.testing.synth.siecle import (
    GUARDIANS_FILE,
    STUDENTS_FILE,
    Header,
    SiecleWriter,
    write_siecle,
)

MANIFEST_FILE: Final = "anomalies.json"
_NOBODY: Final = 9_999_901
"""An identifier that no file gives."""

Verdict = Literal["warned", "quarantined", "refused"]
"""What an importer should do: take the record and say so, set it aside, refuse the file."""


@frozen
class Fault:
    """A planted fault."""

    key: str
    verdict: Verdict
    file: str
    folder: str = ""
    """Relative to the manifest."""
    source_id: str = ""
    """ELEVE_ID of the record at fault; empty when it is the whole file."""
    means: str = ""
    """One French sentence."""


def _same(text: str) -> str:
    return text


@frozen
class _Planting:
    key: str
    verdict: Verdict
    file: str
    means: str
    change: Callable[[SynthHousehold], SynthHousehold] = lambda household: household
    edit: Callable[[str], str] = field(default=_same)
    """What is done to the text of the household's records."""


def write_faults(out: Path, *, seed: int, year: SchoolYear) -> tuple[Fault, ...]:
    """Write small schools with faults: one of faulty records, others faulty as a whole.

    Folders: ``enregistrements`` (every fault of a record, each in its own
    household, among valid ones), then one for each fault of a file. Gives the
    faults, which ``anomalies.json`` lists too. Identifiers are those of any
    academy's first establishment: import them into an empty database.
    """
    school = synth_school(seed, pupils=40, year=year)
    faults = (*_faulty_records(out / "enregistrements", school), *_faulty_files(out, school))
    listed = {
        "uai": school.establishment.uai.code,
        "annee_scolaire": year.start,
        "anomalies": [asdict(fault) for fault in faults],
    }
    text = json.dumps(listed, ensure_ascii=False, indent=2) + "\n"
    (out / MANIFEST_FILE).write_text(text, encoding="utf-8")
    return faults


def _faulty_records(folder: Path, school: SynthSchool) -> Iterator[Fault]:
    header = Header(school.establishment.uai, school.school_year, school.exported_at)
    # An only child each, so that a fault concerns one student.
    alone = [household for household in school.households if len(household.students) == 1]
    sound = [household for household in school.households if len(household.students) > 1]
    victims = iter(alone)
    with SiecleWriter(folder, header) as writer:
        for planting in _PLANTINGS:
            household = planting.change(next(victims))
            for section, text in writer.records(household):
                writer.put((section, planting.edit(text)))
            yield Fault(
                planting.key,
                planting.verdict,
                planting.file,
                folder.name,
                str(household.students[0].id),
                planting.means,
            )
        for household in (*victims, *sound):
            writer.add(household)


def _faulty_files(out: Path, school: SynthSchool) -> Iterator[Fault]:
    other = Uai.from_digits("0219998")
    stranger = evolve(school, establishment=evolve(school.establishment, uai=other))
    write_siecle(out / "mauvais_uaj", stranger)
    yield Fault(
        "wrong_uai",
        "refused",
        STUDENTS_FILE,
        "mauvais_uaj",
        means=f"Les fichiers sont ceux d’un autre établissement, {other}.",
    )

    past = SchoolYear(school.school_year.start - 1)
    earlier = school.exported_at - timedelta(days=365)
    write_siecle(out / "annee_precedente", evolve(school, school_year=past, exported_at=earlier))
    yield Fault(
        "previous_year",
        "refused",
        STUDENTS_FILE,
        "annee_precedente",
        means=f"Les fichiers sont ceux de l’année {past}.",
    )

    for key, name, means, spoil in _SPOILS:
        write_siecle(out / name, school)
        path = out / name / STUDENTS_FILE
        path.write_bytes(spoil(path.read_bytes()))
        yield Fault(key, "refused", STUDENTS_FILE, name, means=means)


def _third_guardian(household: SynthHousehold) -> SynthHousehold:
    student = household.students[0]
    known = sum(
        link.level is Level.LEGAL and link.student_id == student.id for link in household.links
    )
    added = [
        SynthAdult(_NOBODY + 1 + rank, "PERSONNE-EN-TROP", f"Numéro {rank}", "M.")
        for rank in range(3 - known)
    ]
    return evolve(
        household,
        adults=(*household.adults, *added),
        links=(*household.links, *(SynthLink(student.id, one.id, Level.LEGAL) for one in added)),
    )


def _with_link(
    student_id: int | None, adult_id: int | None
) -> Callable[[SynthHousehold], SynthHousehold]:
    def change(household: SynthHousehold) -> SynthHousehold:
        link = SynthLink(
            student_id or household.students[0].id,
            adult_id or household.adults[0].id,
            Level.CONTACT,
        )
        return evolve(household, links=(*household.links, link))

    return change


def _no_name(household: SynthHousehold) -> SynthHousehold:
    first, *others = household.students
    return evolve(household, students=(evolve(first, last_name=""), *others))


def _twice_the_id(household: SynthHousehold) -> SynthHousehold:
    first = household.students[0]
    double = evolve(first, first_name="Homonyme", file_number=1, ine=Serials(0).ine())
    return evolve(household, students=(*household.students, double))


def _twice_the_ine(household: SynthHousehold) -> SynthHousehold:
    first = evolve(household.students[0], ine=Serials(1).ine())
    double = evolve(first, id=_NOBODY + 50, first_name="Homonyme", file_number=2)
    link = SynthLink(double.id, household.adults[0].id, Level.LEGAL)
    return evolve(
        household,
        students=(first, *household.students[1:], double),
        links=(*household.links, link),
    )


def _no_guardian(household: SynthHousehold) -> SynthHousehold:
    return evolve(household, adults=(), links=())


def _impossible_birth(text: str) -> str:
    before, mark, after = text.partition("<DATE_NAISS>")
    return f"{before}{mark}31/02{after[5:]}" if mark else text


def _level_seven(text: str) -> str:
    return text.replace("<NIVEAU_RESPONSABILITE>1<", "<NIVEAU_RESPONSABILITE>7<")


_PLANTINGS: Final = (
    _Planting(
        "third_legal_guardian",
        "warned",
        GUARDIANS_FILE,
        "L’élève a trois responsables légaux.",
        _third_guardian,
    ),
    _Planting(
        "unknown_person",
        "quarantined",
        GUARDIANS_FILE,
        f"Un lien nomme la personne {_NOBODY}, absente du fichier.",
        _with_link(None, _NOBODY),
    ),
    _Planting(
        "unknown_student",
        "quarantined",
        GUARDIANS_FILE,
        f"Un lien nomme l’élève {_NOBODY}, absent du fichier.",
        _with_link(_NOBODY, None),
    ),
    _Planting(
        "bad_date",
        "quarantined",
        STUDENTS_FILE,
        "La date de naissance est un 31 février.",
        edit=_impossible_birth,
    ),
    _Planting(
        "missing_name", "quarantined", STUDENTS_FILE, "L’élève n’a pas de nom de famille.", _no_name
    ),
    _Planting(
        "duplicate_student_id",
        "quarantined",
        STUDENTS_FILE,
        "Deux élèves portent le même ELEVE_ID.",
        _twice_the_id,
    ),
    _Planting(
        "duplicate_ine",
        "warned",
        STUDENTS_FILE,
        "Deux élèves portent le même identifiant national.",
        _twice_the_ine,
    ),
    _Planting(
        "no_guardian",
        "warned",
        STUDENTS_FILE,
        "L’élève mineur n’a aucun responsable.",
        _no_guardian,
    ),
    _Planting(
        "bad_level",
        "quarantined",
        GUARDIANS_FILE,
        "Le niveau de responsabilité 7 n’existe pas.",
        edit=_level_seven,
    ),
)

_DOCTYPE: Final = b'<!DOCTYPE BEE_ELEVES [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n'


def _with_doctype(content: bytes) -> bytes:
    declaration, _, rest = content.partition(b"\n")
    return declaration + b"\n" + _DOCTYPE + rest


_SPOILS: Final[tuple[tuple[str, str, str, Callable[[bytes], bytes]], ...]] = (
    (
        "truncated",
        "tronque",
        "Le fichier des élèves s’arrête au milieu.",
        lambda content: content[: len(content) * 2 // 3],
    ),
    ("doctype", "doctype", "Le fichier des élèves déclare un type et des entités.", _with_doctype),
    (
        "wrong_encoding",
        "encodage",
        "Déclaré en UTF-8, le fichier des élèves est en ISO-8859-15.",
        lambda content: content.replace(b"ISO-8859-15", b"UTF-8", 1),
    ),
)
