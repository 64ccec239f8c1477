"""What people type for an e-mail address, as every mail server takes it."""

from __future__ import annotations

import unicodedata
from typing import Final

from email_validator import EmailNotValidError, validate_email

from teleservices_core.errors import RefusedError

_SHORTEST_TOP: Final = 2
"""Letters: "exemple.f" was meant to be "exemple.fr"."""


def mail_address(text: str) -> str:
    """An address as stored: in lower case, its domain in ASCII (IDNA 2008).

    Raises :exc:`RefusedError` ``bad_email``, whose ``why`` is ``apostrophe``
    (a curved one; ``instead`` is the address with a straight one), ``accent``
    (``character`` stands before the @, where few servers take it) or ``form``.
    """
    typed = _tidy(text)
    try:
        found = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError:
        raise _refusal(typed) from None
    if len(str(found.ascii_domain).rpartition(".")[2]) < _SHORTEST_TOP:
        raise _refusal(typed)
    return str(found.ascii_email).lower()


def _tidy(text: str) -> str:
    # Full-width letters as usual ones; nothing that nobody sees, as a copied line brings it.
    usual = unicodedata.normalize("NFKC", text)
    return "".join(char for char in usual if unicodedata.category(char) != "Cf").strip()


def _refusal(typed: str) -> RefusedError:
    local, at, domain = typed.rpartition("@")
    if at and "’" in local:
        return RefusedError("bad_email", why="apostrophe", instead=typed.replace("’", "'"))
    strange = next((char for char in local if not char.isascii() and char.isprintable()), None)
    if strange is not None and domain:
        return RefusedError("bad_email", why="accent", character=strange)
    return RefusedError("bad_email", why="form")
