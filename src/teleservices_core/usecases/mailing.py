"""Deliver the outbox. Run by the worker, never by a page."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from attrs import frozen

from teleservices_core.hashing import link_secret
from teleservices_core.i18n import show_instant
from teleservices_core.ports import Mailer, Parcel
from teleservices_core.usecases.recovery import REQUESTS
from teleservices_core.usecases.site import Site

log = logging.getLogger(__name__)

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 24 * 60))
"""Waits between tries; after the last, the mail is marked as failed."""
_LEASE = timedelta(minutes=10)
_BATCH = 100


@frozen
class Delivered:
    """How a run of the worker went."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    resolved: int = 0
    """Requests that led to mails, or to none."""

    @property
    def handled(self) -> int:
        """All of them."""
        return self.sent + self.retried + self.failed + self.resolved

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(
            self.sent + other.sent,
            self.retried + other.retried,
            self.failed + other.failed,
            self.resolved + other.resolved,
        )


def deliver(site: Site, mailer: Mailer, *, limit: int = 1_000) -> Delivered:
    """Send the mails that are due, at most ``limit``.

    Safe to run side by side: each mail is reserved before it is sent. A crash
    between sending and noting it sends the same mail again, with the same
    Message-ID and the same link.
    """
    total = Delivered()
    while total.handled < limit:
        now = site.now()
        with site.database.writing() as tx:
            parcels = tx.outbox.claim(now, now + _LEASE, min(_BATCH, limit - total.handled))
        if not parcels:
            break
        for parcel in parcels:
            total = total + _handle(site, mailer, parcel)
    return total


def _handle(site: Site, mailer: Mailer, parcel: Parcel) -> Delivered:
    try:
        if parcel.kind in REQUESTS:
            # Resolving queues the mails that the request leads to, if any.
            with site.database.writing() as tx:
                REQUESTS[parcel.kind](site, tx, parcel)
                tx.outbox.sent(parcel.id, site.now())
            return Delivered(resolved=1)
        mailer.send(compose(site, parcel))
    except Exception as error:  # noqa: BLE001 - whatever the server answers, go on
        log.warning("mail %s not sent: %s", parcel.id, error)
        last = parcel.attempts > len(RETRY_AFTER)
        retry_at = None if last else site.now() + RETRY_AFTER[parcel.attempts - 1]
        with site.database.writing() as tx:
            tx.outbox.failed(parcel.id, f"{type(error).__name__}: {error}"[:500], retry_at)
        return Delivered(failed=1) if last else Delivered(retried=1)
    with site.database.writing() as tx:
        tx.outbox.sent(parcel.id, site.now())
    return Delivered(sent=1)


def compose(site: Site, parcel: Parcel) -> EmailMessage:
    """The message of a parcel. Its link starts with the configured address, never a Host header."""
    template = site.catalogue.mails[parcel.kind]
    context = dict(parcel.context)
    for key in ("until", "at"):
        if key in context:
            context[key] = show_instant(datetime.fromisoformat(context[key]), site.academie.zone)
    settings = site.settings
    context |= {
        "site": settings.site_name,
        "academie": settings.academie.full_name,
        "hotline": settings.hotline.phone,
        "home": settings.base_url,
    }
    if parcel.token_id is not None:
        secret = link_secret(settings.secret_key, parcel.token_id)
        path = template.link_path.format(secret=secret)
        context["link"] = settings.base_url.rstrip("/") + path
    message = EmailMessage(policy=SMTP)
    name, sender = parseaddr(settings.mail.sender)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=parcel.to_address)
    message["Subject"] = template.subject().format_map(context)
    message["Date"] = format_datetime(parcel.created_at)
    message["Message-ID"] = f"<{parcel.id}@{urlsplit(settings.base_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(template.body().format_map(context))
    return message
