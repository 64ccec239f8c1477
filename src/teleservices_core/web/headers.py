"""Security headers of every response."""

from __future__ import annotations

from typing import Final

from werkzeug import Response

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
"""No script at all: none is needed, none can be injected."""
WITH_SCRIPT: Final = f"{POLICY}; script-src 'self'; connect-src 'self'"
"""For the pages where a security key is asked: our files only, nothing written in the page."""


def protect(response: Response, *, cacheable: bool, runs_script: bool = False) -> None:
    """Set the headers that browsers obey."""
    headers = response.headers
    headers["Content-Security-Policy"] = WITH_SCRIPT if runs_script else POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    # Not "no-referrer": browsers would then hide the Origin of our own forms.
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if cacheable:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers["Cache-Control"] = "no-store"
        headers["Vary"] = "Cookie"
