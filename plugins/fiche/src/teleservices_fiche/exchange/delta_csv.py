"""A delta as CSV, for who carries it by hand or into other software."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from teleservices_core.documents.mail_merge import neutralized
from teleservices_core.domain.localtime import local_date
from teleservices_core.i18n import _, show_short_date
from teleservices_core.usecases.site import Site
from teleservices_fiche.exchange.delta_xml import missing
from teleservices_fiche.model import PersonKind, Proposal, Value
from teleservices_fiche.school_words import school_field
from teleservices_fiche.showing import show_value
from teleservices_fiche.usecases.exporting import Delta
from teleservices_fiche.usecases.school_ports import Filed, SchoolOpens

_HEADING: Final = (
    "Envoi",
    "Classe",
    "Élève",
    "Identifiant national",
    "ELEVE_ID",
    "Personne",
    "Rubrique",
    "Avant",
    "Après",
    "Demandé le",
    "Accepté par",
    "Envoyé le",
    "Numéro",
    "Fichier pour SIECLE",
)


def delta_csv(site: Site, delta: Delta, opens: SchoolOpens) -> Iterator[bytes]:
    """Lines in UTF-8 with its mark, the heading first: semicolons, CRLF, dates DD/MM/YYYY.

    A cell that a spreadsheet could take for a formula starts with an apostrophe.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")

    def line(cells: Iterable[str]) -> bytes:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(map(neutralized, cells))
        return buffer.getvalue().encode()

    zone = site.academie.zone
    left_out = missing(site, delta, opens)
    yield b"\xef\xbb\xbf" + line(_HEADING)
    for filed in delta.changes:
        yield line(_cells(delta, filed, zone, left_out.get(filed.proposal.id, "")))


def _cells(delta: Delta, filed: Filed, zone: ZoneInfo, lacks: str) -> Iterator[str]:
    each = filed.proposal
    yield str(delta.batch.number)
    yield filed.class_group
    yield filed.student
    yield filed.ine
    yield filed.siecle_id
    yield filed.person if each.person.kind is PersonKind.GUARDIAN else filed.student
    yield school_field(each.person.kind, each.field)
    yield _value(each, each.seen)
    yield _value(each, each.proposed)
    yield _day(each.made_at, zone)
    yield each.decided_by
    yield _day(delta.batch.at, zone)
    yield each.number
    yield _("non : {missing}").format(missing=lacks) if lacks else _("oui")


def _value(proposal: Proposal, value: Value) -> str:
    return show_value(proposal.person.kind, proposal.field, value)


def _day(at: datetime, zone: ZoneInfo) -> str:
    return show_short_date(local_date(at, zone))
