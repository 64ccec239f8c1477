"""Mail through a real SMTP server."""

from __future__ import annotations

import socket
import warnings

import pytest
from attrs import evolve

from teleservices_core.mailers import SmtpMailer
from teleservices_core.settings import MailSettings


@pytest.fixture
def inbox():
    """A local SMTP server that keeps what it receives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from aiosmtpd.controller import Controller
        from aiosmtpd.handlers import Message

    class Keep(Message):
        def handle_message(self, message):
            self.received.append(message)

    keep = Keep()
    keep.received = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(keep, hostname="127.0.0.1", port=port)
    controller.start()
    yield "127.0.0.1", port, keep.received
    controller.stop()


def test_delivery(inbox):
    """A message in French arrives whole."""
    from email.message import EmailMessage
    from email.policy import SMTP

    host, port, received = inbox
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = "Téléservices <no-reply@example.org>", "a@example.org"
    message["Subject"] = "Confirmez votre adresse électronique"
    message.set_content("Bonjour Zoé,\nà bientôt")
    SmtpMailer(evolve(MailSettings(), host=host, port=port)).send(message)
    assert "Bonjour Zoé" in received[0].get_payload(decode=True).decode()
