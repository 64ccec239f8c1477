"""What the outside brings: time, mail and slow hashes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
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
    """Slow, salted hashes of secrets that people type, behind a short queue."""

    def turn(self) -> AbstractContextManager[None]:
        """Wait for a core and hold it. Raises :exc:`BusyError` when none comes free in time."""
        ...

    def hash_password(self, password: str) -> str:
        """Hash a chosen password, in a turn of its own. Raises :exc:`BusyError`."""
        ...

    def hash_letter(self, code: str) -> str:
        """Hash a letter's random code: cheaper, since 59 random bits are not guessed.

        Waits as long as it takes, since a whole school's letters are one work.
        """
        ...

    def check(
        self, secret: str, *, password_hash: str | None, letter_hashes: Sequence[str] = ()
    ) -> Check:
        """Compare with a password's hash and two letters' at most.

        The work is the same when some are missing. Called by
        :mod:`teleservices_core.usecases.throttling` only, which holds a turn and counts first.
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
