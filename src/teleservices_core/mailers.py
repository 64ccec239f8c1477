"""How mail leaves: SMTP, a folder of files, or nowhere."""

from __future__ import annotations

import smtplib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from attrs import frozen

from teleservices_core.ports import Mailer
from teleservices_core.settings import MailSettings

_TIMEOUT = 20


@frozen
class SmtpMailer:
    """Sends through an SMTP server, one connection for each message."""

    settings: MailSettings

    def send(self, message: EmailMessage) -> None:
        """See :class:`teleservices_core.ports.Mailer`."""
        with smtplib.SMTP(self.settings.host, self.settings.port, timeout=_TIMEOUT) as server:
            if self.settings.starttls:
                server.starttls()
            if self.settings.user:
                server.login(self.settings.user, self.settings.password)
            server.send_message(message)


@frozen
class FolderMailer:
    """Writes each message to a file of a folder, for demonstrations and tests."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """See :class:`teleservices_core.ports.Mailer`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        (self.folder / f"{name}.eml").write_bytes(message.as_bytes())

    def messages(self) -> list[EmailMessage]:
        """The messages of the folder, the newest first."""
        files = sorted(self.folder.glob("*.eml"), reverse=True)
        return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


def make_mailer(settings: MailSettings) -> Mailer:
    """The mailer that the settings ask for."""
    return FolderMailer(settings.folder) if settings.folder else SmtpMailer(settings)
