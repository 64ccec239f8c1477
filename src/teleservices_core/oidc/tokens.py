"""The identity token: who signed it, for whom, when, and in answer to which request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from teleservices_core.failures import kind
from teleservices_core.settings import OidcSettings

ALGORITHMS: Final = ("RS256", "ES256")
"""Signatures that only the provider can make: no ``none``, no shared secret."""
_SKEW: Final = timedelta(minutes=1)
"""Between the provider's clock and ours."""
_FRESH: Final = timedelta(minutes=10)
"""A token is issued for the sign-in under way."""


class TokenRefusedError(Exception):
    """A token that proves nothing; says why, for the log."""


def read_id_token(
    token: str,
    keys: KeySet,
    settings: OidcSettings,
    *,
    nonce: str,
    now: datetime,
    access_token: str = "",
) -> Mapping[str, Any]:
    """The claims of an identity token (OpenID Connect Core, 3.1.3.7).

    Raises :exc:`TokenRefusedError` when anything of it is missing or wrong.
    """
    try:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": settings.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": settings.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": settings.client_id,
                "access_token": access_token,
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=int(_SKEW.total_seconds()))
    except (JoseError, ValueError, TypeError) as error:
        raise TokenRefusedError(kind(error)) from error
    if claims["iat"] < (now - _FRESH - _SKEW).timestamp():
        raise TokenRefusedError("issued before this sign-in began")
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
        raise TokenRefusedError("several audiences and no authorized party")
    return dict(claims)
