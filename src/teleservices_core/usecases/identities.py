"""Signing in by the host's identity; linking one to an account, and undoing it.

An identity is linked by a key of a school base among its claims, or by a
secret of the account typed once. Never by an e-mail address or a name.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.accounts import Account, AccountEvent, AccountState, SessionPurpose
from teleservices_core.domain.identities import (
    ExternalIdentity,
    LinkedIdentity,
    SiecleKey,
    StrongKeys,
    Vector,
    VectorKind,
    contradicts,
    guardian_of,
    read_keys,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.hashing import new_secret
from teleservices_core.i18n import show_host
from teleservices_core.ports import Transaction
from teleservices_core.usecases.devices import remember_device
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.signing_in import SignedIn, open_session, purpose_of
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import Proof, forget_failures, prove

_A_DAY = timedelta(days=1)
_TRIES = 3
"""Two tabs opened at once sign in at once; the slower one looks again."""
_PREFERENCE = (AccountState.ACTIVE, AccountState.LOCKED)


def sign_in_by_identity(site: Site, identity: ExternalIdentity, *, device: str = "") -> SignedIn:
    """Open a full session for the account of an identity.

    An identity not linked yet is linked first if its claims hold a key that
    proves whose account it is. It counts as use (F32). Raises
    :exc:`RefusedError` ``identity_unknown``, ``account_locked`` or
    ``account_closed``.
    """
    for _try in range(_TRIES - 1):
        try:
            return _sign_in(site, identity, device)
        except ConflictError:
            continue
    return _sign_in(site, identity, device)


def account_of(site: Site, identity: ExternalIdentity) -> Account | None:
    """The account in use that an identity signs in to, None when there is none."""
    with site.database.reading() as tx:
        known, account = _find(tx, identity)
    if known is None or account is None or known.unlinked_at is not None:
        return None
    return account if account.state is AccountState.ACTIVE else None


def _find(
    tx: Transaction, identity: ExternalIdentity
) -> tuple[LinkedIdentity | None, Account | None]:
    """An identity's link, and its account or the one that took its persons over (F18)."""
    known, account = tx.identities.find(identity) or (None, None)
    while account is not None and account.state is AccountState.GROUPED:
        grouping = tx.groupings.out_of(account.id)
        account = tx.accounts.get(grouping.account_id) if grouping else None
    return known, account


def _sign_in(site: Site, identity: ExternalIdentity, device: str) -> SignedIn:
    now = site.now()
    with site.database.reading() as tx:
        known, account = _find(tx, identity)
        is_linked = known is not None and known.unlinked_at is None
        if not is_linked or account is None or account.state not in _PREFERENCE:
            # A letter issued since, or an account closed, asks for a new proof.
            undone = known is not None and known.unlinked_at is not None
            proved = None if undone else _proved_by(site, tx, identity)
            if proved is None and is_linked and account is not None:
                raise RefusedError(_why_not(account))
            account, is_linked = proved, False
    if account is None:
        raise RefusedError("identity_unknown")
    if account.state is AccountState.LOCKED:
        raise RefusedError("account_locked")
    with site.database.writing() as tx:
        if is_linked:
            # Written even when nothing changes: an account closed meanwhile must not open.
            account = tx.accounts.replace(account, used_at(account, now))
            tx.identities.seen(identity, now)
        else:
            account = _link(site, tx, identity, account, known)
        tx.audit.add(
            audited("account.signed_in", now, None, subject_id=account.id, issuer=identity.issuer)
        )
        return open_session(
            site,
            tx,
            account,
            SessionPurpose.FULL,
            device,
            identity_hash=identity.digest,
            factor_at=_factor_at(site, account, identity),
        )


def _factor_at(site: Site, account: Account, identity: ExternalIdentity) -> datetime | None:
    """Now, where the host asked for a second factor itself, and the account has none here."""
    trusted = identity.methods.intersection(site.settings.second_factor.trusted)
    return site.now() if trusted and account.factor_since is None else None


def _why_not(account: Account) -> str:
    return "account_closed" if account.state is AccountState.CLOSED else "identity_unknown"


def used_at(account: Account, now: datetime) -> Account:
    """The account after a sign of life, noted once a day; a warning that was sent is void (F32)."""
    last = account.last_used_at
    if last is not None and now - last < _A_DAY and account.warned_at is None:
        return account
    return evolve(account, last_used_at=now, warned_at=None)


def _proved_by(site: Site, tx: Transaction, identity: ExternalIdentity) -> Account | None:
    """The account that an identity's keys prove to be its own.

    One person is one student, or adults of several school bases, who may have
    an account each: the one in use comes first, then the oldest.
    """
    keys = read_keys(identity.claims)
    students = _students(tx, keys)
    adults = _adults(site, tx, keys)
    if len(students) > 1 or (students and adults):
        return None
    account_ids = set(tx.accounts.holders_of([*students, *adults]).values())
    found = [account for each in account_ids if (account := tx.accounts.get(each)) is not None]
    return min(found, key=_by_preference, default=None)


def _by_preference(account: Account) -> tuple[object, ...]:
    state = account.state
    place = _PREFERENCE.index(state) if state in _PREFERENCE else len(_PREFERENCE)
    return place, account.created_at, account.id


def _students(tx: Transaction, keys: StrongKeys) -> set[UUID]:
    found = {_student(tx, key) for key in keys.students}
    for vector in keys.vectors:
        if vector.kind is VectorKind.STUDENT and (id_ := _student(tx, vector.student)):
            student = tx.roster.student(id_)
            # A base made anew gives its keys to others.
            if student is not None and not contradicts(vector, student):
                found.add(id_)
    return {id_ for id_ in found if id_ is not None}


def _student(tx: Transaction, key: SiecleKey) -> UUID | None:
    return tx.roster.by_siecle_id(key.uai, "student", key.siecle_id)


def _adults(site: Site, tx: Transaction, keys: StrongKeys) -> set[UUID]:
    found = {tx.roster.by_siecle_id(key.uai, "adult", key.siecle_id) for key in keys.adults}
    found |= {
        _guardian(site, tx, vector) for vector in keys.vectors if vector.kind is VectorKind.GUARDIAN
    }
    return {id_ for id_ in found if id_ is not None}


def _guardian(site: Site, tx: Transaction, vector: Vector) -> UUID | None:
    student_id = _student(tx, vector.student)
    if student_id is None:
        return None
    today = site.academie.today(site.now())
    adult = guardian_of(vector, tx.roster.guardians(student_id, today))
    return adult.id if adult else None


def link_by_secret(
    site: Site,
    identity: ExternalIdentity,
    login_name: str,
    secret: str,
    *,
    source: str,
    device: str = "",
    device_secret: str = "",
) -> SignedIn:
    """Link an identity to the account whose letter or password is typed; opens a session.

    A letter is used up, and no password of one's own is needed any more. Raises
    :exc:`RefusedError` as :func:`.signing_in.sign_in`, ``renew_first`` when the
    password itself must be changed, ``already_linked`` when the identity signs
    in to an account in use.
    """
    now = site.now()
    proof = prove(site, login_name, secret, source=source, device=device_secret)
    if purpose_of(proof, now) is SessionPurpose.RENEWAL:
        raise RefusedError("renew_first")
    device_secret = device_secret or new_secret()
    with site.database.writing() as tx:
        known, other = _find(tx, identity)
        in_use = other is not None and other.state in _PREFERENCE and other.id != proof.account.id
        if known is not None and known.unlinked_at is None and in_use:
            raise RefusedError("already_linked")
        account = _link(site, tx, identity, proof.account, known, proof)
        forget_failures(tx, proof)
        device_hash = remember_device(site, tx, account, proof.devices, device_secret, device)
        done = open_session(
            site,
            tx,
            account,
            SessionPurpose.FULL,
            device,
            device_hash=device_hash,
            identity_hash=identity.digest,
        )
    return evolve(done, device_secret=device_secret)


def _use_letter(tx: Transaction, proof: Proof, now: datetime) -> None:
    letter = proof.letter
    if letter is None:
        return
    if not tx.letters.use(letter.id, now):
        raise RefusedError(letter.refusal(now) or "letter_used", uai=letter.uai)


def _link(
    site: Site,
    tx: Transaction,
    identity: ExternalIdentity,
    account: Account,
    known: LinkedIdentity | None,
    proof: Proof | None = None,
) -> Account:
    """Link, by a secret that was proved, or by a key of the school base."""
    now = site.now()
    after = used_at(account.after(AccountEvent.LINK), now)
    if after.state is not account.state:
        # What was begun otherwise is over: links in mails, steps of a first login.
        after = evolve(after, epoch=account.epoch + 1)
    # The account first, then its letter, sessions and links: as whoever issues a letter does.
    after = tx.accounts.replace(account, after)
    if proof is not None:
        _use_letter(tx, proof, now)
    if after.state is not account.state:
        tx.sessions.remove_all(account.id)
    if known is not None and known.account_id != account.id:
        tx.sessions.remove_opened_by(identity.digest, account_id=known.account_id)
    if not tx.identities.link(identity, account.id, now, before=known):
        raise ConflictError("the identity was linked meanwhile")
    by = "key" if proof is None else "password" if proof.by_password else "letter"
    tx.audit.add(
        audited("identity.linked", now, None, subject_id=account.id, issuer=identity.issuer, by=by)
    )
    if account.email:
        send_mail(
            site,
            tx,
            "core.identity_linked",
            account.email,
            account=account,
            name=account.display_name,
            login=account.login_name,
            host=show_host(site.settings.identity.name),
        )
    return after


def my_identities(site: Site, viewer: Viewer) -> list[LinkedIdentity]:
    """The identities that sign in to the viewer's account."""
    with site.database.reading() as tx:
        brought = [each.other_id for each in tx.groupings.into(viewer.account.id)]
        return tx.identities.of_accounts([viewer.account.id, *brought])


def my_identity(site: Site, viewer: Viewer, digest: str) -> LinkedIdentity:
    """One of those. Raises :exc:`NotFoundError`."""
    mine = my_identities(site, viewer)
    found = next((each for each in mine if each.digest == digest), None)
    if found is None:
        raise NotFoundError("no such identity of this account")
    return found


def unlink(site: Site, viewer: Viewer, digest: str) -> None:
    """Undo a link: the identity opens nothing more, and the sessions that it opened end.

    Not even a key of the school base links it again: only a secret does. Raises
    :exc:`NotFoundError` when it is not the viewer's.
    """
    now, identity = site.now(), my_identity(site, viewer, digest)
    with site.database.writing() as tx:
        tx.sessions.remove_opened_by(digest, account_id=viewer.account.id)
        if not tx.identities.unlink(identity, now):
            raise NotFoundError("no such identity of this account")
        tx.audit.add(
            audited(
                "identity.unlinked",
                now,
                viewer,
                subject_id=viewer.account.id,
                issuer=identity.issuer,
            )
        )
