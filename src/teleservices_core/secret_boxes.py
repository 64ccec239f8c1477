"""What the database keeps of secrets that must be read again: sealed under the site's key.

A stolen copy of the database opens nothing without the key. A key that has been replaced
still opens what it sealed, as long as it stands in ``former_secret_keys``.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from teleservices_core.settings import Settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


def _box(key: str, purpose: str) -> Fernet:
    # Costs a tenth of a second to import, and few pages need it.
    from cryptography.fernet import Fernet

    derived = hmac.digest(key.encode(), b"box\0" + purpose.encode(), "sha256")
    return Fernet(urlsafe_b64encode(derived))


def put_in_box(settings: Settings, purpose: str, secret: str) -> str:
    """Seal a text for one purpose; what it is for and whose it is go into the purpose."""
    return lock(settings, purpose, secret.encode()).decode()


def take_out(settings: Settings, purpose: str, sealed: str) -> tuple[str, bool] | None:
    """The text, and whether a former key sealed it; None where no key of the site opens it."""
    found = unlock(settings, purpose, sealed.encode())
    return None if found is None else (found[0].decode(), found[1])


def lock(settings: Settings, purpose: str, content: bytes) -> bytes:
    """:func:`put_in_box` for a document."""
    return _box(settings.secret_key, purpose).encrypt(content)


def unlock(settings: Settings, purpose: str, sealed: bytes) -> tuple[bytes, bool] | None:
    """:func:`take_out` for a document."""
    from cryptography.fernet import InvalidToken

    for key in (settings.secret_key, *settings.former_secret_keys):
        try:
            content = _box(key, purpose).decrypt(sealed)
        except InvalidToken:
            continue
        return content, key != settings.secret_key
    return None
