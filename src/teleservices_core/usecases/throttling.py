"""The one place where a typed secret is compared: queued, counted, then hashed.

Every way in goes through here (sign-in, « Mon compte », grouping), so that all
share the same counters. They are in the database, so that no process and no
restart forgets them, and raised before the hash, so that parallel guesses
cannot slip through. Where no core comes free in time, nothing is counted, and
:exc:`BusyError` says so to everybody alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Account, CredentialLetter, Device
from teleservices_core.domain.throttling import (
    SITE_SLICE,
    SOURCE_SLICE,
    Counter,
    no_wait,
    slice_of,
    wait_of_account,
    wait_of_source,
)
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import digest
from teleservices_core.ports import Check, Transaction
from teleservices_core.ports.academy import AuditSearch
from teleservices_core.usecases.site import Site, audited

log = logging.getLogger(__name__)

MANY_FAILURES: Final = "site.many_failures"
ALERT_LASTS: Final = timedelta(days=1)
_NOBODY: Final = UUID(int=0)
"""Asked for in the place of an account that is not there: the same statements run."""
_LONGEST_SECRET: Final = 1024
"""Longer ones are cut before any hashing; no password is that long."""


@frozen
class Proof:
    """A secret that opens an account; whether it may be used so is the caller's rule."""

    account: Account
    letter: CredentialLetter | None
    """The one whose code was typed, even replaced or expired; None for the password."""
    rehash: bool
    """The password matched, with parameters older than today's."""
    devices: tuple[Device, ...]
    """Those that the account knows."""
    counters: tuple[Counter, ...]
    """Where the attempt was counted: see :func:`forget_failures`."""

    @property
    def by_password(self) -> bool:
        """Whether the password was typed, and not a letter's code."""
        return self.letter is None


def device_digest(secret: str, account_id: UUID) -> str:
    """A device as an account knows it: nothing tells that two accounts share one."""
    return digest(f"device\0{secret}\0{account_id}")


def prove(site: Site, login_name: str, secret: str, *, source: str, device: str = "") -> Proof:
    """Compare a typed secret with an account's password and its two latest letters.

    ``source`` is the client's address, ``device`` the secret of its long-lived
    cookie. The statements, the hashes and the refusal are the same whether the
    account exists or not. Raises :exc:`RefusedError` ``throttled`` (detail
    ``until``) or ``wrong_credentials``.
    """
    login_name = login_name.strip().casefold()
    with site.database.reading() as tx:
        account = tx.accounts.by_login(login_name)
        account_id = account.id if account else _NOBODY
        letters = tx.letters.of_account(account_id)[:2]
        devices = tuple(tx.devices.of_account(account_id))
    known = device_digest(device, account_id)
    is_known = bool(device) and any(each.digest == known for each in devices)
    # A reset raises the epoch, and so lifts every wait.
    target = f"{login_name}\0{account.epoch if account else 0}"
    counters = _of_device(target, known) if is_known else _of_stranger(site, target, source)
    check = _check(
        site,
        counters,
        account,
        secret,
        account.password_hash if account else None,
        # The code of a letter whose account was closed is erased: nothing matches it.
        [letter.code_hash for letter in letters if letter.code_hash],
    )
    if account is None or not (check.password or check.letter):
        if not is_known:
            with site.database.writing() as tx:
                count(site, tx, _of_everybody(site))
        raise RefusedError("wrong_credentials")
    typed = None if check.password else next(x for x in letters if x.code_hash == check.letter)
    return Proof(account, typed, check.rehash, devices, counters)


def _of_device(target: str, known: str) -> tuple[Counter, ...]:
    return (Counter(digest(f"device\0{target}\0{known}")),)


def _of_stranger(site: Site, target: str, source: str) -> tuple[Counter, ...]:
    # From the narrowest to the widest: all attempts lock their rows in this order.
    slice_ = slice_of(site.now(), SOURCE_SLICE)
    everybody = digest(f"source\0{source}\0{slice_}")
    return (
        Counter(digest(f"pair\0{target}\0{source}")),
        Counter(digest(f"account\0{target}"), wait_of_account),
        Counter(everybody, wait_of_source, SOURCE_SLICE, is_shared=True),
    )


def _of_everybody(site: Site) -> Counter:
    # Nobody waits for it, so it is counted once the failure is known: whoever succeeds
    # would hold the one row of all, until his commit.
    return Counter(
        digest(f"site\0{slice_of(site.now(), SITE_SLICE)}"),
        no_wait,
        SITE_SLICE,
        is_shared=True,
        alerts_at=site.settings.many_failures,
    )


def forget_failures(tx: Transaction, proof: Proof) -> None:
    """After a success: clear what this device or source failed at this account, no more.

    The other counters only take back the attempt itself, which was no failure.
    """
    own, *shared = proof.counters
    tx.throttles.clear(own.key)
    for counter in shared:
        tx.throttles.take_back(counter.key)


def is_password(site: Site, account: Account, password: str) -> bool:
    """Compare what is typed by somebody signed in with the account's password.

    Raises :exc:`RefusedError` ``throttled`` (detail ``until``).
    """
    counter = Counter(digest(f"again\0{account.id}\0{account.epoch}"))
    found = _check(site, [counter], account, password, account.password_hash, ()).password
    if found:
        with site.database.writing() as tx:
            tx.throttles.clear(counter.key)
    return found


def repeats(
    site: Site, password: str, *, password_hash: str | None = None, letter_hash: str | None = None
) -> bool:
    """Whether a new password is the secret that it replaces.

    Not counted: there is nothing to guess, since any other password is taken.
    """
    letter_hashes = [letter_hash] if letter_hash else []
    with site.hasher.turn():
        check = site.hasher.check(
            password, password_hash=password_hash, letter_hashes=letter_hashes
        )
    return check.password or check.letter is not None


def _check(
    site: Site,
    counters: Iterable[Counter],
    account: Account | None,
    secret: str,
    password_hash: str | None,
    letter_hashes: Sequence[str],
) -> Check:
    with site.hasher.turn():
        with site.database.writing() as tx:
            for counter in counters:
                count(site, tx, counter, account)
        return site.hasher.check(
            secret[:_LONGEST_SECRET], password_hash=password_hash, letter_hashes=letter_hashes
        )


def count(site: Site, tx: Transaction, counter: Counter, account: Account | None = None) -> None:
    """Count one attempt. Raises :exc:`RefusedError` ``throttled`` (detail ``until``)."""
    now = site.now()
    whose = None if counter.is_shared else account
    failures = tx.throttles.count(counter.key, now, now - counter.forget_after, whose)
    if failures is None:
        raise RefusedError("throttled", until=tx.throttles.get(counter.key).blocked_until)
    wait = counter.wait_after(failures)
    if wait:
        tx.throttles.block(counter.key, now + wait)
    if failures == counter.alerts_at:
        _alert(site, tx, counter, failures)


def _alert(site: Site, tx: Transaction, counter: Counter, failures: int) -> None:
    now = site.now()
    # Once, though successes may bring the counter back below.
    if tx.throttles.count(digest(f"told\0{counter.key}"), now, now - counter.forget_after) == 1:
        log.warning("%d sign-ins have failed within %s", failures, counter.forget_after)
        entry = audited(MANY_FAILURES, now, None, number=failures)
        tx.audit.add(evolve(entry, actor=site.settings.site_name))


@frozen
class ManyFailures:
    """That very many sign-ins failed on the whole site, within five minutes."""

    at: datetime
    number: int
    """At least so many: see ``Settings.many_failures``."""


def told_of_failures(site: Site, tx: Transaction) -> ManyFailures | None:
    """The last time, within a day, that so many sign-ins failed that people must be told."""
    since = site.now() - ALERT_LASTS
    found = tx.audit.search(AuditSearch(actions=(MANY_FAILURES,), from_at=since), 1)
    return ManyFailures(found[0].at, int(found[0].detail["number"])) if found else None
