"""A sign-in under way, kept nowhere: its state speaks for itself.

The state that goes to the provider and comes back is signed together with the
visit cookie of the browser. What the provider must repeat (the nonce) and what
only we can tell it (the PKCE verifier) are derived from both and the site's
key: who sees the state in an address learns neither.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from attrs import frozen

from teleservices_core.hashing import digest, keyed, new_secret
from teleservices_core.usecases.site import Site

LIFE: Final = timedelta(minutes=10)
"""Between our page and the return from the provider's."""


@frozen
class SignInRequest:
    """What the provider is asked, and must answer to."""

    state: str
    nonce: str
    verifier: str


def new_request(site: Site, visit: str) -> SignInRequest:
    """Begin a sign-in in the browser that has a visit cookie."""
    stamp = f"{int(site.now().timestamp()):x}.{new_secret()}"
    return _request(site, visit, f"{stamp}.{_mac(site, visit, stamp)}")


def take_request(site: Site, visit: str, state: str) -> SignInRequest | None:
    """The sign-in that a state belongs to; None if it is another browser's, late, or taken."""
    now = site.now()
    stamp, _, mac = state.rpartition(".")
    if not compare_digest(mac.encode(), _mac(site, visit, stamp).encode()):
        return None
    if now - _begun(stamp, now) > LIFE:
        return None
    with site.database.writing() as tx:
        if tx.throttles.count(digest(f"oidc\0{state}"), now, now - LIFE) != 1:
            return None
    return _request(site, visit, state)


def _mac(site: Site, visit: str, stamp: str) -> str:
    return keyed(site.settings.secret_key, "oidc-state", f"{visit}\0{stamp}")


def _begun(stamp: str, now: datetime) -> datetime:
    return datetime.fromtimestamp(int(stamp.partition(".")[0], 16), now.tzinfo)


def _request(site: Site, visit: str, state: str) -> SignInRequest:
    key, bound = site.settings.secret_key, f"{visit}\0{state}"
    return SignInRequest(
        state=state,
        nonce=keyed(key, "oidc-nonce", bound),
        verifier=keyed(key, "oidc-verifier", bound),
    )
