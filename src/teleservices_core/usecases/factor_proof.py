"""What proves a second factor: a code of the telephone or of the paper, or a security key.

Whatever is given is counted before it is compared, for the account and not for the browser:
a known password buys no more tries from elsewhere. A new password lifts the wait, and ends
the sessions of who knew the old one. What does not fit is told alike, whether it is wrong,
too old or used already.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.second_factor import Authenticator, matching_period, read_code
from teleservices_core.domain.security_keys import (
    QUESTION_LIFE,
    RelyingParty,
    SecurityKey,
    has_gone_on,
    relying_party,
)
from teleservices_core.domain.throttling import Counter
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, RefusedError
from teleservices_core.hashing import digest, keyed
from teleservices_core.one_time_codes import code_of
from teleservices_core.ports import Transaction
from teleservices_core.secret_boxes import put_in_box, take_out
from teleservices_core.security_keys import credential_in, signatures_in
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.signing_in import as_proved
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import count

CODE_USED: Final = "account.recovery_code_used"
KEY_COPIED: Final = "account.key_copied"


@frozen
class Given:
    """What was given as a second factor: a code, or the answer of a key."""

    code: str = ""
    answer: str = ""
    """As the browser brought it; it counts, where there is one."""


@frozen
class _Answered:
    """A key whose signature is good."""

    key: SecurityKey
    signatures: int


def is_owed(viewer: Viewer) -> bool:
    """Whether the session has yet to give a second factor."""
    return viewer.account.factor_since is not None and viewer.session.factor_at is None


def site_of_keys(site: Site) -> RelyingParty:
    """What keys know the site by. Raises :exc:`NotAllowedError` where no browser lets them."""
    known_by = relying_party(site.settings.base_url)
    if known_by is None:
        raise NotAllowedError("browsers let no key answer at the site's address")
    return known_by


def keys_of(site: Site, tx: Transaction, account_id: UUID) -> list[SecurityKey]:
    """The account's keys that answer to the site at its present address."""
    known_by = relying_party(site.settings.base_url)
    if known_by is None:
        return []
    return [key for key in tx.factors.keys(account_id) if key.site_id == known_by.id]


def answered_question(site: Site, tx: Transaction, viewer: Viewer) -> bytes | None:
    """What the session asked a key to sign, once, while it is fresh."""
    return tx.sessions.take_question(viewer.session.id_hash, site.now() - QUESTION_LIFE)


@contextmanager
def proved(site: Site, viewer: Viewer, given: Given) -> Iterator[tuple[Transaction, Account]]:
    """A unit of work that only a good proof begins; whatever stops it leaves a code unused.

    Raises :exc:`RefusedError` ``throttled`` (detail ``until``), ``wrong_code``, ``wrong_key``,
    or ``key_copied`` for a key that has not counted on since its last answer.
    """
    known = viewer.account
    counter = Counter(digest(f"factor\0{known.id}\0{known.epoch}"))
    question = None
    with site.database.writing() as tx:
        count(site, tx, counter, known)
        if given.answer:
            question = answered_question(site, tx, viewer)
    answered = _answered(site, known, question, given.answer)
    with site.database.writing() as tx:
        account = as_proved(tx, known)
        if given.answer:
            if answered is None or not _use(site, tx, answered):
                raise RefusedError("wrong_key")
        elif not _spend(site, tx, viewer, account, given.code):
            raise RefusedError("wrong_code")
        tx.throttles.clear(counter.key)
        yield tx, account


def _answered(
    site: Site, account: Account, question: bytes | None, answer: str
) -> _Answered | None:
    known_by = relying_party(site.settings.base_url)
    if question is None or known_by is None:
        return None
    credential = credential_in(answer)
    with site.database.reading() as tx:
        keys = keys_of(site, tx, account.id)
    key = next((each for each in keys if each.credential == credential), None)
    if key is None:
        return None
    signatures = signatures_in(known_by, question, answer, key.public_key)
    if signatures is None:
        return None
    if not has_gone_on(signatures, key.signatures):
        _tell_copied(site, account, key)
        raise RefusedError("key_copied", name=key.name)
    return _Answered(key, signatures)


def _tell_copied(site: Site, account: Account, key: SecurityKey) -> None:
    with site.database.writing() as tx:
        entry = audited(KEY_COPIED, site.now(), None, subject_id=account.id, key=str(key.id))
        tx.audit.add(entry)
        tell(site, tx, account, "core.key_copied", key=key.name)


def _use(site: Site, tx: Transaction, answered: _Answered) -> bool:
    return tx.factors.use_key(answered.key, answered.signatures, site.now())


def _spend(site: Site, tx: Transaction, viewer: Viewer, account: Account, typed: str) -> bool:
    code, is_of_telephone = read_code(typed)
    if is_of_telephone:
        authenticator = tx.factors.get(account.id)
        return authenticator is not None and _take(site, tx, account.id, authenticator, code)
    now, settings = site.now(), site.settings
    keys = (settings.secret_key, *settings.former_secret_keys)
    digests = [digest_of_code(key, account.id, code) for key in keys]
    if not tx.factors.use_code(account.id, digests, now):
        return False
    left = tx.factors.codes_left(account.id)
    tx.audit.add(audited(CODE_USED, now, viewer, subject_id=account.id, left=left))
    tell(site, tx, account, "core.recovery_code_used", left=left)
    return True


def _take(
    site: Site, tx: Transaction, account_id: UUID, authenticator: Authenticator, code: str
) -> bool:
    purpose = purpose_of_secret(account_id)
    found = take_out(site.settings, purpose, authenticator.secret)
    if found is None:
        return False
    secret, is_of_former_key = found
    period = matching_period(code, lambda each: code_of(secret, each), site.now())
    if period is None or not tx.factors.take(account_id, period):
        return False
    if is_of_former_key:
        tx.factors.reseal(account_id, put_in_box(site.settings, purpose, secret))
    return True


def purpose_of_secret(account_id: UUID) -> str:
    """Whose a telephone's secret is: moved to another row, it opens nothing."""
    return f"authenticator {account_id}"


def digest_of_code(key: str, account_id: UUID, code: str) -> str:
    """What is stored of a recovery code."""
    return keyed(key, "recovery code", account_id.bytes + code.encode())


def tell(
    site: Site, tx: Transaction, account: Account, kind: str, *, key: str = "", left: int = 0
) -> None:
    """Mail the owner of an account that its second factor has changed."""
    if account.email is not None:
        send_mail(
            site,
            tx,
            kind,
            account.email,
            account=account,
            name=account.display_name,
            login=account.login_name,
            key=key,
            left=str(left),
        )
