"""The outbox and its worker: what is sent, tried again, given up or dropped."""

from __future__ import annotations

import smtplib
from datetime import timedelta

import pytest
from attrs import evolve
from sqlalchemy import select

from teleservices_core.contributions import MailTemplate
from teleservices_core.domain.accounts import Audience, TokenPurpose
from teleservices_core.hashing import stop_secret
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import World
from teleservices_core.usecases import mailing
from teleservices_core.usecases.links import send_link, send_mail
from teleservices_core.usecases.mailing import PATIENT, Delivered, deliver
from teleservices_core.usecases.recovery import ask_reset

ADDRESS = "anne@example.org"


class Keeping:
    """A mailer that keeps what it is given, or raises what it is told to."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.sent = []

    def send(self, message):
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(message)


@pytest.fixture
def mother(services):
    return World(services).account(an_adult(), Audience.GUARDIAN, email=ADDRESS)


def queue_link(services, account, purpose=TokenPurpose.RESET_PASSWORD, days=7):
    with services.site.database.writing() as tx:
        send_link(services.site, tx, account, purpose, ADDRESS, timedelta(days=days))


def queue_mails(services, number=1):
    with services.site.database.writing() as tx:
        for _n in range(number):
            send_mail(services.site, tx, "core.password_changed", ADDRESS, name="Anne")


def outbox(services):
    with services.engine.connect() as connection:
        return connection.execute(select(t.outbox).order_by(t.outbox.c.id)).all()


def use_it(services, account, token):
    with services.site.database.writing() as tx:
        tx.tokens.use(token.id, services.site.now())


def replace_it(services, account, token):
    queue_link(services, account)


def raise_the_epoch(services, account, token):
    with services.site.database.writing() as tx:
        tx.accounts.replace(account, evolve(account, epoch=account.epoch + 1))


def let_it_expire(services, account, token):
    services.site.clock.advance(days=7)


@pytest.mark.parametrize(
    ("kill", "reason"),
    [
        (use_it, "link_used"),
        (replace_it, "link_expired"),
        (raise_the_epoch, "link_expired"),
        (let_it_expire, "link_expired"),
    ],
)
def test_a_dead_link_is_never_sent(services, mother, kill, reason):
    """Used, replaced, outdated by a change, or expired: the mail is dropped, and it is noted."""
    queue_link(services, mother)
    with services.site.database.reading() as tx:
        token = tx.tokens.latest(mother.id, TokenPurpose.RESET_PASSWORD)
    kill(services, mother, token)
    mailer = Keeping()
    done = deliver(services.site, mailer)
    assert done == Delivered(sent=len(mailer.sent), dropped=1)
    first = outbox(services)[0]
    assert first.dropped_at == services.site.now()
    assert first.last_error == reason
    assert first.account_id == mother.id
    assert deliver(services.site, mailer).handled == 0


def test_a_link_about_to_die_is_not_sent(services, mother, clock):
    """A mail that would arrive with a minute left is of no use."""
    queue_link(services, mother, days=1)
    clock.advance(timedelta(days=1) - PATIENT.margin)
    assert deliver(services.site, Keeping()).dropped == 1


def test_an_undoing_link_outlives_changes(services, mother):
    """It is sent because something has changed; a further change must not silence it."""
    queue_link(services, mother, TokenPurpose.UNDO_EMAIL)
    raise_the_epoch(services, mother, None)
    assert deliver(services.site, Keeping()).sent == 1


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"no such user")}),
        smtplib.SMTPDataError(554, b"refused by policy"),
        smtplib.SMTPResponseException(552, b"too large"),
    ],
)
def test_permanent_refusals_are_final(services, error):
    """What the server will never take is not tried again; its words are kept."""
    queue_mails(services)
    assert deliver(services.site, Keeping(error)) == Delivered(failed=1)
    (row,) = outbox(services)
    assert row.failed_at == services.site.now()
    assert row.last_error.startswith("55")
    services.site.clock.advance(days=2)
    assert deliver(services.site, Keeping()).handled == 0


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({ADDRESS: (451, b"try later")}),
        smtplib.SMTPDataError(452, b"insufficient storage"),
        smtplib.SMTPAuthenticationError(535, b"bad credentials"),
        smtplib.SMTPSenderRefused(550, b"who are you", "x@example.org"),
        smtplib.SMTPConnectError(554, b"no service"),
        ConnectionRefusedError("down"),
    ],
)
def test_what_may_pass_is_tried_again(services, error):
    """A passing refusal, or one of this site's own making, only delays the mail."""
    queue_mails(services)
    assert deliver(services.site, Keeping(error)) == Delivered(retried=1)
    services.site.clock.advance(PATIENT.waits[0])
    assert deliver(services.site, Keeping()) == Delivered(sent=1)


def test_a_dead_worker_is_taken_over(services, clock):
    """What it had reserved leaves after its lease; being taken over costs no try."""
    queue_mails(services, 3)
    for _death in range(20):
        with services.site.database.writing() as tx:
            assert len(tx.outbox.claim(clock.now(), clock.now() + PATIENT.lease, 10)) == 3
        assert deliver(services.site, Keeping()).handled == 0
        clock.advance(PATIENT.lease)
    refusing = Keeping(OSError("down"))
    assert deliver(services.site, refusing) == Delivered(sent=2, retried=1)


def test_stopping_between_two_mails(services):
    """The mail under way is finished, the others are given back at once."""
    queue_mails(services, 5)
    mailer = Keeping()
    done = deliver(services.site, mailer, is_stopping=lambda: len(mailer.sent) == 2)
    assert done == Delivered(sent=2)
    assert [row.claimed_until is None for row in outbox(services)].count(True) == 3
    assert deliver(services.site, mailer) == Delivered(sent=3)


def test_no_try_begins_late_in_a_lease(services, clock):
    """A slow server does not make two workers send the same mail."""
    queue_mails(services, 5)

    class Slow(Keeping):
        def send(self, message):
            super().send(message)
            clock.advance(PATIENT.lease / 4)

    claims = []
    slow = Slow()
    while deliver(services.site, slow, limit=5).handled:
        claims.append(clock.now())
    assert len(slow.sent) == 5
    assert len({each["Message-ID"] for each in slow.sent}) == 5


def test_a_request_is_resolved_once(services, mother):
    """Two workers with the same request: one link."""
    ask_reset(services.site, mother.login_name, source="x")
    now = services.site.now()
    with services.site.database.writing() as tx:
        (parcel,) = tx.outbox.claim(now, now, 1)
    assert deliver(services.site, Keeping()) == Delivered(resolved=1, sent=1)
    assert mailing._handle(services.site, Keeping(), parcel, PATIENT).handled == 0
    assert len(outbox(services)) == 2


def test_the_first_to_note_wins(services):
    """A mail is noted as sent once, and a late failure does not undo it."""
    queue_mails(services)
    now = services.site.now()
    (row,) = outbox(services)
    with services.site.database.writing() as tx:
        assert tx.outbox.sent(row.id, now)
        assert not tx.outbox.sent(row.id, now)
        tx.outbox.retry(row.id, "late", now)
        tx.outbox.dropped(row.id, now, "late")
    assert deliver(services.site, Keeping()).handled == 0


def test_a_mail_that_may_be_stopped_says_how(services, mother, monkeypatch):
    """In its text and in the header that mail programs make a button of; without a token."""
    template = MailTemplate(
        "core.password_changed",
        lambda: "Notes",
        lambda: "{link} {stop}",
        link_path="/notes/",
        stop_path="/stop/{account}/{secret}",
    )
    monkeypatch.setitem(services.site.catalogue.mails, template.kind, template)
    parcel = a_parcel(services, mother)
    message = mailing.compose(services.site, parcel)
    secret = stop_secret(services.site.settings.secret_key, parcel.kind, mother.id, ADDRESS)
    stop = f"http://localhost/stop/{mother.id}/{secret}"
    assert message["List-Unsubscribe"] == f"<{stop}>"
    assert message.get_content().startswith(f"http://localhost/notes/ {stop}")
    elsewhere = mailing.compose(services.site, evolve(parcel, to_address="other@example.org"))
    assert elsewhere["List-Unsubscribe"] not in {None, f"<{stop}>"}


def a_parcel(services, account):
    with services.site.database.writing() as tx:
        send_mail(services.site, tx, "core.password_changed", ADDRESS, account=account)
        return tx.outbox.of_account(account.id)[0]
