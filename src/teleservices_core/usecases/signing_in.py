"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import evolve, frozen

from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    CredentialLetter,
    Session,
    SessionPurpose,
)
from teleservices_core.domain.staff import Role
from teleservices_core.domain.throttling import FORGET_AFTER, wait_after
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import digest, new_secret
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site, audited

_TOUCH_EVERY = timedelta(minutes=5)
_LONGEST_SECRET = 1024
"""Longer ones are refused before any hashing."""


@frozen
class SignedIn:
    """A new session with the secret for its cookie, which nobody stores."""

    secret: str
    session: Session


def sign_in(site: Site, login_name: str, secret: str, *, source: str, device: str = "") -> SignedIn:
    """Open a session with a password, or with a letter's provisional one (F10, F30).

    ``source`` is the client's address. The answer, and the work done, are the
    same for an unknown account and for a wrong secret. Raises
    :exc:`RefusedError` with code ``throttled`` (detail ``until``),
    ``wrong_credentials``, or, to who holds the letter itself,
    ``letter_expired`` and ``letter_used``.
    """
    now = site.now()
    proof = prove(site, login_name, secret, source=source)
    purpose = purpose_of(proof, now)
    with site.database.writing() as tx:
        used = evolve(proof.account, last_used_at=now)
        if proof.rehash:
            used = evolve(used, password_hash=site.hasher.hash_password(secret))
        account = tx.accounts.replace(proof.account, used)
        tx.throttles.clear(proof.key)
        tx.audit.add(audited("account.signed_in", now, None, subject_id=account.id))
        return open_session(site, tx, account, purpose, device)


@frozen
class Proof:
    """An account, one of whose secrets was given: its password, or its letter's."""

    account: Account
    letter: CredentialLetter | None
    """The newest, whichever secret was given."""
    by_password: bool
    rehash: bool
    key: str
    """Of the failures counted, to be cleared by the act that the proof allows."""


def prove(site: Site, login_name: str, secret: str, *, source: str) -> Proof:
    """Compare a secret with those of an account: the one check for every way in.

    Raises :exc:`RefusedError` ``throttled`` (detail ``until``) or
    ``wrong_credentials``, the same for an unknown account.
    """
    login_name = login_name.strip().casefold()
    with site.database.reading() as tx:
        account = tx.accounts.by_login(login_name)
        letter = tx.letters.latest(account.id) if account else None
    # A reset raises the epoch, and so lifts the waits of every source.
    key = digest(f"{login_name}\0{source}\0{account.epoch if account else 0}")
    count_attempt(site, key, account)
    check = site.hasher.check(
        secret[:_LONGEST_SECRET],
        password_hash=account.password_hash if account else None,
        letter_hash=letter.code_hash if letter else None,
    )
    if account is None or not (check.password or check.letter):
        raise RefusedError("wrong_credentials")
    return Proof(account, letter, check.password, check.rehash, key)


def count_attempt(site: Site, key: str, account: Account | None) -> None:
    """Count a try of a secret, before the hash, so that parallel guesses cannot slip through.

    Raises :exc:`RefusedError` ``throttled`` (detail ``until``) while the key must wait.
    """
    now = site.now()
    with site.database.writing() as tx:
        blocked_until = tx.throttles.get(key).blocked_until
        if blocked_until is not None and now < blocked_until:
            raise RefusedError("throttled", until=blocked_until)
        account_id = account.id if account else None
        wait = wait_after(tx.throttles.fail(key, now, now - FORGET_AFTER, account_id))
        if wait:
            tx.throttles.block(key, now + wait)


def purpose_of(proof: Proof, now: datetime) -> SessionPurpose:
    """What the secret given opens. Raises :exc:`RefusedError` when it opens nothing any more."""
    account, letter = proof.account, proof.letter
    if proof.by_password and account.state is AccountState.ACTIVE:
        return SessionPurpose.FULL
    if proof.by_password and account.state is AccountState.CLAIMED:
        return SessionPurpose.FIRST_LOGIN
    if proof.by_password or letter is None:
        raise RefusedError("wrong_credentials")
    refusal = letter.refusal(now)
    if refusal is not None:
        raise RefusedError(refusal, uai=letter.uai)
    if account.state is not AccountState.ISSUED:
        raise RefusedError("wrong_credentials")
    return SessionPurpose.FIRST_LOGIN


def open_session(
    site: Site, tx: Transaction, account: Account, purpose: SessionPurpose, device: str = ""
) -> SignedIn:
    """Store a new session; its secret never existed before, so it cannot be fixed."""
    now, durations = site.now(), site.settings.durations
    secret = new_secret()
    session = Session(
        id_hash=digest(secret),
        account_id=account.id,
        purpose=purpose,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(minutes=durations.session_idle_minutes),
        device=device[:60],
    )
    tx.sessions.add(session)
    return SignedIn(secret, session)


def resume(site: Site, secret: str) -> Viewer | None:
    """Who a cookie stands for now; None when the session is over.

    One statement, and one more for staff, whose roles are read at each request.
    """
    now = site.now()
    with site.database.reading() as tx:
        found = tx.sessions.find(digest(secret), now)
        if found is None:
            return None
        session, account = found
        roles: frozenset[tuple[Role, Uai | None]] = frozenset()
        if account.audience is Audience.STAFF:
            today = site.academie.today(now)
            held = tx.staff.assignments(account.holder_ids)
            roles = frozenset((each.role, each.uai) for each in held if each.holds_on(today))
    if now - session.seen_at >= _TOUCH_EVERY:
        session = _touch(site, session, now)
    return Viewer(session, account, roles)


def _touch(site: Site, session: Session, now: datetime) -> Session:
    durations = site.settings.durations
    expires_at = min(
        now + timedelta(minutes=durations.session_idle_minutes),
        session.created_at + timedelta(hours=durations.session_hours),
    )
    with site.database.writing() as tx:
        tx.sessions.touch(session.id_hash, now, expires_at)
    return evolve(session, seen_at=now, expires_at=expires_at)


def sign_out(site: Site, viewer: Viewer) -> None:
    """Close the session."""
    with site.database.writing() as tx:
        tx.sessions.remove(viewer.session.id_hash)
