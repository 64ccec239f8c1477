"""What an establishment says to its families, changed by its office."""

from __future__ import annotations

import re

from attrs import evolve

from teleservices_core.domain.school_pages import SchoolPage
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.mail_addresses import mail_address
from teleservices_core.usecases.once_more import once_more
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited


def school_page(site: Site, uai: Uai) -> SchoolPage:
    """The establishment's page as it is now."""
    with site.database.reading() as tx:
        return tx.school_pages.page(uai)


def save_school_page(
    site: Site,
    viewer: Viewer,
    uai: Uai,
    *,
    seen_version: int,
    welcome: str,
    office_phone: str,
    office_email: str,
    office_hours: str,
) -> SchoolPage:
    """Replace the welcome and the contacts; families see them at once.

    Raises :exc:`RefusedError` ``bad_email`` or ``bad_phone``,
    :exc:`ConflictError` when somebody else has saved since ``seen_version``.
    """
    phone = office_phone.strip()
    if phone and not re.fullmatch(r"\+?[\d .()-]{8,}", phone):
        raise RefusedError("bad_phone")
    email = mail_address(office_email) if office_email.strip() else ""
    after = SchoolPage(
        uai=uai,
        welcome="\n".join(welcome.strip().splitlines()),
        office_phone=phone,
        office_email=email,
        office_hours=office_hours.strip(),
        set_by=viewer.name,
        set_at=site.now(),
    )
    once_more(lambda: _replace(site, viewer, after, seen_version))
    return after


def _replace(site: Site, viewer: Viewer, after: SchoolPage, seen_version: int) -> None:
    uai = after.uai
    with site.database.writing() as tx:
        require_school(site, tx, viewer.account, uai)
        before = tx.school_pages.page(uai)
        if before == evolve(after, set_at=before.set_at, version=before.version):
            # Who clicks twice has saved it already.
            return
        tx.school_pages.replace_page(evolve(before, version=seen_version), after)
        tx.audit.add(audited("school.page_saved", site.now(), viewer, uai=uai))
