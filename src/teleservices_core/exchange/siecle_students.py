"""BEE_ELEVES: students, and the divisions they are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.domain.records import (
    StructureRecord,
    StudentAddressRecord,
    StudentRecord,
)
from teleservices_core.domain.roster import Sex
from teleservices_core.domain.values import Ine, Mef
from teleservices_core.exchange.fields import (
    Reader,
    Remark,
    code,
    day,
    email,
    flag,
    identifier,
    mapped,
    phone,
    postal_address,
    required,
    required_day,
    text,
)
from teleservices_core.exchange.xmlstream import Element
from teleservices_core.i18n import _

_SEX: Final[Mapping[str, Sex]] = {"1": Sex.MALE, "2": Sex.FEMALE}


def student(element: Element, file: str, remark: Remark) -> StudentRecord:
    """An ELEVE. Before the summer of 2016, NOM was the only name."""
    ine = code(element, Ine, "ID_NATIONAL", "INE_RNIE", "INE_BEA")
    former_ine = code(element, Ine, "INE_BEA")
    former = _former(element)
    if ine is None:
        remark(_("aucun identifiant national : l’élève n’est reconnu que dans cet établissement"))
    elif ine.warning:
        remark(_("clé de l’identifiant national {ine} inhabituelle").format(ine=ine))
    return StudentRecord(
        siecle_id=identifier(element, "ELEVE_ID"),
        last_name=required(element, "NOM_DE_FAMILLE", "NOM"),
        first_name=required(element, "PRENOM"),
        born_on=required_day(element, "DATE_NAISS"),
        usage_name=text(element, "NOM_USAGE"),
        sex=mapped(element, _SEX, "CODE_SEXE") or Sex.UNKNOWN,
        ine=ine,
        former_ine=None if former_ine == ine else former_ine,
        mef=code(element, Mef, "CODE_MEF"),
        status=text(element, "CODE_STATUT", limit=2) or "ST",
        boarding=text(element, "CODE_REGIME", limit=2),
        entered_on=day(element, "DATE_ENTREE"),
        left_on=day(element, "DATE_SORTIE"),
        address_id=text(element, "ADRESSE_ID", limit=20),
        phone=phone(element, "TEL_PERSONNEL"),
        mobile=phone(element, "TEL_PORTABLE"),
        work_phone=phone(element, "TEL_PROFESSIONNEL"),
        accepts_sms=flag(element, "ACCEPTE_SMS"),
        email=email(element, "MEL", remark),
        birth_country=text(element, "CODE_PAYS", limit=3),
        birth_town=text(element, "VILLE_NAISS"),
        birth_insee=text(element, "CODE_COMMUNE_INSEE_NAISS", limit=5),
        nationality=text(element, "CODE_PAYS_NAT", limit=3),
        repeats=flag(element, "DOUBLEMENT"),
        uses_transport=flag(element, "ADHESION_TRANSPORT"),
        origin=text(element, "CODE_PROVENANCE", limit=2),
        former_uai=former.get("CODE_RNE", "")[:8],
        former_mef=former.get("CODE_MEF", "")[:11],
        former_class_group=former.get("CODE_STRUCTURE", "")[:20],
        file=file,
        line=element.line,
    )


def _former(element: Element) -> Mapping[str, str]:
    """What SCOLARITE_AN_DERNIER says, as it stands: it only goes back to where it came from."""
    parts = (part for part in element.parts if part.tag == "SCOLARITE_AN_DERNIER")
    return next((part.values for part in parts), {})


def structures(element: Element, file: str, _remark: Remark) -> StructureRecord:
    """A STRUCTURES_ELEVE: the student's division. Codes keep their spaces: "3 A"."""
    divisions = sorted(
        required(part, "CODE_STRUCTURE", limit=20)
        for part in element.parts
        if part.get("TYPE_STRUCTURE") == "D"
    )
    return StructureRecord(
        student_id=identifier(element, "ELEVE_ID"),
        class_group=divisions[0] if divisions else "",
        extra=divisions[1] if len(divisions) > 1 else "",
        file=file,
        line=element.line,
    )


def address(element: Element, file: str, _remark: Remark) -> StudentAddressRecord:
    """An ADRESSE of BEE_ELEVES, in exports « avec adresses » only."""
    return StudentAddressRecord(
        siecle_id=identifier(element, "ADRESSE_ID"),
        address=postal_address(element),
        file=file,
        line=element.line,
    )


READERS: Final[Mapping[str, Reader]] = {
    "ELEVES/ELEVE": student,
    "STRUCTURES/STRUCTURES_ELEVE": structures,
    "ADRESSES/ADRESSE": address,
}
