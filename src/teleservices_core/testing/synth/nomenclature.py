"""Nomenclature.xml and Structures.xml: the codes that a school's files use.

Labels of exit reasons are ours, the codes are of the national list; a code
that is not listed here is its own label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from xml.sax.saxutils import escape

from attrs import define, field

from teleservices_core.domain.roster import Kinship
from teleservices_core.testing.synth.formations import GRADES_BY_MEF, SUBJECTS
from teleservices_core.testing.synth.model import SynthHousehold

_BOARDING: Final = {
    "0": "EXTERNE LIBRE",
    "1": "EXTERNE SURVEILLE",
    "2": "DEMI-PENSIONNAIRE",
    "24": "DEMI-PENSIONNAIRE 4 JOURS",
    "25": "DEMI-PENSIONNAIRE 5 JOURS",
    "3": "INTERNE",
    "35": "INTERNE 5 JOURS",
}
_KINSHIPS: Final = {
    Kinship.MOTHER: "MERE",
    Kinship.FATHER: "PERE",
    Kinship.SIBLING: "FRATRIE",
    Kinship.ASCENDANT: "ASCENDANT",
    Kinship.RELATIVE: "AUTRE MEMBRE DE LA FAMILLE",
    Kinship.EDUCATOR: "EDUCATEUR",
    Kinship.FOSTER_CARER: "ASSISTANT FAMILIAL",
    Kinship.TUTOR: "TUTEUR",
    Kinship.CHILD_WELFARE: "AIDE SOCIALE A L'ENFANCE",
    Kinship.SELF: "ELEVE LUI-MEME",
    Kinship.OTHER: "AUTRE LIEN",
}
_EXIT_REASONS: Final = {
    "11": "CHANGEMENT D'ETABLISSEMENT",
    "44": "NE S'EST JAMAIS PRESENTE",
    "99": "AUTRE MOTIF",
}
_OCCUPATIONS: Final = {
    "10": "AGRICULTEURS EXPLOITANTS",
    "21": "ARTISANS",
    "31": "PROFESSIONS LIBERALES",
    "34": "PROFESSEURS, PROFESSIONS SCIENTIFIQUES",
    "37": "CADRES ADMINISTRATIFS ET COMMERCIAUX D'ENTREPRISE",
    "42": "PROFESSEURS DES ECOLES ET ASSIMILES",
    "45": "PROF. INTERMEDIAIRES ADMINISTRATIVES DE LA FONCTION PUBLIQUE",
    "46": "PROF. INTERMEDIAIRES ADMINISTRATIVES DES ENTREPRISES",
    "52": "EMPLOYES CIVILS, AGENTS DE SERVICE",
    "54": "EMPLOYES ADMINISTRATIFS D'ENTREPRISES",
    "62": "OUVRIERS QUALIFIES DE TYPE INDUSTRIEL",
    "67": "OUVRIERS NON QUALIFIES DE TYPE INDUSTRIEL",
    "99": "NON RENSEIGNEE (INCONNUE OU SANS OBJET)",
}


@define
class CodesUsed:
    """The codes met so far in a school; small whatever its size."""

    mefs: set[str] = field(factory=set)
    subjects: set[str] = field(factory=set)
    boarding: set[str] = field(factory=set)
    kinships: set[Kinship] = field(factory=set)
    exit_reasons: set[str] = field(factory=set)
    occupations: set[str] = field(factory=lambda: {"99"})
    classes: dict[str, set[str]] = field(factory=dict)
    """MEF codes of the students of each division."""
    groups: dict[str, set[str]] = field(factory=dict)

    def see(self, household: SynthHousehold) -> None:
        """Take note of a household's codes."""
        for student in household.students:
            mefs = {student.mef.code} if student.mef else set()
            self.mefs |= mefs
            if student.last_year and student.last_year.mef:
                self.mefs.add(student.last_year.mef.code)
            self.subjects.update([option.subject for option in student.options])
            self.boarding.add(student.boarding)
            if student.exit_reason:
                self.exit_reasons.add(student.exit_reason)
            if student.class_group:
                self.classes.setdefault(student.class_group, set()).update(mefs)
            for group in student.groups:
                self.groups.setdefault(group, set()).update(mefs)
        self.occupations.update([adult.occupation for adult in household.adults])
        self.occupations.discard("")
        self.kinships.update([link.kinship for link in household.links])


def nomenclature_body(used: CodesUsed) -> str:
    """What stands inside DONNEES of Nomenclature.xml."""
    taught = {
        subject.code
        for mef in used.mefs & GRADES_BY_MEF.keys()
        for subject in GRADES_BY_MEF[mef].subjects
    }
    kinships = {kinship.value: _KINSHIPS[kinship] for kinship in used.kinships}
    return (
        _section("MEFS", map(_mef, sorted(used.mefs)))
        + _section("MATIERES", map(_subject, sorted(used.subjects | taught)))
        + _labels("REGIMES", "REGIME", "CODE_REGIME", used.boarding, _BOARDING)
        + _labels("LIENS_PARENTE", "LIEN_PARENTE", "CODE_LIEN_PARENTE", kinships, kinships)
        + _labels("PROFESSIONS", "PROFESSION", "CODE_PROFESSION", used.occupations, _OCCUPATIONS)
        + _labels(
            "MOTIFS_SORTIE", "MOTIF_SORTIE", "CODE_MOTIF_SORTIE", used.exit_reasons, _EXIT_REASONS
        )
    )


def structures_body(used: CodesUsed) -> str:
    """What stands inside DONNEES of Structures.xml."""
    return _section("DIVISIONS", _structures("DIVISION", used.classes)) + _section(
        "GROUPES", _structures("GROUPE", used.groups)
    )


def _structures(tag: str, structures: Mapping[str, set[str]]) -> Iterable[str]:
    for code in sorted(structures):
        mefs = "".join(
            f"          <MEF_APPARTENANCE>\n            <CODE_MEF>{mef}</CODE_MEF>\n"
            f"          </MEF_APPARTENANCE>\n"
            for mef in sorted(structures[code])
        )
        label = escape(re.sub(r"^(\d) ", r"\1e ", code))
        yield (
            f'      <{tag} CODE_STRUCTURE="{_attribute(code)}">\n'
            f"        <LIBELLE_LONG>{label}</LIBELLE_LONG>\n"
            f"        <MEFS_APPARTENANCE>\n{mefs}        </MEFS_APPARTENANCE>\n"
            f"      </{tag}>\n"
        )


def _mef(code: str) -> str:
    grade = GRADES_BY_MEF.get(code)
    label = grade.label if grade else code
    return (
        f'      <MEF CODE_MEF="{code}">\n'
        f"        <FORMATION>{grade.short if grade else code}</FORMATION>\n"
        f"        <LIBELLE_LONG>{label}</LIBELLE_LONG>\n"
        f"        <LIBELLE_EDITION>{label.capitalize()}</LIBELLE_EDITION>\n"
        f"        <STATUT_MEF>1</STATUT_MEF>\n"
        f"        <MEF_RATTACHEMENT>{code}</MEF_RATTACHEMENT>\n"
        f"        <CODE_MEFSTAT>{grade.mefstat if grade else ''}</CODE_MEFSTAT>\n"
        f"        <DATE_OUVERTURE>01/09/1992</DATE_OUVERTURE>\n"
        f"        <DATE_FERMETURE>31/12/9999</DATE_FERMETURE>\n"
        f"      </MEF>\n"
    )


def _subject(code: str) -> str:
    subject = SUBJECTS.get(code)
    label = subject.label if subject else code
    return (
        f'      <MATIERE CODE_MATIERE="{code}">\n'
        f"        <CODE_GESTION>{subject.short if subject else code}</CODE_GESTION>\n"
        f"        <LIBELLE_COURT>{escape(label.upper()[:20])}</LIBELLE_COURT>\n"
        f"        <LIBELLE_LONG>{escape(label.upper())}</LIBELLE_LONG>\n"
        f"        <LIBELLE_EDITION>{escape(label)}</LIBELLE_EDITION>\n"
        f"        <MATIERE_ETP>1</MATIERE_ETP>\n"
        f"      </MATIERE>\n"
    )


def _labels(
    section: str, tag: str, attribute: str, codes: Iterable[str], labels: Mapping[str, str]
) -> str:
    return _section(
        section,
        (
            f'      <{tag} {attribute}="{_attribute(code)}">\n'
            f"        <LIBELLE_COURT>{escape(labels.get(code, code)[:20])}</LIBELLE_COURT>\n"
            f"        <LIBELLE_LONG>{escape(labels.get(code, code))}</LIBELLE_LONG>\n"
            f"      </{tag}>\n"
            for code in sorted(codes)
        ),
    )


def _section(tag: str, records: Iterable[str]) -> str:
    inside = "".join(records)
    return f"    <{tag}>\n{inside}    </{tag}>\n" if inside else f"    <{tag}/>\n"


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})
