"""Argon2id for what people type; digests for what machines draw."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import argon2
from attrs import Factory, field, frozen

from teleservices_core.domain.credentials import normalize_password, read_letter_code
from teleservices_core.ports import Check
from teleservices_core.queues import ShortQueue

PASSWORD_PROFILE: Final = {"time_cost": 2, "memory_cost": 19_456, "parallelism": 1}
"""OWASP's floor: 22 ms here."""
LETTER_PROFILE: Final = {"time_cost": 1, "memory_cost": 7_168, "parallelism": 1}
"""A letter's code has 59 random bits and lives three months; 3 ms each is plenty."""
LETTERS_TRIED: Final = 2
"""At each check: the latest and the one it replaced, or decoys."""
CHEAPEST_PROFILE: Final = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
"""For tests only."""


def _hasher(profile: dict[str, Any]) -> argon2.PasswordHasher:
    return argon2.PasswordHasher(**profile)


@frozen
class Argon2Hasher:
    """See :class:`teleservices_core.ports.PasswordHasher`.

    One hash for each core at a time, and a short ``queue``, so that a flood of
    sign-ins cannot take every core, thread and all the memory.
    """

    passwords: argon2.PasswordHasher = Factory(lambda: _hasher(PASSWORD_PROFILE))
    letters: argon2.PasswordHasher = Factory(lambda: _hasher(LETTER_PROFILE))
    queue: ShortQueue = Factory(ShortQueue)
    _decoys: tuple[str, str] = field(init=False, repr=False)

    @_decoys.default
    def _make_decoys(self) -> tuple[str, str]:
        nobody = secrets.token_urlsafe(16)
        return self.passwords.hash(nobody), self.letters.hash(nobody)

    @classmethod
    def cheapest(cls) -> Argon2Hasher:
        """For tests only: as fast as argon2 goes, and nobody is turned away."""
        queue = ShortQueue(waiting=1000, patience=60)
        return cls(_hasher(CHEAPEST_PROFILE), _hasher(CHEAPEST_PROFILE), queue)

    def turn(self) -> AbstractContextManager[None]:
        """See the port."""
        return self.queue.turn()

    def hash_password(self, password: str) -> str:
        """See the port."""
        with self.turn():
            return self.passwords.hash(normalize_password(password))

    def hash_letter(self, code: str) -> str:
        """See the port."""
        with self.queue.patient_turn():
            return self.letters.hash(code)

    def check(
        self, secret: str, *, password_hash: str | None, letter_hashes: Sequence[str] = ()
    ) -> Check:
        """See the port."""
        password = self._matches(
            self.passwords, password_hash or self._decoys[0], normalize_password(secret)
        )
        code = read_letter_code(secret)
        tried = [*letter_hashes, *[self._decoys[1]] * LETTERS_TRIED][:LETTERS_TRIED]
        matched = [hash_ for hash_ in tried if self._matches(self.letters, hash_, code)]
        known = password and password_hash is not None
        return Check(
            password=known,
            letter=next((hash_ for hash_ in matched if hash_ in letter_hashes), None),
            rehash=known and self.passwords.check_needs_rehash(password_hash or ""),
        )

    def _matches(self, hasher: argon2.PasswordHasher, digest: str, secret: str) -> bool:
        try:
            return hasher.verify(digest, secret)
        except argon2.exceptions.VerificationError:
            return False


def digest(secret: str) -> str:
    """SHA-256 of a random secret, as stored: enough where nothing can be guessed."""
    return sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """256 random bits for a cookie."""
    return secrets.token_urlsafe(32)


def keyed(key: str, purpose: str, message: str | bytes) -> str:
    """HMAC-SHA256 under the site's key, for one purpose, in URL-safe text."""
    data = message.encode() if isinstance(message, str) else message
    mac = hmac.digest(key.encode(), purpose.encode() + b"\0" + data, "sha256")
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def stop_secret(key: str, kind: str, account_id: UUID, address: str) -> str:
    """The secret of the link by which an address wants no more mails of a kind.

    It does not expire, and is good for that account only as long as its address
    is that one.
    """
    return keyed(key, f"stop {kind}", account_id.bytes + address.encode())


def link_secret(key: str, token_id: UUID) -> str:
    """The secret of a mailed link, made from its row's id.

    The database holds only a digest of it, and the outbox only the id: a
    stolen copy of either opens nothing without the key.
    """
    return keyed(key, "link", token_id.bytes)
