"""The rectorat's help line: find an account, say what is the matter, see what its family sees.

Only families' accounts are found here. Nothing of an address, a password or a
child's data is shown; what the family sees is shown only once a reason is in
the journal, which the family can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account, Audience, CredentialLetter, TokenPurpose
from teleservices_core.domain.diagnosis import (
    Facts,
    MailState,
    Remedy,
    Sending,
    mail_state,
    remedies,
)
from teleservices_core.domain.standing import speaks_of
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry, AuditSearch
from teleservices_core.ports.office import OfficeAccount
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.home import ChildAnswer, family_of, known_children
from teleservices_core.usecases.rights import require_hotline
from teleservices_core.usecases.site import Site, audited
from teleservices_core.words.diagnoses import Diagnosis, diagnosis
from teleservices_core.words.reasons import contact

VIEWED: Final = "hotline.viewed"
HOLDS_FOR: Final = timedelta(minutes=15)
"""How long a reason lets the family's page be seen."""
_CONFIRMATION: Final = f"core.{TokenPurpose.CONFIRM_EMAIL}"
_MAILS: Final = 10
_SHORTEST: Final = 3
"""Characters of a reason, or of who calls."""
MOST: Final = 50
"""Accounts shown of those that a name finds."""


def find(site: Site, typed: str, uai: Uai | None) -> list[OfficeAccount]:
    """Accounts of families by identifier or address, or by a name in one establishment.

    An identifier or an address is compared whole; parts of names, with or
    without accents, only within an establishment. One or two statements.
    """
    with site.database.reading() as tx:
        if uai is None:
            return tx.office.known_as(typed.strip().casefold())
        today = site.academie.today(site.now())
        here = tx.office.accounts(uai, site.school_year(), today)
    return list(islice((each for each in here if speaks_of(typed, each.names)), MOST))


@frozen
class Noted:
    """Why a member of staff looks at an account, as written in the journal."""

    reason: str
    caller: str
    until_at: datetime
    """Until when it holds."""


@frozen
class AccountFile:
    """What the help line knows of one account."""

    account: Account
    listed: OfficeAccount
    diagnosis: Diagnosis
    remedies: tuple[Remedy, ...]
    letter: CredentialLetter | None
    wait_until_at: datetime | None
    mails: tuple[tuple[str, Sending], ...]
    """Kind and fate of the latest, the newest first."""
    noted: Noted | None


def look_at(site: Site, viewer: Viewer, account_id: UUID) -> AccountFile:
    """One account: what is the matter, and what to answer. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        account = family_account(tx, account_id)
        (listed,) = tx.office.known_as(account.login_name)
        letter = tx.letters.latest(account_id)
        parcels = tx.outbox.of_account(account_id, _MAILS)
        facts = Facts(
            account=account,
            at=site.now(),
            letter=letter,
            confirmation=_confirmation(account, parcels),
            link_until_at=_link_until(tx, account),
            bounced=_bounced(account, parcels),
            wait_until_at=tx.throttles.longest_wait(account, site.now()),
            has_identity=bool(tx.identities.of_accounts([account_id])),
        )
        office = _office(site, tx, account, letter)
        noted = _noted(site, tx, viewer, account_id)
    return AccountFile(
        account=account,
        listed=listed,
        diagnosis=diagnosis(facts, site.academie.zone, office),
        remedies=remedies(facts),
        letter=letter,
        wait_until_at=facts.wait_until_at,
        mails=tuple((parcel.kind, _sending(parcel)) for parcel in parcels),
        noted=noted,
    )


def family_account(tx: Transaction, account_id: UUID) -> Account:
    """A guardian's or a student's account. Raises :exc:`NotFoundError` for any other."""
    account = tx.accounts.get(account_id)
    if account is None or account.audience is Audience.STAFF:
        raise NotFoundError(f"no family's account {account_id}")
    return account


def _sending(parcel: Parcel) -> Sending:
    state = mail_state(parcel.sent_at, parcel.failed_at, parcel.dropped_at)
    return Sending(state, parcel.sent_at or parcel.created_at)


def _confirmation(account: Account, parcels: Sequence[Parcel]) -> Sending | None:
    asked = (
        _sending(each)
        for each in parcels
        if each.kind == _CONFIRMATION and each.to_address == account.pending_email
    )
    return next(asked, None)


def _bounced(account: Account, parcels: Sequence[Parcel]) -> bool:
    fates = (_sending(each).state for each in parcels if each.to_address == account.email)
    settled = (each for each in fates if each is not MailState.WAITING)
    return next(settled, None) is MailState.FAILED


def _link_until(tx: Transaction, account: Account) -> datetime | None:
    token = tx.tokens.latest(account.id, TokenPurpose.CONFIRM_EMAIL)
    if token is None or token.used_at or token.address != account.pending_email:
        return None
    return token.expires_at if token.epoch == account.epoch else None


def _office(site: Site, tx: Transaction, account: Account, letter: CredentialLetter | None) -> str:
    school = tx.roster.establishment(Uai(letter.uai)) if letter and letter.uai else None
    if school is None:
        children = known_children(site, tx, account)
        school = children[0].establishment if children else None
    if school is None:
        return ""
    said = _(" de l’établissement ({school})")
    return said.format(school=", ".join(filter(None, (school.name, contact(school)))))


def _noted(
    site: Site, tx: Transaction, viewer: Viewer, account_id: UUID, students: Sequence[UUID] = ()
) -> Noted | None:
    """The reason in force for an account, once it and all these students are in the journal."""
    since = site.now() - HOLDS_FOR
    wanted = AuditSearch(persons=(account_id, *students), actions=(VIEWED,), from_at=since)
    mine: dict[UUID | None, AuditEntry] = {}
    for entry in tx.audit.search(wanted, limit=100):
        if entry.actor_id == viewer.account.id and entry.at > since:
            mine.setdefault(entry.subject_id, entry)
    if not {account_id, *students} <= mine.keys():
        return None
    entry = mine[account_id]
    return Noted(
        reason=entry.detail["reason"],
        caller=entry.detail["caller"],
        until_at=min(mine[each].at for each in (account_id, *students)) + HOLDS_FOR,
    )


def require_reason(reason: str, caller: str) -> tuple[str, str]:
    """Why and for whom, for the journal. Raises :exc:`RefusedError` ``reason`` or ``caller``."""
    reason, caller = " ".join(reason.split()), " ".join(caller.split())
    if len(caller) < _SHORTEST:
        raise RefusedError("caller")
    if len(reason) < _SHORTEST:
        raise RefusedError("reason")
    return reason, caller


def note_consultation(
    site: Site, viewer: Viewer, account_id: UUID, reason: str, caller: str
) -> None:
    """Write in the journal that what a family sees is about to be looked at, and why.

    One entry about the account, with the reason, and one about each child,
    without: another guardian reads that one. Raises :exc:`RefusedError` as
    :func:`require_reason`, :exc:`NotFoundError`, :exc:`NotAllowedError`.
    """
    reason, caller = require_reason(reason, caller)
    now = site.now()
    with site.database.writing() as tx:
        require_hotline(site, tx, viewer.account)
        account = family_account(tx, account_id)
        tx.audit.add(
            audited(VIEWED, now, viewer, subject_id=account.id, reason=reason, caller=caller)
        )
        for child in known_children(site, tx, account):
            tx.audit.add(audited(VIEWED, now, viewer, subject_id=child.student.id))


@frozen
class FamilyView:
    """What a family's home page shows, with every vote behind it."""

    account: Account
    answers: tuple[ChildAnswer, ...]
    noted: Noted


def family_view(site: Site, viewer: Viewer, account_id: UUID) -> FamilyView:
    """What an account's family sees now, to who has just said why.

    Raises :exc:`RefusedError` ``not_noted`` when no reason was noted in the last
    fifteen minutes, or a child has come since, and :exc:`NotFoundError`.
    """
    with site.database.reading() as tx:
        account = family_account(tx, account_id)
        answers = family_of(site, tx, account)
        students = [answer.child.student.id for answer in answers]
        noted = _noted(site, tx, viewer, account_id, students)
    if noted is None:
        raise RefusedError("not_noted")
    return FamilyView(account, tuple(answers), noted)
