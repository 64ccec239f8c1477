"""A second factor: set it up, give it, look after it."""

from __future__ import annotations

import secrets
from base64 import b32encode
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
from teleservices_core.domain.security_keys import SecurityKey, relying_party
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, RefusedError
from teleservices_core.one_time_codes import code_of
from teleservices_core.ports import Transaction
from teleservices_core.secret_boxes import put_in_box
from teleservices_core.usecases.factor_proof import (
    Given,
    digest_of_code,
    is_owed,
    keys_of,
    proved,
    purpose_of_secret,
    tell,
)
from teleservices_core.usecases.factor_steps import is_imposed
from teleservices_core.usecases.passwords import require_owner
from teleservices_core.usecases.signing_in import SignedIn, as_proved, replace_session
from teleservices_core.usecases.site import Site, audited

SET: Final = "account.factor_set"
REMOVED: Final = "account.factor_removed"
TELEPHONE_REMOVED: Final = "account.telephone_removed"
CODES_MADE: Final = "account.recovery_codes_made"


@frozen
class MyFactor:
    """What « Mon compte » says of a second factor."""

    since_at: datetime | None
    telephone_since: datetime | None
    keys: tuple[SecurityKey, ...]
    """Those of a former address of the site too."""
    live_keys: tuple[SecurityKey, ...]
    """Those that answer at the present one."""
    takes_keys: bool
    """Whether browsers let keys answer at the site's address."""
    codes_left: int
    is_imposed: bool
    """Whether it can be replaced only."""


def my_factor(site: Site, viewer: Viewer) -> MyFactor:
    """Whether the viewer has one, since when, and how many recovery codes are left."""
    account = viewer.account
    with site.database.reading() as tx:
        telephone = tx.factors.get(account.id)
        return MyFactor(
            account.factor_since,
            telephone.since_at if telephone else None,
            tuple(tx.factors.keys(account.id)),
            tuple(keys_of(site, tx, account.id)),
            relying_party(site.settings.base_url) is not None,
            tx.factors.codes_left(account.id),
            is_imposed(site, viewer),
        )


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
    require_free(viewer)
    code, _is_of_telephone = read_code(typed)
    # Not counted: there is nothing to guess, since the page shows the secret.
    period = matching_period(code, lambda each: code_of(secret, each), now)
    if period is None:
        raise RefusedError("wrong_code")
    require_owner(site, viewer, password)
    with site.database.writing() as tx:
        before = as_proved(tx, account)
        sealed = put_in_box(site.settings, purpose_of_secret(account.id), secret)
        tx.factors.put(account.id, Authenticator(sealed, now, period))
        codes = new_codes(site, tx, account.id)
        opened, after = has_one(site, tx, viewer, before)
        tx.audit.add(audited(SET, now, viewer, subject_id=account.id))
        tell(site, tx, after, "core.factor_set")
    return opened, codes


def require_free(viewer: Viewer) -> None:
    """Raise :exc:`NotAllowedError` to who may set nothing up: families, who owes a code."""
    if viewer.account.audience is not Audience.STAFF or is_owed(viewer):
        raise NotAllowedError("no second factor is set up here")


def has_one(
    site: Site, tx: Transaction, viewer: Viewer, before: Account
) -> tuple[SignedIn, Account]:
    """Note that a second factor was set up in a session, the only one that goes on."""
    now = site.now()
    after = tx.accounts.replace(before, evolve(before, factor_since=before.factor_since or now))
    opened = replace_session(site, tx, viewer, after, factor_at=now)
    tx.sessions.remove_all(after.id, but=opened.session.id_hash)
    return opened, after


def enter(site: Site, viewer: Viewer, given: Given) -> SignedIn:
    """Give the second factor that a session waits for. Raises as :func:`.factor_proof.proved`."""
    with proved(site, viewer, given) as (tx, account):
        return replace_session(site, tx, viewer, account, factor_at=site.now())


def renew_codes(site: Site, viewer: Viewer, given: Given, password: str) -> list[str]:
    """Make new recovery codes; those of before are good no more.

    Raises as :func:`enter` and :func:`.passwords.require_owner`.
    """
    require_owner(site, viewer, password)
    with proved(site, viewer, given) as (tx, account):
        codes = new_codes(site, tx, account.id)
        tx.audit.add(audited(CODES_MADE, site.now(), viewer, subject_id=account.id))
        tell(site, tx, account, "core.recovery_codes_made")
    return codes


def remove(site: Site, viewer: Viewer, given: Given, password: str) -> None:
    """Do without a second factor again: the telephone, the keys and the codes are forgotten.

    Raises :exc:`NotAllowedError` where it is imposed, or as :func:`enter` and
    :func:`.passwords.require_owner`.
    """
    if is_imposed(site, viewer):
        raise NotAllowedError("a second factor is imposed")
    require_owner(site, viewer, password)
    with proved(site, viewer, given) as (tx, account):
        after = tx.accounts.replace(account, evolve(account, factor_since=None))
        tx.factors.remove(account.id)
        tx.audit.add(audited(REMOVED, site.now(), viewer, subject_id=account.id))
        tell(site, tx, after, "core.factor_removed")


def remove_telephone(site: Site, viewer: Viewer, password: str) -> None:
    """Go on with the keys alone. Raises :exc:`RefusedError` ``last_factor``.

    And :exc:`NotAllowedError` to who may set nothing up, or as :func:`.passwords.require_owner`.
    """
    require_free(viewer)
    require_owner(site, viewer, password)
    with site.database.writing() as tx:
        account = as_proved(tx, viewer.account)
        if not keys_of(site, tx, account.id):
            raise RefusedError("last_factor")
        if tx.factors.remove_telephone(account.id):
            tx.audit.add(audited(TELEPHONE_REMOVED, site.now(), viewer, subject_id=account.id))
            tell(site, tx, account, "core.telephone_removed")


def new_codes(site: Site, tx: Transaction, account_id: UUID) -> list[str]:
    """Recovery codes in the place of those before, as they are shown, once."""
    codes = [new_letter_code(secrets.choice) for _number in range(RECOVERY_CODES)]
    key = site.settings.secret_key
    digests = [digest_of_code(key, account_id, code) for code in codes]
    tx.factors.put_codes(account_id, digests, site.now())
    return [show_letter_code(code) for code in codes]
