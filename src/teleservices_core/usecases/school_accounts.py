"""What a school's office finds out about an account, and does for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import (
    Account,
    Audience,
    CredentialLetter,
)
from teleservices_core.domain.lifecycle import Standing as Unused
from teleservices_core.domain.lifecycle import closes_at
from teleservices_core.domain.standing import (
    EmailState,
    Situation,
    Standing,
    speaks_of,
)
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.ports.office import OfficeAccount
from teleservices_core.usecases.claiming import resend_confirmation
from teleservices_core.usecases.lifecycle import terms_of
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.unlocking import open_again

_ACTS: Final = 30
"""The latest acts shown."""
_PRIVATE: Final = ("account.signed_in",)
"""When a family comes is its own affair; the last day is enough to help it."""


@frozen
class Asked:
    """What the office looks for; nothing means everything."""

    words: str = ""
    """Parts of names: the person's, or a child's."""
    class_group: str = ""
    """Of any child of the account."""
    audience: Audience | None = None
    standing: Standing | None = None
    email: EmailState | None = None


@frozen
class Line:
    """One account found."""

    account: OfficeAccount
    situation: Situation


@frozen
class Found:
    """The answer to a search."""

    lines: tuple[Line, ...]
    counts: Mapping[Standing, int]
    """By standing, of all that the other criteria keep."""
    classes: tuple[str, ...]
    """Every class of the school."""


def search_accounts(site: Site, uai: Uai, asked: Asked) -> Found:
    """Look a school's accounts up: two statements, whatever its size."""
    now = site.now()
    with site.database.reading() as tx:
        accounts = tx.office.accounts(uai, site.school_year(), site.academie.today(now))
    kept = [Line(each, each.situation(now)) for each in accounts if _answers(each, asked)]
    return Found(
        tuple(each for each in kept if asked.standing in {None, each.situation.standing}),
        Counter(each.situation.standing for each in kept),
        tuple(sorted({group for each in accounts for _name, group in each.children if group})),
    )


def _answers(account: OfficeAccount, asked: Asked) -> bool:
    groups = (group for _name, group in account.children)
    return (
        asked.audience in {None, account.audience}
        and (not asked.class_group or asked.class_group in groups)
        and asked.email in {None, account.email_state}
        and speaks_of(asked.words, account.names)
    )


@frozen
class AccountFile:
    """Everything the office knows of one account."""

    listed: OfficeAccount
    """With this school's children only."""
    situation: Situation
    account: Account
    letters: tuple[CredentialLetter, ...]
    """Of every school, the latest first."""
    acts: tuple[AuditEntry, ...]
    """The latest first, without sign-ins nor looks."""
    blocked_until: datetime | None
    """Until when some source must wait, after too many tries."""
    closes_at: datetime | None
    """When it closes if nobody uses it (F31, F32)."""


def look_at_account(site: Site, uai: Uai, account_id: UUID) -> AccountFile:
    """One account of the school. Raises :exc:`NotFoundError` for any other."""
    now = site.now()
    with site.database.reading() as tx:
        listed = _listed(site, tx, uai, account_id)
        account = tx.accounts.get(account_id)
        if account is None:
            raise NotFoundError(f"no account {account_id}")
        letters = tx.letters.of_account(account_id)
        left_out = (*_PRIVATE, *site.catalogue.consultations)
        acts = tx.audit.about(account_id, limit=_ACTS, but=left_out)
        blocked_until = tx.throttles.longest_wait(account, now)
    good_until = letters[0].expires_at if letters else None
    return AccountFile(
        listed,
        listed.situation(now),
        account,
        tuple(letters),
        tuple(acts),
        blocked_until,
        closes_at(Unused(account, good_until), terms_of(site)),
    )


def _listed(site: Site, tx: Transaction, uai: Uai, account_id: UUID) -> OfficeAccount:
    today = site.academie.today(site.now())
    found = tx.office.account(uai, site.school_year(), today, account_id)
    if found is None:
        raise NotFoundError(f"no account {account_id} in {uai}")
    return found


def _mine(site: Site, tx: Transaction, viewer: Viewer, uai: Uai, account_id: UUID) -> Account:
    """An account that the viewer may act on now."""
    require_school(site, tx, viewer.account, uai)
    _listed(site, tx, uai, account_id)
    account = tx.accounts.get(account_id)
    assert account is not None  # noqa: S101 - it was listed in the same transaction
    return account


def resend(site: Site, viewer: Viewer, uai: Uai, account_id: UUID) -> str:
    """Send the link that confirms the address again; returns the address.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`, and :exc:`RefusedError`
    as :func:`.claiming.resend`.
    """
    with site.database.writing() as tx:
        account = _mine(site, tx, viewer, uai, account_id)
        address = resend_confirmation(site, tx, account)
        tx.audit.add(
            audited("account.link_resent", site.now(), viewer, uai=uai, subject_id=account_id)
        )
    return address


def unlock(site: Site, viewer: Viewer, uai: Uai, account_id: UUID) -> None:
    """Open a locked account again, with the password it had, and lift the waits.

    Raises :exc:`NotFoundError`, :exc:`NotAllowedError`, and :exc:`RefusedError`
    as :func:`.unlocking.open_again`.
    """
    with site.database.writing() as tx:
        open_again(site, tx, _mine(site, tx, viewer, uai, account_id))
        tx.audit.add(
            audited("account.unlocked", site.now(), viewer, uai=uai, subject_id=account_id)
        )
