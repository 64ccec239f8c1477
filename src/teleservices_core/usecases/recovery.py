"""Lost identifier, lost password (F33 to F35).

A page only queues what was typed; it never looks the account up, so that its
answer and its time tell nothing. The worker resolves the request and queues
the mails, if any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve

from teleservices_core.domain.accounts import (
    Account,
    AccountEvent,
    AccountState,
    SessionPurpose,
    Token,
    TokenPurpose,
)
from teleservices_core.domain.throttling import (
    SOURCE_SLICE,
    Counter,
    slice_end,
    slice_of,
    wait_of_source,
)
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotAllowedError, RefusedError
from teleservices_core.hashing import digest, new_secret
from teleservices_core.i18n import show_host
from teleservices_core.mail_addresses import mail_address
from teleservices_core.ports import Transaction
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.devices import keep_only
from teleservices_core.usecases.links import dead, look_at, send_link, send_mail, use, used_once
from teleservices_core.usecases.passwords import (
    require_good_password,
    tell_of_password,
    with_password,
)
from teleservices_core.usecases.signing_in import SignedIn, open_session, replace_session
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.throttling import count, device_digest, repeats

LOST_LOGIN: Final = "core.lost_login"
LOST_PASSWORD: Final = "core.lost_password"  # noqa: S105 - a kind of request
PER_HOUR: Final = 3
"""Requests heeded in an hour for one identifier or address, known or not."""
_HOUR: Final = timedelta(hours=1)
_LONGEST: Final = 254
_GONE: Final = frozenset({AccountState.GROUPED, AccountState.CLOSED})
_USABLE: Final = frozenset({AccountState.ACTIVE, AccountState.CLAIMED, AccountState.LOCKED})


def ask_login_names(site: Site, address: str, *, source: str) -> None:
    """Have the accounts of an address mailed to it, if it has any (F33).

    Raises :exc:`RefusedError` ``bad_email`` for what is no address, or as :func:`ask_reset`.
    """
    _queue(site, LOST_LOGIN, mail_address(address), source)


def ask_reset(site: Site, login_name: str, *, source: str) -> None:
    """Have a link mailed to the account's address, if there are both (F34).

    Whether there are or not, raises :exc:`RefusedError` ``too_many`` (detail ``until``) after
    :data:`PER_HOUR` requests, ``throttled`` (detail ``until``) where too many come from one
    ``source``; nothing is sent then.
    """
    _queue(site, LOST_PASSWORD, login_name.strip().casefold()[:_LONGEST], source)


def _queue(site: Site, kind: str, typed: str, source: str) -> None:
    now = site.now()
    network = digest(f"{kind}\0source\0{source}\0{slice_of(now, SOURCE_SLICE)}")
    with site.database.writing() as tx:
        _require_few(tx, f"{kind}\0{typed}", now)
        # A school, or an operator of mobile telephones, is one source.
        count(site, tx, Counter(network, wait_of_source, SOURCE_SLICE, is_shared=True))
        send_mail(site, tx, kind, "", typed=typed)


def _require_few(tx: Transaction, key: str, now: datetime) -> None:
    # By the hour of the clock: who insists does not put the next mail off.
    hour = digest(f"{key}\0{slice_of(now, _HOUR)}")
    if (tx.throttles.count(hour, now, now - _HOUR) or 0) > PER_HOUR:
        raise RefusedError("too_many", until=slice_end(now, _HOUR))


def _mail_login_names(site: Site, tx: Transaction, parcel: Parcel) -> None:
    address = parcel.context["typed"]
    accounts = [each for each in tx.accounts.by_email(address) if each.state not in _GONE]
    if accounts:
        lines = "\n".join(f"  {each.display_name} : {each.login_name}" for each in accounts)
        send_mail(site, tx, "core.login_names", address, lines=lines)


def _mail_reset_link(site: Site, tx: Transaction, parcel: Parcel) -> None:
    account = tx.accounts.by_login(parcel.context["typed"])
    if account is None or account.email is None or account.state not in _USABLE:
        return
    if account.password_hash is None:
        # Nothing was lost, then: the host opens the account.
        send_mail(
            site,
            tx,
            "core.no_password",
            account.email,
            account=account,
            name=account.display_name,
            login=account.login_name,
            host=show_host(site.settings.identity.name),
        )
    else:
        _send_link(site, tx, account, account.email)
    tx.audit.add(audited("account.reset_asked", site.now(), None, subject_id=account.id))


def _send_link(site: Site, tx: Transaction, account: Account, address: str) -> None:
    lifetime = timedelta(days=site.settings.durations.reset_link_days)
    send_link(site, tx, account, TokenPurpose.RESET_PASSWORD, address, lifetime)


def send_reset(site: Site, tx: Transaction, account: Account) -> None:
    """Send the link for whoever helps; it counts among the account's own requests.

    Raises :exc:`RefusedError` ``nowhere_to_send`` without a confirmed address or
    a password to replace, or ``too_many`` in an hour.
    """
    if account.email is None or account.password_hash is None or account.state not in _USABLE:
        raise RefusedError("nowhere_to_send")
    _require_few(tx, f"{LOST_PASSWORD}\0{account.login_name}", site.now())
    _send_link(site, tx, account, account.email)


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
        raise dead(site, secret)
    return token, account


def open_renewal(
    site: Site,
    secret: str,
    *,
    device: str = "",
    device_secret: str = "",
    session_secret: str = "",
) -> SignedIn:
    """Use a reset link: it opens a session that can only choose a password (F34).

    Nothing else changes: the present password holds until then, and for good
    if none is chosen (F35). ``session_secret`` is as for :func:`.signing_in.open_session`.
    Raises :exc:`RefusedError` as :func:`look_at_reset`.
    """
    now = site.now()
    token, account = look_at_reset(site, secret)
    device_secret = device_secret or new_secret()
    with used_once(site, secret, token.purpose), site.database.writing() as tx:
        # Compare-and-set: whatever killed the link meanwhile wins. The account
        # before its link, as whoever sends another one does.
        tx.accounts.replace(account, account)
        use(tx, token, now)
        tx.audit.add(audited("account.renewal_opened", now, None, subject_id=account.id))
        opened = open_session(
            site,
            tx,
            account,
            SessionPurpose.RENEWAL,
            device,
            device_hash=device_digest(device_secret, account.id),
            secret=session_secret,
        )
    return evolve(opened, device_secret=device_secret)


def renew_password(site: Site, viewer: Viewer, password: str) -> SignedIn:
    """Choose the password that a renewal waits for, and go on with a session in full.

    Every other session is closed, every device forgotten and every wait lifted;
    a locked account opens again, since its mailbox answered. Raises
    :exc:`NotAllowedError` out of a renewal, :exc:`ConflictError` when it was
    closed meanwhile, :exc:`RefusedError` with the password's problem, or
    ``same_as_before`` where the académie had it renewed.
    """
    now, account = site.now(), viewer.account
    if not viewer.in_renewal:
        raise NotAllowedError("no renewal is under way")
    require_good_password(site, account, password)
    if account.must_renew and repeats(site, password, password_hash=account.password_hash):
        raise RefusedError("same_as_before")
    password_hash = site.hasher.hash_password(password)
    with site.database.writing() as tx:
        renewed = with_password(account, password_hash, now)
        if account.state is AccountState.LOCKED:
            renewed = renewed.after(AccountEvent.UNLOCK)
        renewed = tx.accounts.replace(account, renewed.used(now))
        opened = replace_session(site, tx, viewer, renewed)
        tx.sessions.remove_all(account.id, but=opened.session.id_hash)
        keep_only(site, tx, opened.session)
        tx.audit.add(audited("account.password_renewed", now, viewer, subject_id=account.id))
        tell_of_password(site, tx, renewed, "core.password_changed")
        return opened
