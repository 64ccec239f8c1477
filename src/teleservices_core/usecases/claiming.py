"""The first login: choose a password, give an address, confirm it.

Each step is one use case and leaves the account in a state from which the next
sign-in goes on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve
from email_validator import EmailNotValidError, validate_email

from teleservices_core.common_passwords import is_common
from teleservices_core.domain.accounts import (
    Account,
    AccountEvent,
    AccountState,
    Audience,
    SessionPurpose,
    Token,
    TokenPurpose,
)
from teleservices_core.domain.credentials import (
    PASSWORD_MIN,
    PASSWORD_MIN_STAFF,
    password_problem,
    read_letter_code,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import digest, link_secret
from teleservices_core.ports import Parcel, Transaction
from teleservices_core.usecases.signing_in import SignedIn, open_session
from teleservices_core.usecases.site import Site, audited

RESEND_AFTER = timedelta(minutes=1)


def minimum_length(audience: Audience) -> int:
    """The shortest password accepted, in characters."""
    return PASSWORD_MIN_STAFF if audience is Audience.STAFF else PASSWORD_MIN


def choose_password(site: Site, viewer: Viewer, password: str) -> SignedIn:
    """Replace the letter's provisional password by the person's own (F11).

    Uses the letter up. Raises :exc:`RefusedError` with the code of the
    password's problem, ``same_as_letter``, or the letter's refusal when it was
    used, replaced or expired meanwhile.
    """
    now, account = site.now(), viewer.account
    problem = password_problem(
        password,
        minimum=minimum_length(account.audience),
        common=is_common,
        personal=(account.login_name, *account.display_name.split()),
    )
    if problem:
        raise RefusedError(problem, minimum=minimum_length(account.audience))
    with site.database.reading() as tx:
        letter = tx.letters.latest(account.id)
    if letter is None or account.state is not AccountState.ISSUED:
        raise RefusedError("letter_used")
    if site.hasher.check(
        read_letter_code(password), password_hash=None, letter_hash=letter.code_hash
    ).letter:
        raise RefusedError("same_as_letter")
    password_hash = site.hasher.hash_password(password)
    with site.database.writing() as tx:
        if not tx.letters.use(letter.id, now):
            raise RefusedError(letter.refusal(now) or "letter_used", uai=letter.uai)
        claimed = evolve(
            account.after(AccountEvent.CLAIM), password_hash=password_hash, epoch=account.epoch + 1
        )
        if account.audience is Audience.STAFF:
            claimed = claimed.after(AccountEvent.COMPLETE)
        claimed = tx.accounts.replace(account, claimed)
        tx.audit.add(audited("account.claimed", now, viewer, subject_id=account.id))
        return _renew(site, tx, viewer, claimed)


def give_email(site: Site, viewer: Viewer, address: str) -> SignedIn:
    """Note an address and send its confirmation link (F12, F13).

    A guardian waits for the link; a student goes on meanwhile. Raises
    :exc:`RefusedError` with code ``bad_email`` (detail ``why``) or ``too_soon``.
    """
    now, account = site.now(), viewer.account
    address = normalize_email(address)
    with site.database.writing() as tx:
        after = evolve(account, pending_email=address, epoch=account.epoch + 1)
        if account.audience is Audience.STUDENT:
            after = after.after(AccountEvent.COMPLETE)
        after = tx.accounts.replace(account, after)
        _send_confirmation(site, tx, after, now)
        tx.audit.add(audited("account.email_given", now, viewer, subject_id=account.id))
        return _renew(site, tx, viewer, after)


def skip_email(site: Site, viewer: Viewer) -> SignedIn:
    """Let a student go on without an address (F13)."""
    now, account = site.now(), viewer.account
    if account.audience is not Audience.STUDENT:
        raise RefusedError("email_required")
    with site.database.writing() as tx:
        after = tx.accounts.replace(account, account.after(AccountEvent.COMPLETE))
        tx.audit.add(audited("account.email_skipped", now, viewer, subject_id=account.id))
        return _renew(site, tx, viewer, after)


def resend(site: Site, viewer: Viewer) -> None:
    """Send a new confirmation link; the earlier ones die (F20).

    Raises :exc:`RefusedError` ``too_soon`` within a minute of the last one.
    """
    now, account = site.now(), viewer.account
    with site.database.writing() as tx:
        last = tx.tokens.latest(account.id, TokenPurpose.CONFIRM_EMAIL)
        if last is not None and now - last.created_at < RESEND_AFTER:
            raise RefusedError("too_soon")
        if account.pending_email is None:
            raise RefusedError("nothing_to_confirm")
        _send_confirmation(site, tx, account, now)


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
    now = site.now()
    with site.database.reading() as tx:
        token = tx.tokens.find(digest(secret))
        account = tx.accounts.get(token.account_id) if token else None
    if token is None or account is None:
        raise RefusedError("link_unknown")
    if token.used_at is not None:
        raise RefusedError("link_used")
    if now >= token.expires_at:
        raise RefusedError("link_expired")
    if token.epoch != account.epoch or token.address != account.pending_email:
        raise RefusedError("link_expired")
    return token, account


def confirm_email(site: Site, secret: str, viewer: Viewer | None) -> SignedIn | None:
    """Use a confirmation link: its address becomes the account's (F12).

    Returns a full session when the browser was already signed in to that very
    account, None otherwise: the link alone signs nobody in. Raises as
    :func:`look_at_link`.
    """
    now = site.now()
    token, account = look_at_link(site, secret)
    with site.database.writing() as tx:
        if not tx.tokens.use(token.id, now):
            raise RefusedError("link_used")
        after = evolve(account, email=token.address, pending_email=None, epoch=account.epoch + 1)
        if account.state is AccountState.CLAIMED:
            after = after.after(AccountEvent.COMPLETE)
        after = tx.accounts.replace(account, after)
        tx.audit.add(audited("account.email_confirmed", now, viewer, subject_id=account.id))
        if viewer is None or viewer.account.id != account.id:
            return None
        return _renew(site, tx, viewer, after)


def normalize_email(text: str) -> str:
    """The address as stored. Raises :exc:`RefusedError` ``bad_email``."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise RefusedError("bad_email", why=str(error)) from None


def _renew(site: Site, tx: Transaction, viewer: Viewer, account: Account) -> SignedIn:
    # Rights rise at each step, so the session's identifier changes too.
    tx.sessions.remove(viewer.session.id_hash)
    full = account.state is AccountState.ACTIVE
    purpose = SessionPurpose.FULL if full else SessionPurpose.FIRST_LOGIN
    return open_session(site, tx, account, purpose, viewer.session.device)


def _send_confirmation(site: Site, tx: Transaction, account: Account, now: datetime) -> None:
    assert account.pending_email is not None  # noqa: S101 - the callers have just set it
    token_id = site.new_id()
    expires_at = now + timedelta(days=site.settings.durations.email_link_days)
    tx.tokens.add(
        Token(
            id=token_id,
            digest=digest(link_secret(site.settings.secret_key, token_id)),
            account_id=account.id,
            purpose=TokenPurpose.CONFIRM_EMAIL,
            address=account.pending_email,
            epoch=account.epoch,
            created_at=now,
            expires_at=expires_at,
        )
    )
    tx.outbox.add(
        Parcel(
            id=site.new_id(),
            kind="core.confirm_email",
            to_address=account.pending_email,
            context={"name": account.display_name, "until": expires_at.isoformat()},
            created_at=now,
            due_at=now,
            token_id=token_id,
        )
    )
