"""Each value as the XML record of a SIECLE export, indented as the real files are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import Enum
from functools import lru_cache
from xml.sax.saxutils import escape

from teleservices_core.domain.roster import Level
from teleservices_core.testing.synth.dialects import OLD_KINSHIP, Style
from teleservices_core.testing.synth.model import (
    FRANCE,
    SynthAddress,
    SynthAdult,
    SynthHousehold,
    SynthLastYear,
    SynthLink,
    SynthStudent,
)


class Section(Enum):
    """The parts of the two files, in the order in which a file holds them."""

    ELEVES = (1, "ELEVES")
    OPTIONS = (1, "OPTIONS")
    STRUCTURES = (1, "STRUCTURES")
    BOURSES = (1, "BOURSES")
    STUDENT_ADDRESSES = (1, "ADRESSES")
    PERSONNES = (2, "PERSONNES")
    RESPONSABLES = (2, "RESPONSABLES")
    ADRESSES = (2, "ADRESSES")

    def __init__(self, file: int, tag: str) -> None:
        self.file = file
        """1 for the students' file, 2 for the guardians'."""
        self.tag = tag
        """The element's name."""


STUDENT_SECTIONS = tuple(section for section in Section if section.file == 1)
GUARDIAN_SECTIONS = tuple(section for section in Section if section.file == 2)

Record = tuple[Section, str]


def household_records(household: SynthHousehold, style: Style) -> Iterator[Record]:
    """Every record of a household, addresses once."""
    homes: dict[int, SynthAddress] = {}
    for student in household.students:
        yield from student_records(student, style)
        if student.address is not None:
            homes[student.address.id] = student.address
    for home in homes.values():
        yield Section.STUDENT_ADDRESSES, address_record(home)
    for adult in household.adults:
        yield Section.PERSONNES, adult_record(adult, style)
    ranks: dict[int, int] = {}
    for link in household.links:
        legal = link.level is Level.LEGAL
        ranks[link.student_id] = rank = ranks.get(link.student_id, 0) + legal
        yield Section.RESPONSABLES, link_record(link, style, rank if legal else 0)
    for address in household.addresses:
        yield Section.ADRESSES, address_record(address)


def student_records(student: SynthStudent, style: Style) -> Iterator[Record]:
    """A student's records in the different parts of the file, but the address."""
    yield Section.ELEVES, student_record(student, style)
    if student.options:
        yield Section.OPTIONS, _options(student)
    if student.class_group or student.groups:
        yield Section.STRUCTURES, _structures(student)


def student_record(student: SynthStudent, style: Style) -> str:
    """The ELEVE element."""
    identity = student.ine if not style.is_old else student.old_ine or student.ine
    fields = (
        ("ID_NATIONAL", identity.code if identity else ""),
        ("INE_BEA", student.old_ine.code if student.old_ine else ""),
        ("INE_RNIE", student.ine.code if student.ine and not style.is_old else ""),
        ("ELENOET", str(student.file_number)),
        ("ID_ELEVE_ETAB", f"{student.file_number:05d}{student.id:07d}"),
        *_names(student.last_name, student.usage_name, style),
        ("PRENOM", escape(student.first_name)),
        *(
            (f"PRENOM{rank}", escape(name))
            for rank, name in enumerate(student.other_first_names[:2], start=2)
        ),
        ("DATE_NAISS", french_date(student.born_on)),
        ("DOUBLEMENT", _bit(student.repeats)),
        ("CODE_PAYS", student.birth_country),
        ("ACCEPTE_SMS", _bit(bool(student.mobile))),
        ("DATE_MODIFICATION", french_date(student.left_on or student.entered_on)),
        ("CODE_REGIME", student.boarding),
        ("DATE_ENTREE", french_date(student.entered_on)),
        ("DATE_SORTIE", french_date(student.left_on)),
        ("CODE_MOTIF_SORTIE", student.exit_reason),
        ("VILLE_NAISS", escape(student.birth_town)),
        ("CODE_SEXE", student.sex.value),
        ("CODE_PAYS_NAT", student.nationality),
        ("CODE_STATUT", student.status),
        ("CODE_MEF", student.mef.code if student.mef else ""),
        ("CODE_DEPARTEMENT_NAISS", f"0{student.birth_insee[:2]}" if student.birth_insee else ""),
        ("CODE_COMMUNE_INSEE_NAISS", student.birth_insee),
        ("ADHESION_TRANSPORT", "0"),
        ("CODE_PROVENANCE", "1"),
        ("MEL", escape(student.email)),
        ("TEL_PORTABLE", student.mobile),
        ("ADRESSE_ID", str(student.address.id) if student.address else ""),
    )
    last_year = _last_year(student.last_year) if student.last_year else ""
    return (
        f'      <ELEVE ELEVE_ID="{student.id}" ELENOET="{student.file_number}">\n'
        f"{_elements(fields)}{last_year}      </ELEVE>\n"
    )


def adult_record(adult: SynthAdult, style: Style) -> str:
    """The PERSONNE element."""
    long_title = {"M.": "MONSIEUR", "MME": "MADAME"}.get(adult.title, "")
    fields = (
        ("LC_CIVILITE", adult.title),
        ("LL_CIVILITE", long_title),
        *_names(adult.last_name, adult.usage_name, style),
        ("PRENOM", escape(adult.first_name)),
        ("TEL_PERSONNEL", adult.phone),
        ("TEL_PORTABLE", adult.mobile),
        ("ACCEPTE_SMS", _bit(adult.accepts_sms)),
        ("TEL_PROFESSIONNEL", adult.work_phone),
        ("MEL", escape(adult.email)),
        ("COMMUNICATION_ADRESSE", _bit(adult.shares_address)),
        ("ADRESSE_ID", str(adult.address.id) if adult.address else ""),
        ("CODE_PROFESSION", adult.occupation),
    )
    return f'      <PERSONNE PERSONNE_ID="{adult.id}">\n{_elements(fields)}      </PERSONNE>\n'


def link_record(link: SynthLink, style: Style, legal_rank: int = 0) -> str:
    """The RESPONSABLE_ELEVE element; real files mix 0/1 and true/false in it.

    ``legal_rank`` is 1 or 2 for the student's legal guardians, which the old
    dialect writes instead of the level; levels 2 and 3 are one there.
    """
    known: tuple[tuple[str, str], ...]
    if style.is_old:
        known = (
            ("RESP_LEGAL", str(legal_rank) if legal_rank <= 2 else "0"),
            ("CODE_PARENTE", OLD_KINSHIP[link.kinship]),
            ("RESP_FINANCIER", _bit(link.pays_fees)),
            ("PERS_PAIMENT", _bit(link.receives_aid)),
            ("PERS_CONTACT", _bit(link.contact_first or link.level is Level.CONTACT)),
        )
    else:
        known = (
            ("NIVEAU_RESPONSABILITE", str(link.level.value)),
            ("CODE_PARENTE", link.kinship.value),
            ("PAIE_FRAIS_SCOLAIRES", _bit(link.pays_fees)),
            ("PERCOIT_LES_AIDES", _word(link.receives_aid)),
            ("HEBERGE_ELEVE", _word(link.lodges)),
            ("A_CONTACTER_EN_PRIORITE", _word(link.contact_first)),
        )
    fields = (("ELEVE_ID", str(link.student_id)), ("PERSONNE_ID", str(link.adult_id)), *known)
    return f"      <RESPONSABLE_ELEVE>\n{_elements(fields)}      </RESPONSABLE_ELEVE>\n"


def address_record(address: SynthAddress) -> str:
    """The ADRESSE element, the same in both files; abroad it has no postal code."""
    postal, home = address.postal, address.country_code == FRANCE
    fields = (
        *(
            (f"LIGNE{rank}_ADRESSE", escape(line))
            for rank, line in enumerate(postal.lines[:4], start=1)
        ),
        ("COMMUNE_ETRANGERE", "" if home else escape(postal.town)),
        ("CODE_POSTAL", postal.postal_code if home else ""),
        ("CODE_PAYS", address.country_code),
        ("CODE_COMMUNE_INSEE", address.insee_code),
        ("LL_PAYS", "FRANCE" if home else escape(postal.country.upper())),
        ("CODE_DEPARTEMENT", f"0{postal.postal_code[:2]}" if home and postal.postal_code else ""),
        ("LIBELLE_POSTAL", escape(postal.town.upper()) if home else ""),
    )
    return f'      <ADRESSE ADRESSE_ID="{address.id}">\n{_elements(fields)}      </ADRESSE>\n'


def french_date(day: date | None) -> str:
    """dd/mm/yyyy, or nothing."""
    return "" if day is None else f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def _options(student: SynthStudent) -> str:
    taken = "".join(
        f"        <OPTIONS_ELEVE>\n          <NUM_OPTION>{rank}</NUM_OPTION>\n"
        f"          <CODE_MODALITE_ELECT>{option.modality}</CODE_MODALITE_ELECT>\n"
        f"          <CODE_MATIERE>{option.subject}</CODE_MATIERE>\n        </OPTIONS_ELEVE>\n"
        for rank, option in enumerate(student.options, start=1)
    )
    return (
        f'      <OPTION ELEVE_ID="{student.id}" ELENOET="{student.file_number}">\n'
        f"{taken}      </OPTION>\n"
    )


def _structures(student: SynthStudent) -> str:
    codes = [(student.class_group, "D")] if student.class_group else []
    codes += [(group, "G") for group in student.groups]
    inside = "".join(
        f"        <STRUCTURE>\n          <CODE_STRUCTURE>{escape(code)}</CODE_STRUCTURE>\n"
        f"          <TYPE_STRUCTURE>{kind}</TYPE_STRUCTURE>\n        </STRUCTURE>\n"
        for code, kind in codes
    )
    return (
        f'      <STRUCTURES_ELEVE ELEVE_ID="{student.id}" ELENOET="{student.file_number}">\n'
        f"{inside}      </STRUCTURES_ELEVE>\n"
    )


@lru_cache(maxsize=4096)
def _last_year(last: SynthLastYear) -> str:
    kind, _, complement = last.name.partition(" ")
    fields = (
        ("CODE_MEF", last.mef.code if last.mef else ""),
        ("CODE_STRUCTURE", escape(last.class_group)),
        ("CODE_RNE", last.uai.code),
        ("DENOM_PRINC", escape(kind.upper())),
        ("DENOM_COMPL", escape(complement.upper())),
        ("MEL", f"ce.{last.uai.code.lower()}@example.org"),
        ("LL_COMMUNE_INSEE", escape(last.town.upper())),
    )
    inside = _elements(fields, "          ")
    return f"        <SCOLARITE_AN_DERNIER>\n{inside}        </SCOLARITE_AN_DERNIER>\n"


def _names(last_name: str, usage_name: str, style: Style) -> tuple[tuple[str, str], ...]:
    if style.is_old:
        # One name only: the one in use.
        return (("NOM", escape(usage_name or last_name)),)
    return (("NOM_DE_FAMILLE", escape(last_name)), ("NOM_USAGE", escape(usage_name)))


def _elements(fields: Iterable[tuple[str, str]], pad: str = "        ") -> str:
    """The elements that have a content; exports leave most others out."""
    return "".join([f"{pad}<{tag}>{text}</{tag}>\n" for tag, text in fields if text])


def _bit(value: bool) -> str:
    return "1" if value else "0"


def _word(value: bool) -> str:
    return "true" if value else "false"
