"""Mail through a real SMTP server."""

from __future__ import annotations

import warnings

import pytest
from attrs import evolve

from teleservices_core.mailers import SmtpMailer
from teleservices_core.settings import MailSettings
from teleservices_core.testing.smtp import smtp_server


@pytest.fixture
def inbox():
    """A local SMTP server that keeps what it receives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from aiosmtpd.handlers import Message

    class Keep(Message):
        def __init__(self):
            super().__init__()
            self.received = []

        def handle_message(self, message):
            self.received.append(message)

    keep = Keep()
    with smtp_server(keep) as port:
        yield keep, port


def test_delivery(inbox):
    """A message in French arrives whole."""
    from email.message import EmailMessage
    from email.policy import SMTP

    keep, port = inbox
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "Téléservices <no-reply@example.org>", "a@example.org"
    message["Subject"] = "Confirmez votre adresse électronique"
    message.set_content("Bonjour Zoé,\nà bientôt")
    SmtpMailer(evolve(MailSettings(), host="127.0.0.1", port=port)).send(message)
    assert "Bonjour Zoé" in keep.received[0].get_payload(decode=True).decode()


def test_what_a_server_says_last_changes_nothing(inbox):
    """A mail that was taken is not sent again for a server that ends rudely."""
    from email.message import EmailMessage

    keep, port = inbox

    async def handle_quit(_server, _session, _envelope):
        return "421 overloaded"

    keep.handle_QUIT = handle_quit
    message = EmailMessage()
    message["From"], message["To"] = "no-reply@example.org", "a@example.org"
    SmtpMailer(evolve(MailSettings(), host="127.0.0.1", port=port)).send(message)
    assert len(keep.received) == 1
