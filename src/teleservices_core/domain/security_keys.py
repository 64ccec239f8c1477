"""Security keys (WebAuthn): what is kept of one, and for which site; pure."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from attrs import field, frozen

from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.errors import RefusedError

MOST_KEYS: Final = 10
"""Of one account."""
NAME_LENGTH: Final = 60
QUESTION_LIFE: Final = timedelta(minutes=5)
"""How long a browser may take to have a key answer."""
_PORTS: Final = {"https": 443, "http": 80}


@frozen
class RelyingParty:
    """The site, as keys know it: they answer to no other."""

    id: str
    """The host of its public address, without port."""
    origin: str
    """As browsers write it: scheme, host, and the port unless it is the scheme's own."""


@frozen
class SecurityKey:
    """A key, or a telephone or computer that stands for one; its secret never leaves it."""

    id: UUID
    account_id: UUID
    name: str
    """As its owner tells it from the others."""
    site_id: str
    """The :class:`RelyingParty` that it was made for: good for no other."""
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    """In COSE (RFC 9052)."""
    signatures: int
    """How many it has made, as it says itself; zero always for those that do not count."""
    added_at: datetime = field(converter=instant)
    used_at: datetime | None = field(default=None, converter=optional_instant)


def relying_party(base_url: str) -> RelyingParty | None:
    """What keys know a site by; None where browsers let no key answer.

    Without TLS they answer on this machine alone, and never to an IP address (WebAuthn,
    sections 5.1.3 and 13.4.9).
    """
    parts = urlsplit(base_url)
    try:
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        return None
    with suppress(ValueError):
        ip_address(host)
        return None
    is_here = host == "localhost" or host.endswith(".localhost")
    if not host or not (parts.scheme == "https" or is_here):
        return None
    shown = "" if port in {None, _PORTS.get(parts.scheme)} else f":{port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{shown}")


def name_of_key(typed: str, others: list[SecurityKey]) -> str:
    """The name of a new key. Raises :exc:`RefusedError` ``no_name`` or ``name_taken``."""
    name = " ".join(typed.split())[:NAME_LENGTH].strip()
    if not name:
        raise RefusedError("no_name")
    if name.casefold() in {other.name.casefold() for other in others}:
        raise RefusedError("name_taken")
    return name


def has_gone_on(signatures: int, before: int) -> bool:
    """Whether a key has counted on: if not, there are two of it (WebAuthn, section 6.1.1)."""
    return signatures > before or signatures == before == 0
