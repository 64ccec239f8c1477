"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from attrs import evolve, frozen

from teleservices_core.domain.accounts import (
    Account,
    AccountState,
    Audience,
    Session,
    SessionPurpose,
)
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import BusyError, ConflictError, RefusedError, UnavailableError
from teleservices_core.hashing import digest, new_secret
from teleservices_core.ports import Transaction
from teleservices_core.usecases.devices import remember_device
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import Proof, forget_failures, prove

_TOUCH_EVERY = timedelta(minutes=5)
_LAPSED_FOR = timedelta(hours=12)
"""How long after its end a session still tells whose form comes late."""


@frozen
class SignedIn:
    """A new session with the secret for its cookie, which nobody stores."""

    secret: str
    session: Session
    device_secret: str = ""
    """For the cookie that the device will be known by; empty to leave that as it is."""


def sign_in(
    site: Site,
    login_name: str,
    secret: str,
    *,
    source: str,
    device: str = "",
    device_secret: str = "",
) -> SignedIn:
    """Open a session with a password, or with a letter's provisional one (F10, F30).

    ``source`` is the client's address, ``device`` a short name of its browser,
    ``device_secret`` its long-lived cookie's. The answer, and the work done,
    are the same for an unknown account and for a wrong secret. Raises
    :exc:`RefusedError` with code ``throttled`` (detail ``until``),
    ``wrong_credentials``, ``grouped`` to who has a secret of an account that
    gave its persons to another, or, to who holds the letter itself,
    ``letter_expired``, ``letter_replaced`` and ``letter_used`` (detail ``uai``).
    """
    now = site.now()
    proof = prove(site, login_name, secret, source=source, device=device_secret)
    purpose = purpose_of(proof, now)
    better_hash = None
    if proof.rehash:
        # Where many sign in at once, the next time is soon enough.
        with suppress(BusyError):
            better_hash = site.hasher.hash_password(secret)
    device_secret = device_secret or new_secret()
    with site.database.writing() as tx:
        # Who clicks twice signs in twice: each writes after the other.
        account = as_proved(tx, proof.account)
        used = account.used(now)
        if better_hash is not None:
            used = evolve(used, password_hash=better_hash)
        account = tx.accounts.replace(account, used)
        forget_failures(tx, proof)
        known = remember_device(site, tx, account, proof.devices, device_secret, device)
        tx.audit.add(audited("account.signed_in", now, None, subject_id=account.id))
        done = open_session(site, tx, account, purpose, device, device_hash=known)
    return evolve(done, device_secret=device_secret)


def as_proved(tx: Transaction, known: Account) -> Account:
    """Hold an account that was proved to be somebody's; other signs of life do not matter.

    Raises :exc:`ConflictError` when its state or its epoch has changed since: a password
    chosen, a lock, a closing.
    """
    account = tx.accounts.hold(known.id)
    if account is None or (account.state, account.epoch) != (known.state, known.epoch):
        raise ConflictError(f"account {known.login_name} has changed meanwhile")
    return account


def purpose_of(proof: Proof, now: datetime) -> SessionPurpose:
    """What the secret given opens. Raises :exc:`RefusedError` when it opens nothing any more."""
    account, letter = proof.account, proof.letter
    if account.state is AccountState.GROUPED:
        raise RefusedError("grouped")
    if letter is None:
        if account.state not in {AccountState.ACTIVE, AccountState.CLAIMED}:
            raise RefusedError("wrong_credentials")
        return entry_of(account)
    refusal = letter.refusal(now)
    if refusal is not None:
        raise RefusedError(refusal, uai=letter.uai)
    if not account.takes_letter:
        raise RefusedError("wrong_credentials")
    return SessionPurpose.FIRST_LOGIN


def entry_of(account: Account) -> SessionPurpose:
    """What an account's owner may do: everything, unless a step comes first."""
    if account.must_renew:
        return SessionPurpose.RENEWAL
    full = account.state is AccountState.ACTIVE
    return SessionPurpose.FULL if full else SessionPurpose.FIRST_LOGIN


def open_session(
    site: Site,
    tx: Transaction,
    account: Account,
    purpose: SessionPurpose,
    device: str = "",
    *,
    device_hash: str | None = None,
    identity_hash: str | None = None,
    factor_at: datetime | None = None,
    secret: str = "",
) -> SignedIn:
    """Store a new session; its secret never existed before, so it cannot be fixed.

    ``identity_hash`` is the digest of the host's identity that opens it; a ``secret``
    that nobody can know without the site's key may take the place of a drawn one.
    """
    now, durations = site.now(), site.settings.durations
    secret = secret or new_secret()
    session = Session(
        id_hash=digest(secret),
        account_id=account.id,
        purpose=purpose,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(minutes=durations.session_idle_minutes),
        device=device[:60],
        device_hash=device_hash,
        identity_hash=identity_hash,
        factor_at=factor_at,
    )
    tx.sessions.add(session)
    return SignedIn(secret, session)


def replace_session(
    site: Site,
    tx: Transaction,
    viewer: Viewer,
    account: Account,
    *,
    factor_at: datetime | None = None,
) -> SignedIn:
    """Go on in the same browser under a new secret, since rights have risen.

    ``factor_at`` is when a second factor has just been given. Raises :exc:`ConflictError`
    when the session was closed meanwhile.
    """
    before = viewer.session
    if not tx.sessions.remove(before.id_hash):
        raise ConflictError("the session was closed meanwhile")
    return open_session(
        site,
        tx,
        account,
        entry_of(account),
        before.device,
        device_hash=before.device_hash,
        identity_hash=before.identity_hash,
        factor_at=factor_at or before.factor_at,
        secret=viewer.next_secret,
    )


def resume(site: Site, secret: str) -> Viewer | None:
    """Who a cookie stands for now; None when the session is over.

    One statement, and one more for staff, whose roles are read at each request.
    """
    now = site.now()
    found = _viewer(site, secret, now)
    if found is None or now - found.session.seen_at < _TOUCH_EVERY:
        return found
    return evolve(found, session=_touch(site, found.session, now))


def _viewer(site: Site, secret: str, alive_at: datetime) -> Viewer | None:
    now = site.now()
    with site.database.reading() as tx:
        found = tx.sessions.find(digest(secret), alive_at)
        if found is None:
            return None
        session, account = found
        roles: frozenset[tuple[Role, Uai | None]] = frozenset()
        if account.audience is Audience.STAFF:
            today = site.academie.today(now)
            held = tx.staff.assignments(account.holder_ids)
            roles = frozenset((each.role, each.uai) for each in held if each.holds_on(today))
    return Viewer(session, account, roles)


def lapsed(site: Site, secret: str) -> Viewer | None:
    """Who was signed in by a cookie that time alone has ended, less than twelve hours ago.

    It opens nothing. What was typed meanwhile may be kept for its owner, who
    must sign in to see it. None for a session still open, or closed by an act.
    """
    now = site.now()
    found = _viewer(site, secret, now - _LAPSED_FOR)
    if found is None or found.session.expires_at > now or not found.in_full:
        return None
    return found


def _touch(site: Site, session: Session, now: datetime) -> Session:
    durations = site.settings.durations
    expires_at = min(
        now + timedelta(minutes=durations.session_idle_minutes),
        session.created_at + timedelta(hours=durations.session_hours),
    )
    try:
        with site.database.writing(waits=False) as tx:
            tx.sessions.touch(session.id_hash, now, expires_at)
    except UnavailableError:
        # A page that is only read waits for nobody who writes: the next one will note it.
        return session
    return evolve(session, seen_at=now, expires_at=expires_at)


def sign_out(site: Site, viewer: Viewer, *, waits: bool = True) -> None:
    """Close the session. ``waits=False``: :exc:`UnavailableError` where that would take time."""
    with site.database.writing(waits=waits) as tx:
        tx.sessions.remove(viewer.session.id_hash)
