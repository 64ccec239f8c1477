"""Reports of non-delivery: what is believed of them, and what is not."""

from __future__ import annotations

import os
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from teleservices_core.commands.mail import mail
from teleservices_core.domain.accounts import Audience
from teleservices_core.exchange.bounces import Bounce, read_bounce, read_folder
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import World
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.mailing import compose, deliver, note_bounce

OURS = "0199c2f4-7a1b-7c3d-8e5f-0123456789ab@services.example"

POSTFIX = f"""\
Return-Path: <>
From: MAILER-DAEMON@mx.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: retours@services.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="A1B2"

This is a MIME-encapsulated message.

--A1B2
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<anne@example.org>: host mx.example.org said: 550 5.1.1 User unknown

--A1B2
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4Tabc
Arrival-Date: Tue, 24 Nov 2026 10:30:00 +0100 (CET)

Final-Recipient: rfc822; anne@example.org
Original-Recipient: rfc822;anne@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <anne@example.org>: Recipient address rejected:
    User unknown

--A1B2
Content-Description: Undelivered Message
Content-Type: message/rfc822

From: no-reply@services.example
To: anne@example.org
Subject: Confirmez
Message-ID: <{OURS}>

Bonjour
--A1B2--
"""
HEADERS_ONLY = POSTFIX.replace("message/rfc822", "text/rfc822-headers").replace("\nBonjour\n", "\n")
DELAYED = POSTFIX.replace("Action: failed", "Action: delayed").replace("5.1.1", "4.4.1")
EXPANDED = POSTFIX.replace("Action: failed", "action:  FAILED ")
REFERRED = (
    POSTFIX.replace("message/rfc822", "application/octet-stream")
    .replace("MIME-Version: 1.0", f"References: <other@x> <{OURS}>\nMIME-Version: 1.0")
    .replace("Message-ID: ", "X-Old-ID: ")
)
AUTO_REPLY = (
    f"From: anne@example.org\nIn-Reply-To: <{OURS}>\nSubject: Absente\n\nJe reviens lundi.\n"
)


@pytest.mark.parametrize("text", [POSTFIX, HEADERS_ONLY, EXPANDED, REFERRED])
def test_failures(text):
    """Whole mail or headers returned, or only a reference: the mail is known again."""
    bounce = read_bounce(text.encode())
    assert OURS in bounce.message_ids
    assert bounce.reason.startswith("5.1.1 smtp; 550 5.1.1")
    assert "User unknown" in bounce.reason
    assert "\n" not in bounce.reason


@pytest.mark.parametrize("text", [DELAYED, AUTO_REPLY, "", "bonjour", POSTFIX[:400]])
def test_what_is_no_failure(text):
    """A delay, an absence, or half a report changes nothing."""
    assert read_bounce(text.encode()) is None


def test_only_the_servers_word_counts():
    """A report forwarded inside another mail reports nothing."""
    wrapped = EmailMessage()
    wrapped["Subject"] = "Fwd"
    wrapped.set_content("Voir ci-joint")
    wrapped.add_attachment(POSTFIX.encode(), maintype="message", subtype="plain")
    assert read_bounce(wrapped.as_bytes()) is None
    nested = POSTFIX.replace("Content-Type: message/delivery-status", "Content-Type: text/plain")
    assert read_bounce(nested.encode()) is None


def deep(depth):
    """Multiparts inside multiparts."""
    head = "".join(
        f'Content-Type: multipart/report; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    return head.encode()


@given(
    st.one_of(
        st.binary(max_size=2000),
        st.builds(
            lambda text, cut, junk: text[:cut].encode() + junk + text[cut:].encode(),
            st.sampled_from([POSTFIX, HEADERS_ONLY, REFERRED]),
            st.integers(0, 1500),
            st.binary(max_size=60),
        ),
    )
)
@example(deep(2000))
@example(POSTFIX.replace("us-ascii", "no-such-charset").encode())
@example(POSTFIX.encode().replace(b"Action", b"A\xff\x00ction"))
@example(POSTFIX.replace("Status: 5.1.1", "Status: =?utf-8?q?=ff=fe?=").encode())
@example(b"Content-Type: multipart/report; boundary=\n\n--\n")
@example(b"Content-Type: message/delivery-status\n\n\x00")
def test_hostile_files_never_stop_the_reading(tmp_path_factory, data):
    """Whatever the file holds, it is read or set aside, and what follows is read."""
    folder = tmp_path_factory.mktemp("mail")
    (folder / "1.eml").write_bytes(data)
    (folder / "2.eml").write_text(POSTFIX)
    first, second = read_folder(folder)
    assert second.bounce.message_ids == (OURS,)
    if first.bounce:
        assert first.bounce.reason.isprintable()
        assert len(first.bounce.reason) <= 300


def test_folders(tmp_path):
    """A Maildir or a folder of .eml files; neither pipes nor folders are opened."""
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "b.eml").write_text(POSTFIX)
    (plain / "notes.txt").write_text(POSTFIX)
    (plain / "c.eml").mkdir()
    os.mkfifo(plain / "a.eml")
    assert [each.name for each in read_folder(plain)] == ["b.eml"]
    maildir = tmp_path / "Maildir"
    for box in ("new", "cur", "tmp"):
        (maildir / box).mkdir(parents=True)
        (maildir / box / f"{box}.host").write_text(POSTFIX)
    assert sorted(each.name for each in read_folder(maildir)) == ["cur.host", "new.host"]


def test_large_files_are_read_in_part(tmp_path):
    """A huge attachment costs no memory."""
    with (tmp_path / "big.eml").open("wb") as file:
        file.write(POSTFIX.encode())
        file.truncate(2**31)
    (only,) = read_folder(tmp_path)
    assert isinstance(only.bounce, Bounce)


@pytest.fixture
def parcel(services):
    """A mail about an account, sent."""
    account = World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")
    with services.site.database.writing() as tx:
        send_mail(
            services.site, tx, "core.password_changed", account.email, account=account, name="A"
        )
    deliver(services.site, services.mailer)
    with services.site.database.reading() as tx:
        (found,) = tx.outbox.of_account(account.id)
    return found


def test_the_mail_is_marked(services, parcel, tmp_path):
    """From the message as composed to the mark on the mail; reading again is safe."""
    message_id = compose(services.site, parcel)["Message-ID"].strip("<>")
    (tmp_path / "1.eml").write_text(POSTFIX.replace(OURS, message_id))
    (tmp_path / "2.eml").write_text(POSTFIX)
    (tmp_path / "3.eml").write_text(AUTO_REPLY)
    run = CliRunner()
    first = run.invoke(mail, ["bounces", str(tmp_path)], obj=lambda: services)
    assert first.output == "1 retours notés, 1 déjà connus ou étrangers, 1 autres messages\n"
    again = run.invoke(mail, ["bounces", str(tmp_path)], obj=lambda: services)
    assert again.output == "0 retours notés, 2 déjà connus ou étrangers, 1 autres messages\n"
    with services.engine.connect() as connection:
        (row,) = connection.execute(select(t.outbox))
    assert row.failed_at == services.site.now()
    assert row.last_error.startswith("5.1.1")


@pytest.mark.parametrize("change", ["@elsewhere.example", "@localhost.evil", ""])
def test_only_our_own_names(services, parcel, change):
    """The id must be ours entirely, host included."""
    assert not note_bounce(services.site, [f"{parcel.id}{change}"], "x")
    assert not note_bounce(services.site, ["@localhost", "x@localhost"], "x")
    assert note_bounce(services.site, ["junk", f"{parcel.id}@localhost"], "x")


def test_unreadable_files_are_counted(services, tmp_path, monkeypatch):
    """One line says that some could not be read."""

    def broken(_data):
        raise RecursionError

    monkeypatch.setattr("teleservices_core.exchange.bounces.read_bounce", broken)
    Path(tmp_path / "1.eml").write_text(POSTFIX)
    done = CliRunner().invoke(mail, ["bounces", str(tmp_path)], obj=lambda: services)
    assert done.exit_code == 0
    assert "1 fichiers illisibles" in done.output
