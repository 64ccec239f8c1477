"""A delta as the file that SIECLE imports from other software: IMPORT_ELEVES, version 3.1.

The file describes whole pupils with their adults, not fields: what nobody
changed goes back as the base said it. A pupil of whom the format asks more
than is known here is left to the CSV file (see :func:`obstacle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final
from uuid import UUID
from xml.sax.saxutils import escape

from teleservices_core.domain.roster import Level
from teleservices_core.i18n import _
from teleservices_core.usecases.site import Site
from teleservices_fiche.model import Address, Value
from teleservices_fiche.usecases.exporting import Delta, FamilySheet, Relative, families_of
from teleservices_fiche.usecases.school_ports import SchoolOpens

VERSION: Final = "3.1"
_ENCODING: Final = "ISO-8859-15"
_SOFTWARE: Final = "TELESERV"
_PHONE: Final = 20
_DIVISION: Final = 8
_TITLES: Final = {"M.": "1", "MME": "2"}
_UNKNOWN_OCCUPATION: Final = "99"
_LEGAL_AT_MOST: Final = 2

Field = tuple[str, str]


def delta_xml(site: Site, delta: Delta, opens: SchoolOpens) -> Iterator[bytes] | None:
    """The file, in pieces as it is made: the adults, then the pupils.

    None when nothing of the delta has its place in it.
    """
    if next(_fitting(site, delta, opens), None) is None:
        return None
    numbers: dict[UUID, int] = {}

    def pieces() -> Iterator[str]:
        yield f'<?xml version="1.0" encoding="{_ENCODING}"?>\n'
        yield f'<IMPORT_ELEVES VERSION="{VERSION}">\n'
        yield _block("PARAMETRES", _parameters(site, delta), 1)
        yield "  <DONNEES>\n    <PERSONNES>\n"
        for family in _fitting(site, delta, opens):
            for relative in family.relatives:
                if relative.link.adult_id not in numbers:
                    numbers[relative.link.adult_id] = len(numbers)
                    yield _person(numbers[relative.link.adult_id], relative)
        yield "    </PERSONNES>\n    <ELEVES>\n"
        for rank, family in enumerate(_fitting(site, delta, opens)):
            yield _pupil(rank, family, numbers)
        yield "    </ELEVES>\n  </DONNEES>\n</IMPORT_ELEVES>\n"

    return (piece.encode(_ENCODING, "xmlcharrefreplace") for piece in pieces())


def _fitting(site: Site, delta: Delta, opens: SchoolOpens) -> Iterator[FamilySheet]:
    return (each for each in families_of(site, delta, opens) if not obstacle(each))


def obstacle(family: FamilySheet) -> str:
    """What the format asks of a pupil and is not known here, in words; empty for nothing."""
    details, schooling = family.pupil.details, family.pupil.schooling
    asked = {
        _("identifiant national"): family.pupil.student.ine,
        _("sexe"): family.pupil.student.sex.value,
        _("nationalité"): details.nationality,
        _("pays de naissance"): details.birth_country,
        _("lieu de naissance"): details.birth_insee or details.birth_town,
        _("régime"): schooling.boarding,
        _("formation"): schooling.mef,
        _("date d’entrée"): schooling.from_on,
        _("établissement de l’an dernier"): schooling.former.uai and schooling.former.origin,
        _("représentant légal"): any(each.link.level is Level.LEGAL for each in family.relatives),
        _("civilité et prénom des responsables"): all(
            each.values.get("title") in _TITLES and each.values.get("first_name")
            for each in family.relatives
        ),
    }
    return ", ".join(name for name, value in asked.items() if not value)


def missing(site: Site, delta: Delta, opens: SchoolOpens) -> dict[UUID, str]:
    """Why changes of a delta have no place in the file, in words; by proposal."""
    obstacles = {each.pupil.id: obstacle(each) for each in families_of(site, delta, opens)}
    in_base = {each.proposal.id for each in delta.for_base}
    found = {
        each.proposal.id: obstacles.get(each.proposal.student_id, "")
        if each.proposal.id in in_base
        else _("rubrique absente de SIECLE")
        for each in delta.changes
    }
    return {id_: text for id_, text in found.items() if text}


def _parameters(site: Site, delta: Delta) -> Iterator[Field]:
    batch = delta.batch
    yield "UAJ", batch.uai.code
    yield "ANNEE_SCOLAIRE", str(batch.school_year.start)
    yield "DATE_IMPORT", f"{site.academie.today(batch.at):%d/%m/%Y}"
    yield "NUM_ENVOI", str(batch.number)
    yield "LOGICIEL", _SOFTWARE


def _person(number: int, relative: Relative) -> str:
    values = relative.values
    fields = [
        ("ID_PRV_PER", str(number)),
        ("CODE_CIVILITE", _TITLES[str(values["title"])]),
        *_names(values.get("last_name"), values.get("usage_name"), values.get("first_name")),
    ]
    more = [
        ("COMMUNICATION_ADRESSE", _bit(values.get("shares_contact"))),
        ("CODE_PROFESSION", str(values.get("profession") or _UNKNOWN_OCCUPATION)),
        ("TEL_PERSONNEL", _phone(values.get("phone_home"))),
        ("TEL_PROFESSIONNEL", _phone(values.get("phone_work"))),
        ("TEL_PORTABLE", _phone(values.get("phone_mobile"))),
        ("ACCEPTE_SMS", _bit(values.get("accepts_sms"))),
        ("EMAIL", str(values.get("email") or "")),
    ]
    inside = _lines(fields, 4) + _address(values.get("address"), 4) + _lines(more, 4)
    return f"      <PERSONNE>\n{inside}      </PERSONNE>\n"


def _pupil(rank: int, family: FamilySheet, numbers: dict[UUID, int]) -> str:
    student, details = family.pupil.student, family.pupil.details
    schooling, values = family.pupil.schooling, family.values
    place = (
        ("CODE_COMMUNE_INSEE_NAISS", details.birth_insee)
        if details.birth_insee
        else ("VILLE_NAISS", details.birth_town[:32])
    )
    fields = [
        ("ID_PRV_ELE", str(rank)),
        ("ID_NATIONAL", student.ine.code if student.ine else ""),
        *_names(student.last_name, student.usage_name, student.first_name),
        ("CODE_PAYS_NAT", details.nationality),
        ("DATE_NAISS", student.born_on.isoformat()),
        ("CODE_SEXE", student.sex.value),
        ("CODE_PAYS", details.birth_country),
        place,
        ("DATE_ENTREE", _iso(schooling.from_on)),
    ]
    contacts = [
        ("TEL_PERSONNEL", _phone(values.get("phone_home"))),
        ("TEL_PROFESSIONNEL", _phone(values.get("phone_work"))),
        ("TEL_PORTABLE", _phone(values.get("phone_mobile"))),
        ("ACCEPTE_SMS", _bit(values.get("accepts_sms"))),
        ("EMAIL", str(values.get("email") or "")),
        ("ADHESION_TRANSPORT", _bit(schooling.uses_transport)),
        ("CODE_REGIME", schooling.boarding),
        ("DOUBLEMENT", _bit(schooling.repeats)),
    ]
    return (
        "      <ELEVE>\n"
        + _lines(fields, 4)
        + _address(values.get("address"), 4)
        + _lines(contacts, 4)
        + _relatives(family, numbers)
        + _block("SCOLARITE_ACTIVE", _schooling(family), 4)
        + _block("ETABLISSEMENT_AN_DERNIER", _former(family), 4)
        + "      </ELEVE>\n"
    )


def _relatives(family: FamilySheet, numbers: dict[UUID, int]) -> str:
    legal: list[tuple[Level, str]] = []
    others: list[tuple[Level, str]] = []
    for relative in family.relatives:
        link = relative.link
        is_legal = link.level is Level.LEGAL and len(legal) < _LEGAL_AT_MOST
        fields = [
            ("ID_PRV_PER", str(numbers[link.adult_id])),
            ("CODE_PARENTE", link.kinship.value),
        ]
        if link.level is not Level.CONTACT:
            fields += [
                ("PAIE_FRAIS_SCOLAIRES", _bit(link.pays_fees)),
                ("HEBERGE_ELEVE", _bit(link.lodges)),
                *((("PERCOIT_LES_AIDES", _bit(link.receives_aid)),) if is_legal else ()),
                ("A_CONTACTER_EN_PRIORITE", _bit(link.contact_first)),
            ]
        # The format takes two legal guardians: a third goes as a person in charge.
        tag = "CONTACT" if link.level is Level.CONTACT else "PERSONNE_EN_CHARGE"
        (legal if is_legal else others).append(
            (link.level, _block("LEGAL" if is_legal else tag, fields, 5))
        )
    inside = "".join(text for _level, text in (*legal, *sorted(others, key=lambda e: e[0])))
    return f"        <RESPONSABLES_ELEVE>\n{inside}        </RESPONSABLES_ELEVE>\n"


def _schooling(family: FamilySheet) -> Iterator[Field]:
    schooling = family.pupil.schooling
    yield "CODE_MEF", schooling.mef.code if schooling.mef else ""
    if len(schooling.class_group) <= _DIVISION:
        yield "CODE_DIVISION", schooling.class_group
    yield "CODE_STATUT", schooling.status
    yield "DATE_DEB_SCO", _iso(schooling.from_on)
    yield "DATE_FIN_SCO", _iso(schooling.left_on)


def _former(family: FamilySheet) -> Iterator[Field]:
    former = family.pupil.schooling.former
    yield "CODE_RNE", former.uai
    yield "CODE_PROVENANCE", former.origin
    yield "CODE_MEF", former.mef
    if len(former.class_group) <= _DIVISION:
        yield "CODE_DIVISION", former.class_group


def _names(last: Value, usage: Value, first: Value) -> list[Field]:
    return [
        ("NOM_DE_FAMILLE", str(last or "")),
        ("NOM_USAGE", str(usage or "")),
        ("PRENOM", str(first or "")),
    ]


def _address(value: Value, depth: int) -> str:
    # An address of the base that does not fit its own form is not sent back.
    if not isinstance(value, Address):
        return ""
    fields = [(f"LIGNE{rank}_ADRESSE", line) for rank, line in enumerate(value.lines, 1)]
    if value.is_french:
        fields += [("CODE_POSTAL", value.postal_code), ("LL_POSTAL", value.town)]
    else:
        fields.append(("COMMUNE_ETRANGERE", value.town))
    return _block("ADRESSE", [*fields, ("CODE_PAYS", value.country)], depth)


def _phone(value: Value) -> str:
    # Ten digits for mainland France only: of an overseas territory they would not tell which.
    text = "".join(str(value or "").split())
    written = f"0{text[3:]}" if text.startswith("+33") else text
    return written if len(written) <= _PHONE else ""


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _bit(value: Value) -> str:
    return "1" if value is True else "0"


def _block(tag: str, fields: Iterable[Field], depth: int) -> str:
    pad = "  " * depth
    return f"{pad}<{tag}>\n{_lines(fields, depth + 1)}{pad}</{tag}>\n"


def _lines(fields: Iterable[Field], depth: int) -> str:
    """The elements that have a content."""
    pad = "  " * depth
    return "".join(f"{pad}<{tag}>{escape(text)}</{tag}>\n" for tag, text in fields if text)
