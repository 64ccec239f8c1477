"""« Mon compte »: password and address, changed by their owner."""

from __future__ import annotations

from attrs import evolve

from teleservices_core.domain.accounts import Account, TokenPurpose
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.mail_addresses import mail_address
from teleservices_core.usecases.claiming import send_confirmation, was_just_sent
from teleservices_core.usecases.devices import keep_only
from teleservices_core.usecases.grouping import offer_undoing
from teleservices_core.usecases.links import look_at, use, used_once
from teleservices_core.usecases.passwords import (
    require_good_password,
    require_owner,
    require_password,
    tell_of_password,
    with_password,
)
from teleservices_core.usecases.signing_in import SignedIn, replace_session
from teleservices_core.usecases.site import Site, audited


def change_password(site: Site, viewer: Viewer, current: str, password: str) -> SignedIn:
    """Change the password; every other session is closed.

    Raises :exc:`RefusedError` ``wrong_password``, ``throttled`` (detail
    ``until``) or the new password's problem.
    """
    now, account = site.now(), viewer.account
    require_good_password(site, account, password)
    require_password(site, account, current)
    password_hash = site.hasher.hash_password(password)
    with site.database.writing() as tx:
        after = tx.accounts.replace(account, with_password(account, password_hash, now))
        renewed = replace_session(site, tx, viewer, after)
        tx.sessions.remove_all(account.id, but=renewed.session.id_hash)
        keep_only(site, tx, renewed.session)
        tx.audit.add(audited("account.password_changed", now, viewer, subject_id=account.id))
        tell_of_password(site, tx, after, "core.password_changed")
        return renewed


def change_email(site: Site, viewer: Viewer, current: str, address: str) -> str:
    """Ask for another address: it counts only once its link is followed (F37).

    Returns the address as stored; who asks twice within a minute gets one mail.
    Raises :exc:`RefusedError` ``bad_email``, ``same_email``, or as :func:`require_owner`.
    """
    now, account = site.now(), viewer.account
    address = mail_address(address)
    if address == account.email:
        raise RefusedError("same_email")
    require_owner(site, viewer, current)
    with site.database.writing() as tx:
        if was_just_sent(site, tx, account.id, address):
            return address
        after = tx.accounts.replace(
            account, evolve(account, pending_email=address, epoch=account.epoch + 1)
        )
        send_confirmation(site, tx, after)
        tx.audit.add(audited("account.email_given", now, viewer, subject_id=account.id))
    return address


def look_at_undo(site: Site, secret: str) -> tuple[str, Account]:
    """The former address that a link of notice can bring back, without using it.

    It outlives whatever was changed since: that is what it is for. Raises
    :exc:`RefusedError` as :func:`.links.look_at`.
    """
    token, account = look_at(site, secret, TokenPurpose.UNDO_EMAIL)
    return token.address, account


def undo_email(site: Site, secret: str) -> None:
    """Bring the former address back, close every session and kill every other link."""
    now = site.now()
    token, account = look_at(site, secret, TokenPurpose.UNDO_EMAIL)
    with used_once(site, secret, token.purpose), site.database.writing() as tx:
        restored = evolve(account, email=token.address, pending_email=None, epoch=account.epoch + 1)
        restored = tx.accounts.replace(account, restored)
        use(tx, token, now)
        tx.sessions.remove_all(account.id)
        # Who changed the address may also have taken the children.
        offer_undoing(site, tx, restored)
        tx.audit.add(audited("account.email_undone", now, None, subject_id=account.id))
