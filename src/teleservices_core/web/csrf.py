"""Forms come from our own pages, or they are refused."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from werkzeug import Request

from teleservices_core.hashing import keyed
from teleservices_core.settings import Settings

FIELD: Final = "csrf_token"


def token(settings: Settings, browser_id: str) -> str:
    """What every form of a browser carries: bound to its session or visit cookie."""
    return keyed(settings.secret_key, "csrf", browser_id)


def is_ours(settings: Settings, request: Request, browser_id: str | None) -> bool:
    """Whether a state-changing request comes from one of our pages.

    The browser's own word (Sec-Fetch-Site, Origin) and the form's token must
    all agree; the Origin may be the configured one or the one addressed.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is not None and origin != settings.origin and urlsplit(origin).netloc != request.host:
        return False
    if browser_id is None:
        return False
    return compare_digest(request.form.get(FIELD, ""), token(settings, browser_id))
