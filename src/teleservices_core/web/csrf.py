"""Forms come from our own pages, or they are refused."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from werkzeug import Request

from teleservices_core.hashing import keyed
from teleservices_core.settings import Settings

FIELD: Final = "csrf_token"


def token(settings: Settings, browser_id: str) -> str:
    """What every form of a browser carries: bound to its session or visit cookie."""
    return keyed(settings.secret_key, "csrf", browser_id)


def is_ours(settings: Settings, request: Request, browser_id: str | None) -> bool:
    """Whether a state-changing request comes from one of our pages.

    The browser's own word must agree with the form's token. Raises werkzeug's
    :exc:`RequestEntityTooLarge` for a form that is too long, whoever sends it.
    """
    sent = request.form.get(FIELD, "")
    if browser_id is None or not is_from_here(settings, request):
        return False
    # As bytes: compare_digest refuses text that is not ASCII.
    return compare_digest(sent.encode(), token(settings, browser_id).encode())


def is_from_here(settings: Settings, request: Request) -> bool:
    """The browser's own word: Sec-Fetch-Site where it is sent, else the Origin.

    That one may be the configured one or the one addressed.
    """
    fetch_site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    return origin in {None, settings.origin} or _host(str(origin)) == request.host


def _host(origin: str) -> str:
    # Not urlsplit, which raises on ``http://[``.
    return origin.partition("://")[2]
