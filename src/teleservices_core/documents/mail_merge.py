"""Credential letters as lines of a CSV file, for a mail merge in a word processor."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from teleservices_core.documents.sheets import LetterHead, LetterSheet, SheetChild, at_most
from teleservices_core.domain.accounts import Audience

_AUDIENCES: Final = {
    Audience.GUARDIAN: "Responsable",
    Audience.STUDENT: "Élève",
    Audience.STAFF: "Personnel",
}
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

_CSV_HEADING: Final = (
    "Destinataire",
    *(f"Adresse {number}" for number in range(1, 7)),
    "Public",
    "Identifiant",
    "Mot de passe provisoire",
    "Enfants",
    "Émise le",
    "Valable jusqu’au (inclus)",
    "Académie",
    "Établissement",
    "Téléphone",
    "Courriel",
    "Adresse du site",
    "Téléphone de l’assistance",
    "Horaires de l’assistance",
)


def letters_csv(head: LetterHead, sheets: Iterable[LetterSheet]) -> Iterator[str]:
    """Lines of a CSV file for mail merge, the heading first: semicolons, CRLF, dates DD/MM/YYYY.

    Encode as ``utf-8-sig``, which spreadsheets recognize. A cell that a
    spreadsheet could take for a formula starts with an apostrophe.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")

    def line(cells: Iterable[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(map(neutralized, cells))
        return buffer.getvalue()

    yield line(_CSV_HEADING)
    for sheet in sheets:
        address = at_most(6, sheet.recipient_address)
        yield line(
            (
                sheet.recipient_name,
                *address,
                *[""] * (6 - len(address)),
                _AUDIENCES[sheet.audience],
                sheet.login_name,
                sheet.code,
                ", ".join(_child_label(child) for child in sheet.children),
                f"{sheet.issued_on:%d/%m/%Y}",
                f"{sheet.valid_until:%d/%m/%Y}",
                head.academie_name,
                head.establishment_name,
                head.phone,
                head.email,
                head.site_address,
                head.hotline_phone,
                head.hotline_hours,
            )
        )


def neutralized(cell: str) -> str:
    """The cell, with an apostrophe before what a spreadsheet could take for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _child_label(child: SheetChild) -> str:
    return f"{child.name} ({child.class_group})" if child.class_group else child.name
