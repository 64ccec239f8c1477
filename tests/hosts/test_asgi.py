"""What only the ASGI bridge must get right: root paths, headers, streams, departures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.hosts import answers
from teleservices_core.hosts.asgi import asgi_app
from teleservices_core.hosts.asgi_request import split_path

from .base import AsgiClient


def scope_of(**changes: Any) -> dict[str, Any]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
    }
    return {**scope, **changes}


def run(app: Any, scope: dict[str, Any], *received: Any) -> list[Any]:
    """Call an application with these messages, then silence; returns what it sent."""
    incoming, sent = list(received), []

    async def receive() -> Any:
        if not incoming:
            await asyncio.sleep(60)
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def echo(environ: Any, start_response: Any) -> list[bytes]:
    """Answer with the body received, or say why not."""
    try:
        body = environ["wsgi.input"].read()
    except ConnectionError as error:
        body = b"left: " + str(error).encode()
    start_response("200 OK", [("X-Seen", environ.get("HTTP_COOKIE", ""))])
    return [body]


@pytest.mark.parametrize(
    ("path", "root", "outer", "expected"),
    [
        ("/aide", "", "", ("", "/aide")),
        ("/", "/", "", ("", "/")),
        ("/t/aide", "/t", "", ("/t", "/aide")),
        ("/t", "/t", "", ("/t", "")),
        ("/t/", "/t/", "", ("/t", "/")),
        ("/t/t/t", "/t", "", ("/t", "/t/t")),
        ("/tx/aide", "/t", "", ("/t", "/tx/aide")),
        ("/api/t/aide", "/api/t", "/api", ("/api/t", "/aide")),
        ("/t/aide", "/api/t", "/api", ("/api/t", "/aide")),
        ("/aide", "/api", "/api", ("/api", "/aide")),
        ("/é/aide", "/é", "", ("/é", "/aide")),
    ],
)
def test_root_path(path: str, root: str, outer: str, expected: tuple[str, str]) -> None:
    """The mount point is found whether or not a proxy has cut its prefix off."""
    assert split_path({"path": path, "root_path": root, "app_root_path": outer}) == expected


@pytest.mark.parametrize("cut", [True, False], ids=["prefix cut", "prefix kept"])
def test_fastapi_behind_a_proxy(cut: bool) -> None:
    """FastAPI with a root_path mounts a site under both prefixes."""
    fastapi = pytest.importorskip("fastapi")

    def where(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    app = fastapi.FastAPI()
    app.mount("/teleservices", asgi_app(where))

    async def proxied(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "root_path": "/ent"}, receive, send)

    target = "/teleservices/aide" if cut else "/ent/teleservices/aide"
    assert AsgiClient(proxied).get(target).text == "/ent/teleservices /aide"


def test_cookies_sent_apart_are_joined_as_cookies() -> None:
    """HTTP/2 may split the Cookie header: its parts are joined by semicolons."""
    headers = [(b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"accept", b"x"), (b"accept", b"y")]
    start, _body = run(asgi_app(echo), scope_of(headers=headers), part(b""))
    assert dict(start["headers"])[b"x-seen"] == b"a=1; b=2"


def test_headers_with_underscores_are_dropped() -> None:
    """A header that would pass for another, behind a proxy's back, is not read."""
    start, _body = run(asgi_app(echo), scope_of(headers=[(b"coo_kie", b"a=1")]), part(b""))
    assert dict(start["headers"])[b"x-seen"] == b""


@pytest.mark.parametrize("size", [10, 400_000], ids=["in memory", "in a file"])
def test_body_in_pieces(size: int) -> None:
    """A body in many messages, longer than what is kept in memory, comes out whole."""
    pieces = [bytes([65 + n]) * size for n in range(8)]
    messages = [part(piece, more=True) for piece in pieces]
    _start, *bodies = run(asgi_app(echo), scope_of(), *messages, part(b""))
    assert b"".join(message["body"] for message in bodies) == b"".join(pieces)


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_departure_before_the_end_runs_nothing(size: int) -> None:
    """A client that leaves while it sends its form gets no answer, and nothing is done."""
    called: list[Any] = []

    def app(environ: Any, _start_response: Any) -> list[bytes]:
        called.append(environ)
        return []

    gone = {"type": "http.disconnect"}
    assert run(asgi_app(app), scope_of(), part(b"x" * size, more=True), gone) == []
    assert called == []


def test_long_answers_are_sent_in_pieces_once_made() -> None:
    """No thread is kept for as long as somebody reads, and what made the answer is closed."""
    closed = threading.Event()

    class Parts:
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(10):
                yield b"x" * 100_000

        def close(self) -> None:
            closed.set()

    def app(_environ: Any, start_response: Any) -> Parts:
        start_response("200 OK", [])
        return Parts()

    start, *bodies = run(asgi_app(app), scope_of(), part(b""))
    assert start["status"] == 200
    assert [message["more_body"] for message in bodies] == [True, True, True, False]
    assert sum(len(message["body"]) for message in bodies) == 1_000_000
    assert closed.is_set()


def test_failure_reaches_the_server() -> None:
    """An application that fails outright is the server's to report."""

    def app(_environ: Any, _start_response: Any) -> list[bytes]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        run(asgi_app(app), scope_of(), part(b""))


def test_pages_are_made_side_by_side() -> None:
    """A slow page keeps nobody waiting: others are made meanwhile, on other threads."""
    meeting = threading.Barrier(4, timeout=5)

    def app(_environ: Any, start_response: Any) -> list[bytes]:
        meeting.wait()
        start_response("200 OK", [])
        return []

    bridge = asgi_app(app, threads=4)

    async def four() -> None:
        async def receive() -> Any:
            return part(b"")

        async def send(_message: Any) -> None: ...

        await asyncio.gather(*(bridge(scope_of(), receive, send) for _ in range(4)))

    asyncio.run(four())


def test_what_nobody_waits_for_is_not_made(
    site: Teleservices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a queue of pages the answer is short, so that the next ones are in time."""
    monkeypatch.setattr(answers, "STALE", -1.0)
    start, page = run(asgi_app(site), scope_of(method="GET", path="/connexion"), part(b""))
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"]
    assert "momentanément indisponible" in page["body"].decode()


def test_lifespan() -> None:
    """An ASGI server that asks for start-up and shutdown is answered."""
    steps = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = run(asgi_app(echo), {"type": "lifespan"}, *steps)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


def test_websockets_are_refused() -> None:
    """No page speaks WebSocket."""
    sent = run(asgi_app(echo), {"type": "websocket"}, {"type": "websocket.connect"})
    assert [message["type"] for message in sent] == ["websocket.close"]
