"""A second factor: set it up, give it, look after it.

Whatever is typed is counted before it is compared, for the account and not for the browser:
a known password buys no more tries from elsewhere. A new password lifts the wait, and ends
the sessions of who knew the old one. What does not fit is told alike, whether it is wrong,
too old or used already.
"""

from __future__ import annotations

import secrets
from base64 import b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hmac import digest as mac
from typing import Final
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Account, Audience, Session
from teleservices_core.domain.credentials import new_letter_code, show_letter_code
from teleservices_core.domain.second_factor import (
    RECOVERY_CODES,
    Authenticator,
    matching_period,
    read_code,
)
from teleservices_core.domain.throttling import Counter
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, RefusedError
from teleservices_core.hashing import digest, keyed
from teleservices_core.one_time_codes import code_of
from teleservices_core.ports import Transaction
from teleservices_core.secret_boxes import put_in_box, take_out
from teleservices_core.usecases.factor_steps import is_imposed
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.passwords import require_owner
from teleservices_core.usecases.signing_in import SignedIn, as_proved, replace_session
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import count

SET: Final = "account.factor_set"
REMOVED: Final = "account.factor_removed"
CODES_MADE: Final = "account.recovery_codes_made"
CODE_USED: Final = "account.recovery_code_used"


@frozen
class MyFactor:
    """What « Mon compte » says of a second factor."""

    since_at: datetime | None
    codes_left: int
    is_imposed: bool
    """Whether it can be replaced only."""


def my_factor(site: Site, viewer: Viewer) -> MyFactor:
    """Whether the viewer has one, since when, and how many recovery codes are left."""
    with site.database.reading() as tx:
        codes_left = tx.factors.codes_left(viewer.account.id)
    return MyFactor(viewer.account.factor_since, codes_left, is_imposed(site, viewer))


def proposed_secret(site: Site, session: Session) -> str:
    """The secret that a session may set up, in Base32: the same however often it is shown.

    Nothing is stored before a code proves that an application has it. A session sets up
    one authenticator: another session takes its place.
    """
    key = site.settings.secret_key.encode()
    drawn = mac(key, b"proposed authenticator\0" + session.id_hash.encode(), "sha256")
    return b32encode(drawn[:20]).decode()


def set_up(site: Site, viewer: Viewer, typed: str, password: str) -> tuple[SignedIn, list[str]]:
    """Take an application whose code was typed; returns the session and the recovery codes.

    In the place of the one before, if any. Every other session is closed. Raises
    :exc:`NotAllowedError` to families and before the second factor was given,
    :exc:`RefusedError` ``wrong_code``, or as :func:`.passwords.require_owner`.
    """
    now, account, secret = site.now(), viewer.account, proposed_secret(site, viewer.session)
    if account.audience is not Audience.STAFF or _is_owed(viewer):
        raise NotAllowedError("no second factor is set up here")
    code, _is_of_telephone = read_code(typed)
    # Not counted: there is nothing to guess, since the page shows the secret.
    period = matching_period(code, lambda each: code_of(secret, each), now)
    if period is None:
        raise RefusedError("wrong_code")
    require_owner(site, viewer, password)
    with site.database.writing() as tx:
        before = as_proved(tx, account)
        after = tx.accounts.replace(before, evolve(before, factor_since=now))
        sealed = put_in_box(site.settings, _purpose(account.id), secret)
        tx.factors.put(account.id, Authenticator(sealed, now, period))
        codes = _new_codes(site, tx, account.id)
        opened = replace_session(site, tx, viewer, after, factor_at=now)
        tx.sessions.remove_all(account.id, but=opened.session.id_hash)
        tx.audit.add(audited(SET, now, viewer, subject_id=account.id))
        _tell(site, tx, after, "core.factor_set")
    return opened, codes


def enter(site: Site, viewer: Viewer, typed: str) -> SignedIn:
    """Give the second factor that a session waits for: a telephone's code, or a recovery code.

    Raises :exc:`RefusedError` ``wrong_code``, or ``throttled`` (detail ``until``).
    """
    with _proved(site, viewer, typed) as (tx, account):
        return replace_session(site, tx, viewer, account, factor_at=site.now())


def renew_codes(site: Site, viewer: Viewer, typed: str, password: str) -> list[str]:
    """Make new recovery codes; those of before are good no more.

    Raises as :func:`enter` and :func:`.passwords.require_owner`.
    """
    require_owner(site, viewer, password)
    with _proved(site, viewer, typed) as (tx, account):
        codes = _new_codes(site, tx, account.id)
        tx.audit.add(audited(CODES_MADE, site.now(), viewer, subject_id=account.id))
        _tell(site, tx, account, "core.recovery_codes_made")
    return codes


def remove(site: Site, viewer: Viewer, typed: str, password: str) -> None:
    """Do without a second factor again.

    Raises :exc:`NotAllowedError` where it is imposed, or as :func:`enter` and
    :func:`.passwords.require_owner`.
    """
    if is_imposed(site, viewer):
        raise NotAllowedError("a second factor is imposed")
    require_owner(site, viewer, password)
    with _proved(site, viewer, typed) as (tx, account):
        after = tx.accounts.replace(account, evolve(account, factor_since=None))
        tx.factors.remove(account.id)
        tx.audit.add(audited(REMOVED, site.now(), viewer, subject_id=account.id))
        _tell(site, tx, after, "core.factor_removed")


def _is_owed(viewer: Viewer) -> bool:
    return viewer.account.factor_since is not None and viewer.session.factor_at is None


@contextmanager
def _proved(site: Site, viewer: Viewer, typed: str) -> Iterator[tuple[Transaction, Account]]:
    """A unit of work that only a good code begins; whatever stops it leaves the code unused."""
    known = viewer.account
    counter = Counter(digest(f"factor\0{known.id}\0{known.epoch}"))
    with site.database.writing() as tx:
        count(site, tx, counter, known)
    with site.database.writing() as tx:
        account = as_proved(tx, known)
        if not _spend(site, tx, viewer, account, typed):
            raise RefusedError("wrong_code")
        tx.throttles.clear(counter.key)
        yield tx, account


def _spend(site: Site, tx: Transaction, viewer: Viewer, account: Account, typed: str) -> bool:
    code, is_of_telephone = read_code(typed)
    authenticator = tx.factors.get(account.id)
    if authenticator is None:
        return False
    if is_of_telephone:
        return _take(site, tx, account.id, authenticator, code)
    now, settings = site.now(), site.settings
    keys = (settings.secret_key, *settings.former_secret_keys)
    if not tx.factors.use_code(account.id, [_of_code(key, account.id, code) for key in keys], now):
        return False
    left = tx.factors.codes_left(account.id)
    tx.audit.add(audited(CODE_USED, now, viewer, subject_id=account.id, left=left))
    _tell(site, tx, account, "core.recovery_code_used", left)
    return True


def _take(
    site: Site, tx: Transaction, account_id: UUID, authenticator: Authenticator, code: str
) -> bool:
    purpose = _purpose(account_id)
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


def _purpose(account_id: UUID) -> str:
    # Whose it is: moved to another row, it opens nothing.
    return f"authenticator {account_id}"


def _of_code(key: str, account_id: UUID, code: str) -> str:
    return keyed(key, "recovery code", account_id.bytes + code.encode())


def _new_codes(site: Site, tx: Transaction, account_id: UUID) -> list[str]:
    codes = [new_letter_code(secrets.choice) for _number in range(RECOVERY_CODES)]
    key = site.settings.secret_key
    digests = [_of_code(key, account_id, code) for code in codes]
    tx.factors.put_codes(account_id, digests, site.now())
    return [show_letter_code(code) for code in codes]


def _tell(site: Site, tx: Transaction, account: Account, kind: str, left: int = 0) -> None:
    if account.email is not None:
        send_mail(
            site,
            tx,
            kind,
            account.email,
            account=account,
            name=account.display_name,
            login=account.login_name,
            left=str(left),
        )
