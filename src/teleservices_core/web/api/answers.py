"""Answers in JSON: how they are written, cached, shared with other origins, and refused."""

from __future__ import annotations

import json
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from cattrs import Converter
from werkzeug import Request, Response

from teleservices_core.domain.values import Uai
from teleservices_core.i18n import _
from teleservices_core.settings import Settings
from teleservices_core.web.api.values import ApiProblem
from teleservices_core.web.responses import Json

PREFIX: Final = "/api/"
"""Everything under it is answered in JSON, errors too."""
_converter = Converter()
_converter.register_unstructure_hook(datetime, datetime.isoformat)
_converter.register_unstructure_hook(UUID, str)
_converter.register_unstructure_hook(Uai, str)


def is_api(request: Request) -> bool:
    """Whether a request wants JSON."""
    return request.path.startswith(PREFIX)


def json_response(answer: Json, request: Request) -> Response:
    """Write a value. What is the same for all has an ETag, and may be answered by 304."""
    body = json.dumps(_converter.unstructure(answer.value), ensure_ascii=False).encode()
    response = Response(body, content_type="application/json")
    if answer.is_public:
        response.set_etag(sha256(body).hexdigest()[:32])
        response.make_conditional(request)
    return response


def problem(
    status: int, title: str, detail: str = "", *, incident: str = "", sign_in: str = ""
) -> Response:
    """An error, as RFC 9457 writes it."""
    said: Any = ApiProblem(title, status, detail, incident=incident, sign_in=sign_in)
    body = json.dumps(_converter.unstructure(said), ensure_ascii=False).encode()
    return Response(body, status, content_type="application/problem+json")


def not_signed_in(sign_in: str) -> Response:
    """No session, or one whose first login is not over."""
    said = _("Connectez-vous, et terminez votre première connexion si elle ne l’est pas.")
    response = problem(401, _("Personne n’est connecté"), said, sign_in=sign_in)
    response.headers["WWW-Authenticate"] = "Cookie"
    return response


def share(response: Response, request: Request, settings: Settings, *, is_public: bool) -> None:
    """Say who may keep an answer, and which other origins may read it."""
    headers = response.headers
    if is_public:
        # Kept, but asked for again each time: a campaign opens to the second.
        headers["Cache-Control"] = "public, no-cache"
        response.vary.clear()
    if not settings.api_origins:
        return
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in settings.api_origins:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Allow-Credentials"] = "true"
