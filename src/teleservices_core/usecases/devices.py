"""Browsers that an account knows: a stranger's mistakes do not make them wait.

A browser is known by a long-lived cookie, given at a successful sign-in. The
first one is known without a word; each later one is told to the account's
address.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from teleservices_core.domain.accounts import Account, Device, Session
from teleservices_core.ports import Transaction
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.site import Site
from teleservices_core.usecases.throttling import device_digest

DEVICE_LIFE: Final = timedelta(days=400)
"""Of the cookie, since the last sign-in: the longest that browsers grant."""
_MOST: Final = 20
"""Devices that an account knows at once; private browsing makes a new one each time."""


def remember_device(
    site: Site, tx: Transaction, account: Account, known: Sequence[Device], secret: str, label: str
) -> str:
    """Note that a browser opened an account; returns the digest it is known by.

    ``known`` are the devices of before. One more is told to the account's
    confirmed address.
    """
    now, digest = site.now(), device_digest(secret, account.id)
    label = label[:60]
    tx.devices.remember(Device(account.id, digest, label, first_at=now, last_at=now))
    if any(each.digest == digest for each in known):
        return digest
    tx.devices.forget_old(account.id, now - DEVICE_LIFE, _MOST)
    if known and account.email is not None:
        send_mail(
            site,
            tx,
            "core.new_device",
            account.email,
            account=account,
            name=account.display_name,
            login=account.login_name,
            device=label,
            at=now.isoformat(),
        )
    return digest


def keep_only(site: Site, tx: Transaction, session: Session) -> None:
    """Know the device of a session, and no other: who knew the old password is a stranger."""
    now = site.now()
    tx.devices.forget(session.account_id, but=session.device_hash)
    if session.device_hash is not None:
        tx.devices.remember(
            Device(session.account_id, session.device_hash, session.device, now, now)
        )
