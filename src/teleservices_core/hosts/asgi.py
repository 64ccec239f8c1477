"""ASGI: Starlette, FastAPI, or an ASGI server alone.

Ours rather than a2wsgi's bridge: one change of thread for a page instead of
four (a third of the overhead, see ``benchmarks/hosts.py``); a body cut short is
an error and not a short body; cookies that HTTP/2 sends apart stay cookies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final

from teleservices_core.hosts.asgi_request import ASGIApp, Body, Message, Receive, Scope, Send
from teleservices_core.hosts.asgi_request import environ as to_environ

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

_FLUSH: Final = 262_144
"""Bytes of an answer held before they are sent; a page is sent whole."""


def asgi_app(services: WSGIApplication, *, threads: int = 8) -> ASGIApp:
    """Make a site an ASGI application, to mount or to serve.

    ``threads`` pages are made at once, on threads of their own, so that the
    host's are never kept waiting. No more than the database has connections.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="teleservices")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _serve(services, pool, scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"{scope['type']}.{step}.complete"})

    return app


async def _serve(
    services: WSGIApplication, pool: ThreadPoolExecutor, scope: Scope, receive: Receive, send: Send
) -> None:
    loop = asyncio.get_running_loop()
    body = Body(receive, loop)
    try:
        await body.read_ahead()
    except ConnectionError:
        return
    environ = to_environ(scope, body)

    async def send_all(messages: Iterable[Message]) -> None:
        for message in messages:
            await send(message)

    def send_now(messages: Iterable[Message]) -> None:
        asyncio.run_coroutine_threadsafe(send_all(messages), loop).result()

    # The host's context variables (its tracing, its log fields) follow the request.
    context = copy_context()
    await send_all(
        await loop.run_in_executor(pool, context.run, _answer, services, environ, send_now)
    )


def _answer(
    services: WSGIApplication,
    environ: WSGIEnvironment,
    send_now: Callable[[Iterable[Message]], None],
) -> list[Message]:
    """Run the WSGI application; returns what is left to send, for a page all of it."""
    start: list[Message] = []
    held = bytearray()
    is_sent = False

    def start_response(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
        if error and is_sent:
            raise error[1]
        lines = [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        start[:] = [{"type": "http.response.start", "status": int(status[:3]), "headers": lines}]
        return held.extend

    def messages(*, more: bool) -> Iterator[Message]:
        if not is_sent:
            yield from start
        yield {"type": "http.response.body", "body": bytes(held), "more_body": more}

    chunks = services(environ, start_response)
    try:
        for chunk in chunks:
            held += chunk
            if len(held) >= _FLUSH:
                send_now(list(messages(more=True)))
                is_sent = True
                held.clear()
    finally:
        getattr(chunks, "close", lambda: None)()
    return list(messages(more=False))
