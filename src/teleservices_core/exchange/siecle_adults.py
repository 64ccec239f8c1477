"""BEE_RESPONSABLES: adults, their addresses, and what they are to students."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.domain.records import AddressRecord, AdultRecord, LinkRecord
from teleservices_core.domain.roster import Kinship, Level
from teleservices_core.exchange.fields import (
    FieldError,
    Reader,
    Remark,
    email,
    flag,
    identifier,
    mapped,
    phone,
    postal_address,
    required,
    text,
)
from teleservices_core.exchange.xmlstream import Element
from teleservices_core.i18n import _

_LEVELS: Final[Mapping[str, Level]] = {str(level.value): level for level in Level}
_OLD_LEVELS: Final[Mapping[str, Level]] = {
    "0": Level.CONTACT,
    "1": Level.LEGAL,
    "2": Level.LEGAL,
}
"""RESP_LEGAL, until about 2018: first and second legal guardian, or neither."""
_KINSHIPS: Final[Mapping[str, Kinship]] = {
    **{kinship.value: kinship for kinship in Kinship},
    "1": Kinship.FATHER,
    "2": Kinship.MOTHER,
    "3": Kinship.TUTOR,
    "4": Kinship.RELATIVE,
    "5": Kinship.CHILD_WELFARE,
    "6": Kinship.OTHER,
    "7": Kinship.SELF,
}
"""CODE_PARENTE: the present list of two digits, then the former one of one digit."""


def adult(element: Element, file: str, remark: Remark) -> AdultRecord:
    """A PERSONNE: a parent, a relative, or a service, which has no title or first name."""
    return AdultRecord(
        siecle_id=identifier(element, "PERSONNE_ID"),
        last_name=required(element, "NOM_DE_FAMILLE", "NOM"),
        first_name=text(element, "PRENOM"),
        title=text(element, "LC_CIVILITE", limit=10),
        usage_name=text(element, "NOM_USAGE"),
        email=email(element, "MEL", remark),
        mobile=phone(element, "TEL_PORTABLE"),
        phone=phone(element, "TEL_PERSONNEL"),
        address_id=text(element, "ADRESSE_ID", limit=20),
        work_phone=phone(element, "TEL_PROFESSIONNEL"),
        accepts_sms=flag(element, "ACCEPTE_SMS"),
        shares_contact=flag(element, "COMMUNICATION_ADRESSE"),
        occupation=text(element, "CODE_PROFESSION", limit=2),
        file=file,
        line=element.line,
    )


def address(element: Element, file: str, _remark: Remark) -> AddressRecord:
    """An ADRESSE of BEE_RESPONSABLES."""
    return AddressRecord(
        siecle_id=identifier(element, "ADRESSE_ID"),
        address=postal_address(element),
        file=file,
        line=element.line,
    )


def link(element: Element, file: str, remark: Remark) -> LinkRecord:
    """A RESPONSABLE_ELEVE. Old fields: RESP_FINANCIER, PERS_PAIMENT (sic), PERS_CONTACT."""
    level = mapped(element, _LEVELS, "NIVEAU_RESPONSABILITE")
    if level is None:
        level = mapped(element, _OLD_LEVELS, "RESP_LEGAL")
    if level is None:
        raise FieldError(_("NIVEAU_RESPONSABILITE : absent ou vide"))
    try:
        kinship = mapped(element, _KINSHIPS, "CODE_PARENTE") or Kinship.OTHER
    except FieldError as error:
        remark(str(error))
        kinship = Kinship.OTHER
    return LinkRecord(
        student_id=identifier(element, "ELEVE_ID"),
        adult_id=identifier(element, "PERSONNE_ID"),
        level=level,
        kinship=kinship,
        pays_fees=flag(element, "PAIE_FRAIS_SCOLAIRES", "RESP_FINANCIER"),
        receives_aid=flag(element, "PERCOIT_LES_AIDES", "PERS_PAIMENT"),
        lodges=flag(element, "HEBERGE_ELEVE"),
        contact_first=flag(element, "A_CONTACTER_EN_PRIORITE", "PERS_CONTACT"),
        file=file,
        line=element.line,
    )


READERS: Final[Mapping[str, Reader]] = {
    "PERSONNES/PERSONNE": adult,
    "ADRESSES/ADRESSE": address,
    "RESPONSABLES/RESPONSABLE_ELEVE": link,
}
