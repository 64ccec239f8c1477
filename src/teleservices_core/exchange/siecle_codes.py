"""BEE_STRUCTURES and BEE_NOMENCLATURES: divisions, groups, and codes with their labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.domain.records import ClassGroupRecord, NomenclatureRecord
from teleservices_core.exchange.fields import FieldError, Reader, Remark, required, text
from teleservices_core.exchange.xmlstream import Element
from teleservices_core.i18n import _


def division(element: Element, file: str, _remark: Remark) -> ClassGroupRecord:
    """A DIVISION, with the first of its formations."""
    return _class_group(element, "division", file, "CODE_STRUCTURE", "CODE_DIVISION")


def group(element: Element, file: str, _remark: Remark) -> ClassGroupRecord:
    """A GROUPE."""
    return _class_group(element, "group", file, "CODE_STRUCTURE", "CODE_GROUPE")


def _class_group(element: Element, kind: str, file: str, *names: str) -> ClassGroupRecord:
    mefs = (
        mef
        for belonging in element.parts
        if belonging.tag == "MEFS_APPARTENANCE"
        for mef in (*(part.get("CODE_MEF") for part in belonging.parts), "")
    )
    return ClassGroupRecord(
        code=required(element, *names, limit=20),
        kind=kind,
        label=text(element, "LIBELLE_LONG", "LIBELLE_COURT"),
        mef=min(filter(None, mefs), default="")[:11],
        file=file,
        line=element.line,
    )


def nomenclature(element: Element, file: str, _remark: Remark) -> NomenclatureRecord:
    """A code, which is the record's only attribute: ``<MATIERE CODE_MATIERE="020700">``."""
    section = element.path.partition("/")[0]
    found = [
        value.strip() for name, value in element.attributes.items() if name.startswith("CODE_")
    ]
    if not found or not found[0]:
        raise FieldError(_("code absent"))
    if len(found[0]) > 20:
        raise FieldError(_("code de plus de 20 caractères"))
    return NomenclatureRecord(
        kind=section[:20],
        code=found[0],
        short_label=text(element, "LIBELLE_COURT", "CODE_GESTION", "FORMATION"),
        long_label=text(element, "LIBELLE_LONG", "LIBELLE_EDITION", limit=200),
        file=file,
        line=element.line,
    )


_NOMENCLATURES: Final = {
    "MEFS/MEF",
    "MATIERES/MATIERE",
    "MODALITES_ELECTION/MODALITE_ELECTION",
    "REGIMES/REGIME",
    "LIENS_PARENTE/LIEN_PARENTE",
    "BOURSES/BOURSE",
    "PROFESSIONS/PROFESSION",
    "PROVENANCES/PROVENANCE",
    "MOTIFS_SORTIE/MOTIF_SORTIE",
    "STATUTS_ELEVE/STATUT_ELEVE",
}
"""Lists whose codes are read; programs and options per formation are not kept."""

STRUCTURE_READERS: Final[Mapping[str, Reader]] = {
    "DIVISIONS/DIVISION": division,
    "GROUPES/GROUPE": group,
}
NOMENCLATURE_READERS: Final[Mapping[str, Reader]] = dict.fromkeys(_NOMENCLATURES, nomenclature)
