"""RSGI, granian's own interface: what ``teleservices serve`` runs.

A change of thread costs a tenth of the lightest page. So a page that has shown
itself quick is made at once, on the thread that receives requests; any other,
and whatever brings a body, on a thread of its own.
"""

from __future__ import annotations

import io
import sys
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from teleservices_core.hosts.answers import Answer, PageThreads, as_services, receive, run
from teleservices_core.hosts.bodies import BODY_SECONDS, Body, announced, is_awaited, is_sent

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

QUICK: Final = 0.025
"""Seconds that a quick page may take."""
TRIED: Final = 20
"""How many times in a row, before it is believed."""
TOO_LONG: Final = 0.25
"""Seconds on the receiving thread after which all are tried anew: a database may be slow."""


@define
class Pace:
    """Which routes are quick, from how long they took lately."""

    _in_a_row: dict[str, int] = field(factory=dict)
    _asked_of: dict[str, int] = field(factory=dict)

    def is_quick(self, route: str) -> bool:
        """Whether its next page may be made on the thread that receives requests."""
        return self._in_a_row.get(route, 0) >= self._asked_of.get(route, TRIED)

    def tried(self, route: str, seconds: float) -> None:
        """A page was made on a thread of its own."""
        self._in_a_row[route] = self._in_a_row.get(route, 0) + 1 if seconds < QUICK else 0

    def held(self, route: str, seconds: float) -> None:
        """A page was made on the receiving thread; who held it is believed ten times less."""
        if seconds > TOO_LONG:
            self._in_a_row.clear()
            self._asked_of[route] = 10 * self._asked_of.get(route, TRIED)


class RsgiSite:
    """A site as an RSGI application.

    ``threads`` pages are made at once beside the receiving thread. A body may
    take ``body_seconds``, and a second more for each four kilobytes.
    """

    def __init__(
        self, services: WSGIApplication, *, threads: int = 8, body_seconds: float = BODY_SECONDS
    ) -> None:
        self._services = as_services(services)
        self._pages = PageThreads(self._services, threads)
        self._pace = Pace()
        self._body_seconds = body_seconds

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer a request."""
        environ = environ_of(scope)
        intake = self._services.intake(environ)
        if is_sent(environ):
            await self._read_and_answer(environ, protocol, intake.max_body)
            return
        begun = time.monotonic()
        if not intake.waits and self._pace.is_quick(intake.route):
            _send(protocol, run(self._services, environ))
            self._pace.held(intake.route, time.monotonic() - begun)
            return

        def send(answer: Answer) -> None:
            self._pace.tried(intake.route, time.monotonic() - begun)
            _send(protocol, answer)

        await self._pages.make(environ, then=send)

    async def _read_and_answer(
        self, environ: WSGIEnvironment, protocol: Any, max_body: int
    ) -> None:
        if announced(environ) is None and "HTTP_TRANSFER_ENCODING" in environ:
            # Granian does not tell the end of such a body from a client that has left.
            await self._pages.make(environ, 411, then=partial(_send, protocol))
            return
        # Without either header a body has no bytes, says HTTP/1.1.
        environ.setdefault("CONTENT_LENGTH", "0")
        body = Body(aiter(protocol), self._body_seconds)
        try:
            refused = await receive(environ, body, max_body)
        except ConnectionError:
            # He may still read, if only his half is closed.
            _send(protocol, Answer(400, [], b""))
            return
        await self._pages.make(environ, refused, then=partial(_send, protocol))
        if refused == 413 and is_awaited(environ):
            await body.drain()


def _send(protocol: Any, answer: Answer) -> None:
    protocol.response_bytes(answer.status, answer.headers, answer.body)


@lru_cache(maxsize=512)
def _key(name: str) -> str:
    """The environ's name of a header, whose name granian gives in lower case."""
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


def environ_of(scope: Any) -> WSGIEnvironment:
    """The WSGI environ of a request without its body."""
    name, _colon, port = scope.server.rpartition(":")
    found: WSGIEnvironment = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # WSGI paths are bytes dressed as Latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": name.strip("[]"),
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for header, value in scope.headers.items():
        if "_" in header:
            # X_Forwarded_For would pass for X-Forwarded-For, behind the proxy's back.
            continue
        key = _key(header)
        if key in found:
            found[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
        else:
            found[key] = value
    return found
