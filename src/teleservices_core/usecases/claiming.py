"""The first login: choose a password, give an address, confirm it.

Each step is one use case and leaves the account in a state from which the next
sign-in goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.accounts import (
    Account,
    AccountEvent,
    AccountState,
    Audience,
    SessionPurpose,
    Token,
    TokenPurpose,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.mail_addresses import mail_address
from teleservices_core.ports import Transaction
from teleservices_core.usecases.links import dead, look_at, send_link, use, used_once
from teleservices_core.usecases.passwords import (
    require_good_password,
    tell_of_password,
    with_password,
)
from teleservices_core.usecases.signing_in import SignedIn, replace_session
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import repeats

RESEND_AFTER = timedelta(minutes=1)


def choose_password(site: Site, viewer: Viewer, password: str) -> SignedIn:
    """Replace the letter's provisional password by the person's own (F11).

    Uses the letter up. An account reset by its school keeps its confirmed
    address, which is told, and is complete at once; one that a host's identity
    opens is active already. Raises
    :exc:`RefusedError` with the code of the password's problem,
    ``same_as_letter``, or the letter's refusal when it was used, replaced or
    expired meanwhile; :exc:`ConflictError` for the one who comes second at the
    very same instant.
    """
    now, account = site.now(), viewer.account
    require_good_password(site, account, password)
    with site.database.reading() as tx:
        letter = tx.letters.latest(account.id)
    if letter is None or not account.takes_letter:
        raise RefusedError("letter_used")
    if refusal := letter.refusal(now):
        raise RefusedError(refusal, uai=letter.uai)
    if repeats(site, password, letter_hash=letter.code_hash):
        raise RefusedError("same_as_letter")
    password_hash = site.hasher.hash_password(password)
    with site.database.writing() as tx:
        claimed = evolve(with_password(account, password_hash, now), claimed_at=now)
        if account.state is AccountState.ISSUED:
            claimed = claimed.after(AccountEvent.CLAIM)
            if account.email is not None or account.audience is Audience.STAFF:
                claimed = claimed.after(AccountEvent.COMPLETE)
        # The account before its letter, as whoever issues a newer one does.
        claimed = tx.accounts.replace(account, claimed)
        if not tx.letters.use(letter.id, now):
            raise RefusedError(letter.refusal(now) or "letter_used", uai=letter.uai)
        tx.audit.add(audited("account.claimed", now, viewer, subject_id=account.id))
        tell_of_password(site, tx, claimed, "core.claimed")
        opened = replace_session(site, tx, viewer, claimed)
        # Whoever else came in with the letter has not chosen the password.
        tx.sessions.remove_all(account.id, but=opened.session.id_hash)
        return opened


def go_on(site: Site, viewer: Viewer) -> SignedIn:
    """Go on in full where the first login ended elsewhere, as with a link opened on a telephone.

    Raises :exc:`ConflictError` when the session was closed meanwhile.
    """
    with site.database.writing() as tx:
        return replace_session(site, tx, viewer, viewer.account)


def give_email(site: Site, viewer: Viewer, address: str) -> SignedIn:
    """Note an address and send its confirmation link (F12, F13).

    A guardian waits for the link; a student goes on meanwhile. Raises
    :exc:`RefusedError` with code ``bad_email`` (as :func:`.mail_address`) or ``too_soon``.
    """
    now, account = site.now(), viewer.account
    address = mail_address(address)
    with site.database.writing() as tx:
        after = evolve(account, pending_email=address, epoch=account.epoch + 1)
        if account.audience is Audience.STUDENT:
            after = after.after(AccountEvent.COMPLETE)
        after = tx.accounts.replace(account, after)
        send_confirmation(site, tx, after)
        tx.audit.add(audited("account.email_given", now, viewer, subject_id=account.id))
        return replace_session(site, tx, viewer, after)


def skip_email(site: Site, viewer: Viewer) -> SignedIn:
    """Let a student go on without an address (F13)."""
    now, account = site.now(), viewer.account
    if account.audience is not Audience.STUDENT:
        raise RefusedError("email_required")
    with site.database.writing() as tx:
        after = tx.accounts.replace(account, account.after(AccountEvent.COMPLETE))
        tx.audit.add(audited("account.email_skipped", now, viewer, subject_id=account.id))
        return replace_session(site, tx, viewer, after)


def resend(site: Site, viewer: Viewer) -> None:
    """Send a new confirmation link; the earlier ones die (F20).

    Raises :exc:`RefusedError` ``too_soon`` within a minute of the last one, or
    ``nothing_to_confirm``.
    """
    with site.database.writing() as tx:
        resend_confirmation(site, tx, viewer.account)


def resend_confirmation(site: Site, tx: Transaction, account: Account) -> str:
    """The same for whoever helps; returns the address. Raises as :func:`resend`."""
    last = tx.tokens.latest(account.id, TokenPurpose.CONFIRM_EMAIL)
    if last is not None and site.now() - last.created_at < RESEND_AFTER:
        raise RefusedError("too_soon")
    if account.pending_email is None:
        raise RefusedError("nothing_to_confirm")
    send_confirmation(site, tx, account)
    return account.pending_email


def was_just_sent(site: Site, tx: Transaction, account_id: UUID, address: str) -> bool:
    """Whether the link that confirms an address left within a minute; holds the account."""
    held = tx.accounts.hold(account_id)
    last = tx.tokens.latest(account_id, TokenPurpose.CONFIRM_EMAIL)
    if held is None or held.pending_email != address or last is None:
        return False
    return site.now() - last.created_at < RESEND_AFTER


def last_sending(site: Site, viewer: Viewer) -> datetime | None:
    """When the last confirmation link was asked for."""
    with site.database.reading() as tx:
        last = tx.tokens.latest(viewer.account.id, TokenPurpose.CONFIRM_EMAIL)
    return last.created_at if last else None


def look_at_link(site: Site, secret: str) -> tuple[Token, Account]:
    """What a confirmation link is for, without using it (a mail scanner only looks).

    Raises :exc:`RefusedError` with code ``link_used``, ``link_expired`` or
    ``link_unknown``.
    """
    token, account = look_at(site, secret, TokenPurpose.CONFIRM_EMAIL)
    if token.address != account.pending_email:
        raise dead(site, secret)
    return token, account


def confirm_email(site: Site, secret: str, viewer: Viewer | None) -> SignedIn | None:
    """Use a confirmation link: its address becomes the account's (F12, F37).

    An address that it replaces is told, with a link to undo the change.
    Returns a session when the browser was already signed in to that very
    account, None otherwise: the link alone signs nobody in, and spares nobody
    the renewal of a password. Raises as
    :func:`look_at_link`.
    """
    now = site.now()
    token, account = look_at_link(site, secret)
    with used_once(site, secret, token.purpose), site.database.writing() as tx:
        after = evolve(account, email=token.address, pending_email=None, epoch=account.epoch + 1)
        if account.state is AccountState.CLAIMED:
            after = after.after(AccountEvent.COMPLETE)
        # The account before its link, as whoever sends another one does.
        after = tx.accounts.replace(account, after)
        use(tx, token, now)
        if account.email not in {None, token.address}:
            lifetime = timedelta(days=site.settings.durations.email_undo_days)
            send_link(site, tx, after, TokenPurpose.UNDO_EMAIL, str(account.email), lifetime)
            # Whoever came by the mailbox that no longer counts goes no further.
            tx.sessions.remove_all(account.id, purpose=SessionPurpose.RENEWAL)
        tx.audit.add(audited("account.email_confirmed", now, viewer, subject_id=account.id))
        if viewer is None or viewer.account.id != account.id or viewer.in_renewal:
            return None
        return replace_session(site, tx, viewer, after)


def send_confirmation(site: Site, tx: Transaction, account: Account) -> None:
    """Send the link that makes the pending address the account's."""
    assert account.pending_email is not None  # noqa: S101 - the callers have just set it
    lifetime = timedelta(days=site.settings.durations.email_link_days)
    send_link(site, tx, account, TokenPurpose.CONFIRM_EMAIL, account.pending_email, lifetime)
