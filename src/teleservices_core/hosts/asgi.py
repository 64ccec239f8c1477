"""ASGI: Starlette, FastAPI, or an ASGI server alone.

Ours rather than a2wsgi's bridge: one change of thread for a page instead of
four (a third of the overhead, see ``benchmarks/hosts.py``); a body is read whole
before a thread is taken, bounded, with a deadline, and one cut short is an
error and not a short body; cookies that HTTP/2 sends apart stay cookies.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final

from teleservices_core.hosts.answers import Answer, PageThreads, as_services, receive
from teleservices_core.hosts.asgi_request import ASGIApp, Receive, Scope, Send
from teleservices_core.hosts.asgi_request import environ as to_environ
from teleservices_core.hosts.bodies import BODY_SECONDS, Body, is_awaited, is_sent

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_PIECE: Final = 262_144
"""Bytes of an answer sent at once; a page is sent whole."""


def asgi_app(
    services: WSGIApplication, *, threads: int = 8, body_seconds: float = BODY_SECONDS
) -> ASGIApp:
    """Make a site an ASGI application, to mount or to serve.

    ``threads`` pages are made at once, on threads of their own, so that the
    host's are never kept waiting. No more than the database has connections.
    A body may take ``body_seconds``, and a second more for each four kilobytes.
    """
    site = as_services(services)
    pages = PageThreads(site, threads)

    async def serve(scope: Scope, take: Receive, send: Send) -> None:
        environ, refused = to_environ(scope), 0
        body = Body(_pieces(take), body_seconds)
        if is_sent(environ):
            try:
                refused = await receive(environ, body, site.intake(environ).max_body)
            except ConnectionError:
                return
        answer = await pages.make(environ, refused)
        drains = refused == 413 and is_awaited(environ)
        await _send(send, answer, more=drains)
        if drains:
            await body.drain()
            await send({"type": "http.response.body"})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await serve(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"{scope['type']}.{step}.complete"})

    return app


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client left before the end of its request")
        more = message.get("more_body", False)
        yield message.get("body", b"")


async def _send(send: Send, answer: Answer, *, more: bool) -> None:
    headers = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = memoryview(answer.body)
    for start in range(0, max(1, len(body)), _PIECE):
        piece, last = bytes(body[start : start + _PIECE]), start + _PIECE >= len(body)
        await send({"type": "http.response.body", "body": piece, "more_body": more or not last})
