"""From issued letters to what is printed on them."""

from __future__ import annotations

from teleservices_core.documents.sheets import LetterHead, LetterSheet, SheetChild
from teleservices_core.domain.establishments import Establishment
from teleservices_core.i18n import show_phone
from teleservices_core.settings import Settings
from teleservices_core.usecases.letters import IssuedLetter


def letter_head(settings: Settings, establishment: Establishment | None) -> LetterHead:
    """The sender: the establishment, or the académie for its own staff."""
    full = settings.academie.full_name
    name = full[0].upper() + full[1:]
    return LetterHead(
        academie_name=name,
        establishment_name=establishment.name if establishment else name,
        establishment_address=establishment.address.label() if establishment else (),
        phone=show_phone(establishment.phone) if establishment else "",
        email=establishment.email if establishment else "",
        site_address=settings.base_url,
        hotline_phone=show_phone(settings.hotline.phone),
        hotline_hours=settings.hotline.hours,
        town=establishment.town if establishment else settings.academie.name,
    )


def letter_sheet(issued: IssuedLetter) -> LetterSheet:
    """What one letter prints."""
    candidate = issued.candidate
    return LetterSheet(
        recipient_name=candidate.recipient,
        recipient_address=candidate.address,
        audience=candidate.account.audience,
        login_name=candidate.account.login_name,
        code=issued.code,
        children=tuple(SheetChild(name, group) for name, group in candidate.children),
        issued_on=issued.issued_on,
        valid_until=issued.valid_until,
    )
