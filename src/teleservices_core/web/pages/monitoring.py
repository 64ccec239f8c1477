"""What programs that watch the site ask: is it alive, can it make pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final

from werkzeug import Response

from teleservices_core.contributions import Access, Route
from teleservices_core.errors import NotFoundError
from teleservices_core.ports.watching import Stored
from teleservices_core.usecases.watching import details, is_ready
from teleservices_core.web.context import Context


def alive(_context: Context) -> Response:
    """The process answers; nothing else is asked."""
    return Response("ok\n", content_type="text/plain; charset=utf-8")


def ready(context: Context) -> Response:
    """Pages can be made (200) or not (503); who has the token is told the details."""
    stored = context.site.watch.look()
    status = 200 if is_ready(stored) else 503
    if has_token(context):
        said = json.dumps(_details(context, stored))
        return Response(said, status, content_type="application/json")
    text = "ok\n" if status == 200 else "ko\n"
    return Response(text, status, content_type="text/plain; charset=utf-8")


def figures(context: Context) -> Response:
    """For Prometheus, and for who has the token alone: to others there is no such page."""
    site = context.site
    if site.metrics is None or not has_token(context):
        raise NotFoundError("no figures for this request")
    text = site.metrics.text(_details(context, site.watch.look()))
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _details(context: Context, stored: Stored | None) -> Mapping[str, Any]:
    return details(stored, context.site.now(), context.site.settings.worker.every)


def has_token(context: Context) -> bool:
    """Whether the request brings the token of the settings, if there is one."""
    token = context.site.settings.monitoring.token
    given = context.request.headers.get("Authorization", "")
    # Bytes: a header may hold any.
    return bool(token) and compare_digest(given.encode(), f"Bearer {token}".encode())


ROUTES: Final = (
    Route("core.alive", "/sante", alive, Access.PUBLIC, is_for_monitors=True),
    Route("core.ready", "/sante/pret", ready, Access.PUBLIC, is_for_monitors=True, waits=True),
    Route(
        "core.figures",
        "/sante/mesures",
        figures,
        Access.PUBLIC,
        is_for_monitors=True,
        waits=True,
    ),
)
