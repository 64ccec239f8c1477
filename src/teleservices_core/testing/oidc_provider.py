"""An OpenID Connect provider of one's own, for tests and examples. Never for real people.

Whoever comes chooses a persona; there is no password. Keys are made at start,
codes and sessions live in memory. The addresses, the parameters that are
checked and the order of things are those of a real provider.
"""

from __future__ import annotations

import html
import json
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from attrs import Factory, define, field, frozen
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

CODE_LIFE: Final = timedelta(minutes=1)
TOKEN_LIFE: Final = timedelta(minutes=5)
_COOKIE: Final = "mock-provider"

Forge = Callable[[dict[str, Any], dict[str, Any], Any], str]
"""Makes a token of a header, claims and the provider's key: to issue wrong ones on purpose."""


@frozen
class ProviderPersona:
    """Somebody to sign in as."""

    subject: str
    name: str
    claims: Mapping[str, Any] = Factory(dict)


@frozen
class _Grant:
    """What a code stands for."""

    persona: ProviderPersona
    redirect_uri: str
    challenge: str
    nonce: str
    until: datetime


def honest(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """The token that was asked for."""
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


@define
class OidcProvider:
    """A WSGI application at its issuer's address."""

    issuer: str
    personas: tuple[ProviderPersona, ...]
    redirect_uris: tuple[str, ...]
    client_id: str = "teleservices"
    client_secret: str = "a secret of nobody's"  # noqa: S105 - of a provider of no real site
    algorithm: str = "RS256"
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    forge: Forge = honest
    claims_in_token: bool = True
    """Otherwise at the userinfo address only."""
    key: Any = field(init=False)
    calls: list[str] = field(factory=list, init=False)
    """Paths asked for by applications, in order."""
    _codes: dict[str, _Grant] = field(factory=dict, init=False)
    _bearers: dict[str, ProviderPersona] = field(factory=dict, init=False)

    @key.default
    def _new_key(self) -> Any:
        if self.algorithm == "ES256":
            return ECKey.generate_key("P-256", auto_kid=True)
        return RSAKey.generate_key(2048, auto_kid=True)

    def change_key(self) -> None:
        """Sign with another key from now on, as real providers do without notice."""
        self.key = self._new_key()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request."""
        request = Request(environ)
        pages: Mapping[str, Callable[[Request], Response]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": self._jwks,
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": self._userinfo,
            "/end_session": self._end_session,
        }
        page = pages.get(request.path)
        self.calls.append(request.path)
        answer = page(request) if page else Response("no such page", 404)
        return answer(environ, start_response)

    def _discovery(self, _request: Request) -> Response:
        return _json(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/end_session",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [self.algorithm],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _jwks(self, _request: Request) -> Response:
        return _json({"keys": [self.key.as_dict(private=False, use="sig", alg=self.algorithm)]})

    def _authorize(self, request: Request) -> Response:
        asked = request.args
        if asked.get("client_id") != self.client_id:
            return Response("unknown client", 400)
        if asked.get("redirect_uri") not in self.redirect_uris:
            return Response("unknown redirect_uri", 400)
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return self._back(asked, error="invalid_request")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return self._back(asked, error="invalid_request")
        subject = request.form.get("subject") or request.cookies.get(_COOKIE)
        if request.form.get("subject") == "":
            return self._back(asked, error="access_denied")
        persona = next((each for each in self.personas if each.subject == subject), None)
        if persona is None:
            return Response(self._choice(), content_type="text/html; charset=utf-8")
        code = secrets.token_urlsafe(32)
        self._codes[code] = _Grant(
            persona,
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("nonce", ""),
            self.now() + CODE_LIFE,
        )
        answer = self._back(asked, code=code)
        answer.set_cookie(_COOKIE, persona.subject, httponly=True, samesite="Lax")
        return answer

    def _back(self, asked: Mapping[str, str], **answer: str) -> Response:
        parameters = {**answer, "state": asked.get("state", ""), "iss": self.issuer}
        return _go(f"{asked['redirect_uri']}?{urlencode(parameters)}")

    def _choice(self) -> str:
        choices = [(each.subject, each.name) for each in self.personas]
        buttons = "".join(
            f'<p><button name="subject" value="{html.escape(subject)}">{html.escape(name)}'
            "</button></p>"
            for subject, name in [*choices, ("", "Annuler")]
        )
        return (
            '<!doctype html><html lang="fr"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<title>Fournisseur d’essai</title>"
            "<h1>Fournisseur d’identité d’essai</h1><p>Qui êtes-vous ?</p>"
            f'<form method="post">{buttons}</form>'
        )

    def _token(self, request: Request) -> Response:
        form, client = request.form, request.authorization
        if client is None or (client.username, client.password) != (
            self.client_id,
            self.client_secret,
        ):
            return _json({"error": "invalid_client"}, 401)
        # Taken out at once: a code works a single time, even when the rest is wrong.
        grant = self._codes.pop(form.get("code", ""), None)
        if (
            form.get("grant_type") != "authorization_code"
            or grant is None
            or self.now() >= grant.until
            or form.get("redirect_uri") != grant.redirect_uri
            or _challenge(form.get("code_verifier", "")) != grant.challenge
        ):
            return _json({"error": "invalid_grant"}, 400)
        bearer = secrets.token_urlsafe(32)
        self._bearers[bearer] = grant.persona
        return _json(
            {
                "access_token": bearer,
                "token_type": "Bearer",
                "expires_in": int(TOKEN_LIFE.total_seconds()),
                "id_token": self._id_token(grant),
            }
        )

    def _id_token(self, grant: _Grant) -> str:
        at, persona = int(self.now().timestamp()), grant.persona
        more = {"name": persona.name, **persona.claims} if self.claims_in_token else {}
        claims = {
            "iss": self.issuer,
            "sub": persona.subject,
            "aud": self.client_id,
            "iat": at,
            "exp": at + int(TOKEN_LIFE.total_seconds()),
            "nonce": grant.nonce,
            **more,
        }
        return self.forge({"alg": self.algorithm, "kid": self.key.kid}, claims, self.key)

    def _userinfo(self, request: Request) -> Response:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        persona = self._bearers.get(bearer)
        if persona is None:
            return _json({"error": "invalid_token"}, 401)
        return _json({"sub": persona.subject, "name": persona.name, **persona.claims})

    def _end_session(self, request: Request) -> Response:
        there = request.args.get("post_logout_redirect_uri", "")
        hosts = {urlsplit(each).netloc for each in self.redirect_uris}
        known = urlsplit(there).netloc in hosts
        answer = _go(there) if known else Response("signed out", content_type="text/plain")
        answer.delete_cookie(_COOKIE)
        return answer


def _json(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data), status, content_type="application/json")


def _go(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def running_provider(
    personas: Iterable[ProviderPersona], redirect_uris: Iterable[str], **options: Any
) -> Iterator[OidcProvider]:
    """A provider on a free port of this machine, until the end of the block."""
    server = make_server("127.0.0.1", 0, lambda _e, _s: [], threaded=True, request_handler=_Quiet)
    provider = OidcProvider(
        f"http://127.0.0.1:{server.port}", tuple(personas), tuple(redirect_uris), **options
    )
    server.app = provider
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
