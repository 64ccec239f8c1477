"""The provider, seen from here: its addresses, its keys, and the two calls that we make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import requests
from attrs import define, field, frozen
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests.adapters import HTTPAdapter

from teleservices_core.clock import SystemClock
from teleservices_core.oidc.state import SignInRequest
from teleservices_core.oidc.tokens import TokenRefusedError, read_id_token
from teleservices_core.ports import Clock
from teleservices_core.settings import OidcSettings

_KEPT: Final = timedelta(hours=1)
"""How long the provider's description and keys are believed."""
_KEYS_AGAIN: Final = timedelta(minutes=1)
"""Keys are fetched anew for a signature that the known ones do not explain, no oftener."""
_REST: Final = timedelta(seconds=30)
"""A provider that did not answer is not waited for again so soon: pages would pile up."""
_LARGEST: Final = 1_000_000


class ProviderError(Exception):
    """The provider does not answer, or answers nonsense; says what, for the log."""

    is_impersonal = True


@frozen
class Addresses:
    """What a provider says of itself."""

    authorize: str
    token: str
    keys: str
    userinfo: str = ""
    end_session: str = ""


class _OnlyTo(HTTPAdapter):
    """Lets requests out to some hosts only, and never waits for ever."""

    def __init__(self, hosts: frozenset[str], timeout: int) -> None:
        self._hosts = hosts
        self._timeout = timeout
        super().__init__()

    def send(
        self, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        """See :class:`requests.adapters.HTTPAdapter`."""
        host = urlsplit(str(request.url)).netloc
        if host not in self._hosts:
            raise requests.exceptions.InvalidURL(f"{host} is not the provider's")
        return super().send(request, *args, **{**options, "timeout": self._timeout})


@define
class Provider:
    """One provider, known from its issuer alone; safe to share between threads."""

    settings: OidcSettings
    clock: Clock = field(factory=SystemClock)
    _known: tuple[datetime, Addresses] | None = field(default=None, init=False)
    _keys: tuple[datetime, KeySet] | None = field(default=None, init=False)
    _silent_until: datetime | None = field(default=None, init=False)

    def authorization_url(self, request: SignInRequest, redirect_uri: str) -> str:
        """Where to send the browser. Raises :exc:`ProviderError`."""
        with self._session(redirect_uri) as session:
            url, _state = session.create_authorization_url(
                self.addresses().authorize,
                state=request.state,
                nonce=request.nonce,
                code_verifier=request.verifier,
            )
        return str(url)

    def claims(self, code: str, request: SignInRequest, redirect_uri: str) -> Mapping[str, Any]:
        """Exchange the code of a return for the claims of who signed in.

        Raises :exc:`ProviderError` or :exc:`.tokens.TokenRefusedError`.
        """
        with self._session(redirect_uri) as session:
            try:
                answer = session.fetch_token(
                    self.addresses().token,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=request.verifier,
                    redirect_uri=redirect_uri,
                    allow_redirects=False,
                )
            except AuthlibBaseError as error:
                raise TokenRefusedError(f"no token: {error.error}") from error
            except requests.RequestException as error:
                raise self._silent(error) from error
            except ValueError as error:
                raise ProviderError(f"no token: {error}") from error
            claims = self._verified(answer, request)
            if not self.settings.userinfo:
                return claims
            more = self._userinfo(session, answer)
        if more.get("sub") != claims["sub"]:
            raise TokenRefusedError("userinfo speaks of somebody else")
        return {**more, **claims}

    def _userinfo(self, session: Any, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        address, token = self.addresses().userinfo, answer.get("access_token")
        if not address or not isinstance(token, str):
            raise ProviderError("no userinfo address, or no token for it")
        return self._get(session, address, token=token)

    def _verified(self, answer: Mapping[str, Any], request: SignInRequest) -> Mapping[str, Any]:
        def read(keys: KeySet) -> Mapping[str, Any]:
            return read_id_token(
                str(answer.get("id_token", "")),
                keys,
                self.settings,
                nonce=request.nonce,
                now=self.clock.now(),
                access_token=str(answer.get("access_token", "")),
            )

        fetched_at, keys = self._key_set()
        try:
            return read(keys)
        except TokenRefusedError:
            if self.clock.now() - fetched_at < _KEYS_AGAIN:
                raise
        # Providers change keys without notice.
        self._keys = None
        return read(self._key_set()[1])

    def sign_out_url(self, back_to: str) -> str | None:
        """Where to sign out of the provider too, if it has such a place."""
        address = self.addresses().end_session
        if not address:
            return None
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back_to}
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"

    def addresses(self) -> Addresses:
        """What the provider says of itself, at most an hour old. Raises :exc:`ProviderError`."""
        now = self.clock.now()
        if self._known is not None and now - self._known[0] < _KEPT:
            return self._known[1]
        url = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        with self._session("") as session:
            found = self._get(session, url)
        if found.get("issuer") != self.settings.issuer:
            raise ProviderError(f"{url} speaks for {found.get('issuer')!r}")
        try:
            addresses = Addresses(
                authorize=found["authorization_endpoint"],
                token=found["token_endpoint"],
                keys=found["jwks_uri"],
                userinfo=found.get("userinfo_endpoint", ""),
                end_session=found.get("end_session_endpoint", ""),
            )
        except KeyError as error:
            raise ProviderError(f"{url} lacks {error}") from error
        self._known = (now, addresses)
        return addresses

    def _key_set(self) -> tuple[datetime, KeySet]:
        now = self.clock.now()
        if self._keys is not None and now - self._keys[0] < _KEPT:
            return self._keys
        with self._session("") as session:
            found = self._get(session, self.addresses().keys)
        try:
            keys = KeySet.import_key_set({"keys": found["keys"]})
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise ProviderError(f"keys that cannot be read: {error}") from error
        self._keys = (now, keys)
        return self._keys

    # -- calls ---------------------------------------------------------------------

    def _session(self, redirect_uri: str) -> Any:
        settings = self.settings
        session = OAuth2Session(
            settings.client_id,
            settings.client_secret or None,
            scope=settings.scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        own = urlsplit(settings.issuer).netloc
        adapter = _OnlyTo(frozenset({own, *settings.hosts}), settings.timeout_seconds)
        session.adapters.clear()
        session.mount(f"{urlsplit(settings.issuer).scheme}://", adapter)
        return session

    def _get(self, session: Any, url: str, *, token: str = "") -> Mapping[str, Any]:
        if self._silent_until is not None and self.clock.now() < self._silent_until:
            raise ProviderError("no answer a moment ago")
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        try:
            with session.request(
                "GET",
                url,
                withhold_token=True,
                headers=headers,
                allow_redirects=False,
                stream=True,
            ) as answer:
                if answer.status_code != 200:
                    raise ProviderError(f"{url} answers {answer.status_code}")
                body = answer.raw.read(_LARGEST + 1, decode_content=True)
            if len(body) > _LARGEST:
                raise ProviderError(f"{url} answers more than {_LARGEST} bytes")
        except (requests.RequestException, OSError) as error:
            raise self._silent(error) from error
        try:
            found = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ProviderError(f"{url} answers no JSON: {error}") from error
        if not isinstance(found, Mapping):
            raise ProviderError(f"{url} answers no JSON object")
        return found

    def _silent(self, error: Exception) -> ProviderError:
        self._silent_until = self.clock.now() + _REST
        return ProviderError(f"{type(error).__name__}: {error}")
