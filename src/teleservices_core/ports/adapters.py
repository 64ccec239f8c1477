"""What the outside brings: time, mail and slow hashes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from typing import Protocol

from attrs import frozen


class Clock(Protocol):
    """Tells the time; the only source of "now"."""

    def now(self) -> datetime:
        """The present instant, aware."""
        ...


class Mailer(Protocol):
    """Sends one message, or raises; called by the worker, never by a page."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over. Raises :exc:`OSError` or SMTP errors on failure."""
        ...


class PasswordHasher(Protocol):
    """Slow, salted hashes of secrets that people type."""

    def hash_password(self, password: str) -> str:
        """Hash a chosen password."""
        ...

    def hash_letter(self, code: str) -> str:
        """Hash a letter's random code: cheaper, since 59 random bits are not guessed."""
        ...

    def check(
        self, secret: str, *, password_hash: str | None, letter_hashes: Sequence[str] = ()
    ) -> Check:
        """Compare with a password's hash and two letters' at most.

        The work is the same when some are missing. Called by
        :mod:`teleservices_core.usecases.throttling` only, which counts first.
        """
        ...


@frozen
class Check:
    """Which of an account's secrets a typed one matched."""

    password: bool
    letter: str | None
    """The letter's hash that the secret matched."""
    rehash: bool = False
    """The password matched, with parameters older than today's."""
