"""Deliver the outbox. Run by the worker, never by a page."""

from __future__ import annotations

import logging
import re
import smtplib
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from operator import add
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from attrs import astuple, frozen

from teleservices_core.contributions import MailTemplate
from teleservices_core.errors import RefusedError, UnavailableError
from teleservices_core.failures import brief
from teleservices_core.hashing import link_secret, stop_secret
from teleservices_core.help_entries import figures
from teleservices_core.i18n import show_day, show_instant
from teleservices_core.mail_addresses import mail_address
from teleservices_core.mails import NEED_HELP
from teleservices_core.ports import Mailer
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.recovery import REQUESTS
from teleservices_core.usecases.site import Site

log = logging.getLogger(__name__)


@frozen
class Schedule:
    """How patient the worker is."""

    waits: tuple[timedelta, ...] = tuple(
        timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 24 * 60)
    )
    """Between tries of a mail; after the last, it is given up."""
    lease: timedelta = timedelta(minutes=10)
    """How long mails stay reserved: after it, another worker takes over a dead one's."""
    margin: timedelta = timedelta(minutes=1)
    """The least that must be left of a link's life when its mail leaves."""
    batch: int = 100
    """Mails reserved at once."""


PATIENT: Final = Schedule()


@frozen
class Delivered:
    """How a run of the worker went."""

    sent: int = 0
    retried: int = 0
    failed: int = 0
    dropped: int = 0
    """Mails whose link had died before they left."""
    resolved: int = 0
    """Requests that led to mails, or to none."""

    @property
    def handled(self) -> int:
        """All of them."""
        return self.sent + self.retried + self.failed + self.dropped + self.resolved

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(*map(add, astuple(self), astuple(other)))


def deliver(
    site: Site,
    mailer: Mailer,
    *,
    limit: int = 1_000,
    schedule: Schedule = PATIENT,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Send the mails that are due, at most ``limit``; stop between two when told to.

    Safe to run side by side: each mail is reserved before it is sent. A crash
    between sending and noting it sends that one mail again, with the same
    Message-ID and the same link.
    """
    total = Delivered()
    while total.handled < limit and not is_stopping():
        now = site.now()
        with site.database.writing() as tx:
            wanted = min(schedule.batch, limit - total.handled)
            parcels = tx.outbox.claim(now, now + schedule.lease, wanted)
        if not parcels:
            break
        # No try begins late in the lease: it must end before another worker's may begin.
        deadline = now + schedule.lease / 2
        for place, parcel in enumerate(parcels):
            if is_stopping() or site.now() > deadline:
                with site.database.writing() as tx:
                    tx.outbox.release([each.id for each in parcels[place:]])
                break
            total = total + _handle(site, mailer, parcel, schedule)
    return total


def _handle(site: Site, mailer: Mailer, parcel: Parcel, schedule: Schedule) -> Delivered:
    try:
        if parcel.kind in REQUESTS:
            return _resolve(site, parcel)
        reason = _refusal(site, parcel, schedule)
        if reason is not None:
            with site.database.writing() as tx:
                tx.outbox.dropped(parcel.id, site.now(), reason)
            return Delivered(dropped=1)
        mailer.send(compose(site, parcel))
    except UnavailableError:
        # Not the mail's fault: it is taken up again once its lease is over.
        raise
    except Exception as error:  # noqa: BLE001 - whatever the server answers, go on
        return _note_failure(site, parcel, error, schedule)
    with site.database.writing() as tx:
        tx.outbox.sent(parcel.id, site.now())
    return Delivered(sent=1)


def _resolve(site: Site, parcel: Parcel) -> Delivered:
    # Resolving queues the mails that the request leads to, if any: once.
    with site.database.writing() as tx:
        if not tx.outbox.sent(parcel.id, site.now()):
            return Delivered()
        REQUESTS[parcel.kind](site, tx, parcel)
    return Delivered(resolved=1)


def _refusal(site: Site, parcel: Parcel, schedule: Schedule) -> str | None:
    """Why the parcel's link will open nothing, or None if it will, or there is none."""
    if parcel.token_id is None:
        return None
    with site.database.reading() as tx:
        found = tx.tokens.get(parcel.token_id)
    if found is None:
        return "link_unknown"
    token, epoch = found
    return token.refusal(site.now() + schedule.margin, epoch)


def _note_failure(site: Site, parcel: Parcel, error: Exception, schedule: Schedule) -> Delivered:
    log.warning("mail %s not sent: %s", parcel.id, type(error).__name__)
    now, said = site.now(), _describe(error)[:500]
    is_over = _is_permanent(error) or parcel.attempts >= len(schedule.waits)
    with site.database.writing() as tx:
        if is_over:
            tx.outbox.failed(parcel.id, now, said)
        else:
            tx.outbox.retry(parcel.id, said, now + schedule.waits[parcel.attempts])
    return Delivered(failed=1) if is_over else Delivered(retried=1)


_OURS: Final = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPSenderRefused,
)
"""Refusals of this site, not of one mail: whoever runs it will mend them."""


def _is_permanent(error: Exception) -> bool:
    """Whether the server will never take this mail, for its recipient or its content."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500 and not isinstance(error, _OURS)
    return False


def _describe(error: Exception) -> str:
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, text), *_others) = error.recipients.values()
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        return brief(error)
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    # Servers repeat the address, which is erased without this.
    enhanced = _ENHANCED.match(said)
    return f"{code} {enhanced[0]}" if enhanced else str(code)


_ENHANCED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
"""A server's code for programs (RFC 3463)."""


_LONG_LINES: Final = SMTP.clone(max_line_length=990)
"""Else a header that holds one long address is cut and encoded, and no program finds it."""


def compose(site: Site, parcel: Parcel) -> EmailMessage:
    """The message of a parcel. Its link starts with the configured address, never a Host header."""
    template = site.catalogue.mails[parcel.kind]
    context = dict(parcel.context)
    for key in ("until", "at"):
        if key in context:
            context[key] = show_instant(datetime.fromisoformat(context[key]), site.academie.zone)
    if "on" in context:
        context["on"] = show_day(date.fromisoformat(context["on"]))
    settings = site.settings
    context |= {
        "site": settings.site_name,
        "academie": settings.academie.full_name,
        "hotline": figures(settings)["hotline"],
        "home": settings.base_url,
    }
    context |= _links(site, parcel, template)
    message = EmailMessage(policy=_LONG_LINES if "stop" in context else SMTP)
    name, sender = parseaddr(settings.mail.sender)
    message["From"] = Address(name, addr_spec=sender)
    message["To"] = Address(addr_spec=_writable(parcel.to_address))
    if settings.mail.reply_to:
        message["Reply-To"] = settings.mail.reply_to
    message["Subject"] = template.subject().format_map(context)
    message["Date"] = format_datetime(parcel.created_at)
    message["Message-ID"] = f"<{_message_id(site, parcel.id)}>"
    message["Auto-Submitted"] = "auto-generated"
    if "stop" in context:
        message["List-Unsubscribe"] = f"<{context['stop']}>"
    message.set_content((template.body() + NEED_HELP()).format_map(context))
    return message


def _writable(address: str) -> str:
    """The address in ASCII. Refused for good, as a server would (RFC 6531), where it has none."""
    if address.isascii():
        return address
    try:
        return mail_address(address)
    except RefusedError:
        refused = (553, b"5.6.7 the address has letters that no server takes")
        raise smtplib.SMTPRecipientsRefused({address: refused}) from None


def _links(site: Site, parcel: Parcel, template: MailTemplate) -> dict[str, str]:
    settings, links = site.settings, {}
    start = settings.base_url.rstrip("/")
    if parcel.token_id is not None or (template.link_path and "{secret}" not in template.link_path):
        secret = link_secret(settings.secret_key, parcel.token_id) if parcel.token_id else ""
        links["link"] = start + template.link_path.format(secret=secret)
    if template.stop_path and parcel.account_id is not None:
        whose = parcel.account_id, parcel.to_address
        secret = stop_secret(settings.secret_key, parcel.kind, *whose)
        links["stop"] = start + template.stop_path.format(account=whose[0], secret=secret)
    return links


def _message_id(site: Site, parcel_id: UUID) -> str:
    return f"{parcel_id}@{urlsplit(site.settings.base_url).hostname}"


def note_bounce(site: Site, message_ids: Iterable[str], reason: str) -> bool:
    """Note that a mail came back; False for none of ours, or one known to have failed."""
    parcel_ids = [found for each in message_ids if (found := _parcel_id(site, each)) is not None]
    with site.database.writing() as tx:
        noted = [tx.outbox.failed(parcel_id, site.now(), reason) for parcel_id in parcel_ids]
    return any(noted)


def _parcel_id(site: Site, message_id: str) -> UUID | None:
    try:
        parcel_id = UUID(message_id.partition("@")[0])
    except ValueError:
        return None
    return parcel_id if message_id == _message_id(site, parcel_id) else None
