"""A receipt on paper: one tagged PDF page, made with typst."""

from __future__ import annotations

from typing import Any

from teleservices_core.documents.issued import letter_head
from teleservices_core.documents.sheets import printable
from teleservices_core.documents.tagged import tagged_pdf
from teleservices_core.i18n import _, show_instant
from teleservices_core.settings import Settings
from teleservices_fiche.model import Person, ReceiptKind, Value
from teleservices_fiche.rules.papers import show_digest
from teleservices_fiche.showing import show_value
from teleservices_fiche.usecases.confirming import Paper
from teleservices_fiche.words import field_words

CHECK_PATH = "/fiche/verifier-un-recepisse/"


def receipt_pdf(settings: Settings, paper: Paper) -> bytes:
    """PDF/UA-1; the same receipt gives the same bytes. Raises :exc:`MissingExtraError`."""
    data, at = content(settings, paper), paper.receipt.issued_at
    return tagged_pdf(__package__, "receipt.typ", data, at, "Making receipts")


def content(settings: Settings, paper: Paper) -> dict[str, Any]:
    """What the page says, in JSON's types."""
    receipt, child = paper.receipt, paper.sheet.child
    head = letter_head(settings, child.establishment)
    is_confirmation = receipt.kind is ReceiptKind.CONFIRMATION
    return {
        "title": _("Récépissé {number}").format(number=receipt.number),
        "academie": printable(head.academie_name),
        "school": printable(child.establishment.name),
        "what": _("Fiche de renseignements confirmée exacte")
        if is_confirmation
        else _("Changements demandés dans la fiche de renseignements"),
        "facts": [
            [_("Élève"), printable(child.student.full_name)],
            [_("Demandé par"), printable(paper.sheet.maker.name)],
            [_("Reçu le"), show_instant(receipt.issued_at, settings.academie.zone)],
            [_("Numéro"), receipt.number],
            [_("Empreinte"), show_digest(receipt.digest)],
        ],
        "columns": [_("Renseignement"), _("Avant"), _("Après")],
        "lines": [
            [
                printable(
                    f"{field_words(each.person.kind, each.field)}{_whose(paper, each.person)}"
                ),
                printable(_shown(each.person, each.field, each.shown)),
                printable(_shown(each.person, each.field, each.proposed)),
            ]
            for each in paper.proposals
        ],
        "foot": _("Ce récépissé se vérifie avec son numéro et son empreinte : {address}").format(
            address=settings.base_url.rstrip("/") + CHECK_PATH
        ),
    }


def _whose(paper: Paper, person: Person) -> str:
    if person == paper.sheet.maker.person:
        return ""
    return f" ({paper.sheet.child.student.first_name})"


def _shown(person: Person, code: str, value: Value) -> str:
    return show_value(person.kind, code, value) or "–"
