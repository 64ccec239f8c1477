"""Lost identifier, lost password (F33 to F35).

A page only queues what was typed; it never looks the account up, so that its
answer and its time tell nothing. The worker resolves the request and queues
the mails, if any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from attrs import evolve

from teleservices_core.domain.accounts import (
    Account,
    AccountEvent,
    AccountState,
    Token,
    TokenPurpose,
)
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import digest
from teleservices_core.ports import Parcel, Transaction
from teleservices_core.usecases.claiming import normalize_email
from teleservices_core.usecases.links import look_at, send_link, send_mail, use
from teleservices_core.usecases.passwords import require_good_password
from teleservices_core.usecases.site import Site, audited

LOST_LOGIN: Final = "core.lost_login"
LOST_PASSWORD: Final = "core.lost_password"  # noqa: S105 - a kind of request
_PER_HOUR: Final = 3
_PER_SOURCE: Final = 20
"""Requests heeded in an hour, for one account or address, and from one source."""
_LONGEST: Final = 254
_USABLE: Final = frozenset({AccountState.ACTIVE, AccountState.CLAIMED, AccountState.LOCKED})


def ask_login_names(site: Site, address: str, *, source: str) -> None:
    """Have the accounts of an address mailed to it, if it has any (F33).

    Raises :exc:`RefusedError` ``bad_email`` for what is no address.
    """
    _queue(site, LOST_LOGIN, normalize_email(address), source)


def ask_reset(site: Site, login_name: str, *, source: str) -> None:
    """Have a link mailed to the account's address, if there are both (F34)."""
    _queue(site, LOST_PASSWORD, login_name.strip().casefold()[:_LONGEST], source)


def _queue(site: Site, kind: str, typed: str, source: str) -> None:
    now = site.now()
    hour_ago = now - timedelta(hours=1)
    with site.database.writing() as tx:
        asked = tx.throttles.fail(digest(f"{kind}\0{typed}"), now, hour_ago)
        from_here = tx.throttles.fail(digest(f"{kind}\0source\0{source}"), now, hour_ago)
        if asked <= _PER_HOUR and from_here <= _PER_SOURCE:
            send_mail(site, tx, kind, "", typed=typed)


def _mail_login_names(site: Site, tx: Transaction, parcel: Parcel) -> None:
    address = parcel.context["typed"]
    accounts = tx.accounts.by_email(address)
    if accounts:
        lines = "\n".join(f"  {each.display_name} : {each.login_name}" for each in accounts)
        send_mail(site, tx, "core.login_names", address, lines=lines)


def _mail_reset_link(site: Site, tx: Transaction, parcel: Parcel) -> None:
    account = tx.accounts.by_login(parcel.context["typed"])
    if account is None or account.email is None or account.state not in _USABLE:
        return
    days = site.settings.durations.reset_link_days
    send_link(site, tx, account, TokenPurpose.RESET_PASSWORD, account.email, days)
    tx.audit.add(audited("account.reset_asked", site.now(), None, subject_id=account.id))


REQUESTS: Final[Mapping[str, Callable[[Site, Transaction, Parcel], None]]] = {
    LOST_LOGIN: _mail_login_names,
    LOST_PASSWORD: _mail_reset_link,
}
"""What the worker does with each kind of request; it sends no mail for the request itself."""


def look_at_reset(site: Site, secret: str) -> tuple[Token, Account]:
    """The account of a reset link, without using it.

    The link dies with a change of password or address, and with a newer
    letter. Raises :exc:`RefusedError` as :func:`.links.look_at`.
    """
    token, account = look_at(site, secret, TokenPurpose.RESET_PASSWORD)
    if token.address != account.email or account.state not in _USABLE:
        raise RefusedError("link_expired")
    return token, account


def reset_password(site: Site, secret: str, password: str) -> None:
    """Use a reset link: until now the old password held (F34, F35).

    Every session is closed and every wait lifted; a locked account opens
    again, since the mailbox answered. Raises :exc:`RefusedError` with the
    password's problem, or as :func:`look_at_reset`.
    """
    now = site.now()
    token, account = look_at_reset(site, secret)
    require_good_password(account, password)
    password_hash = site.hasher.hash_password(password)
    with site.database.writing() as tx:
        use(tx, token, now)
        after = evolve(account, password_hash=password_hash, epoch=account.epoch + 1)
        if account.state is AccountState.LOCKED:
            after = after.after(AccountEvent.UNLOCK)
        tx.accounts.replace(account, after)
        tx.sessions.remove_all(account.id)
        tx.audit.add(audited("account.password_reset", now, None, subject_id=account.id))
        send_mail(
            site,
            tx,
            "core.password_changed",
            token.address,
            account=account,
            name=account.display_name,
        )
