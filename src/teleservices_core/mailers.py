"""How mail leaves: SMTP, a folder of files, or nowhere."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from attrs import frozen

from teleservices_core.files import private_folder, write_private
from teleservices_core.ports import Mailer
from teleservices_core.settings import MailSettings

_TIMEOUT = 20
_FAREWELL = 2
"""Seconds: a worker that is told to end does not wait twice for a server that is silent."""


@frozen
class SmtpMailer:
    """Sends through an SMTP server, one connection for each message."""

    settings: MailSettings

    def send(self, message: EmailMessage) -> None:
        """See :class:`teleservices_core.ports.Mailer`."""
        settings = self.settings
        server = smtplib.SMTP(settings.host, settings.port, timeout=_TIMEOUT)
        try:
            if settings.starttls:
                server.starttls()
            if settings.user:
                server.login(settings.user, settings.password)
            server.send_message(message, from_addr=settings.bounces_to or None)
        finally:
            # Taken or refused by now, whatever the server says to QUIT.
            with suppress(OSError):
                if server.sock is not None:
                    server.sock.settimeout(_FAREWELL)
                server.quit()
            server.close()


@frozen
class FolderMailer:
    """Writes each message to a file of a folder, for demonstrations and tests."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """See :class:`teleservices_core.ports.Mailer`."""
        private_folder(self.folder)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        write_private(self.folder / f"{name}.eml", message.as_bytes())

    def messages(self) -> list[EmailMessage]:
        """The messages of the folder, the newest first."""
        files = sorted(self.folder.glob("*.eml"), reverse=True)
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


def make_mailer(settings: MailSettings) -> Mailer:
    """The mailer that the settings ask for."""
    return FolderMailer(settings.folder) if settings.folder else SmtpMailer(settings)
