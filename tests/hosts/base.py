"""The client of the suite: what a browser does, whatever the host.

No framework's own test client: they tidy addresses up, and differ.
"""

from __future__ import annotations

import asyncio
import io
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlencode, urljoin, urlsplit

from attrs import Factory, define, frozen

Headers = list[tuple[str, str]]
BOUNDARY = "----teleservices"


@frozen
class Answer:
    """A response, as it went out."""

    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def all(self, name: str) -> list[str]:
        """Every header of a name."""
        return [value for each, value in self.headers if each.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The one header of a name; twice is a failure."""
        values = self.all(name)
        assert len(values) < 2, f"{name} sent {len(values)} times"
        return values[0] if values else None

    @property
    def cookies(self) -> dict[str, Morsel[str]]:
        """The cookies it sets."""
        jar: dict[str, Morsel[str]] = {}
        for line in self.all("Set-Cookie"):
            jar.update(SimpleCookie(line))
        return jar


@define
class Client(ABC):
    """A browser with its cookies. Targets are sent as written: nothing is tidied up."""

    app: Any
    jar: dict[tuple[str, str], str] = Factory(dict)
    """(path, name) to value."""
    host: str = "localhost"

    @abstractmethod
    def send(self, method: str, path: str, query: str, headers: Headers, body: bytes) -> Answer:
        """Call the application; the path is still percent-encoded."""

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        path, _, query = target.partition("?")
        lines = {"Host": self.host, **(headers or {})}
        if body:
            lines.setdefault("Content-Length", str(len(body)))
        cookies = [
            f"{name}={value}" for (at, name), value in self.jar.items() if _under(unquote(path), at)
        ]
        if cookies:
            lines["Cookie"] = "; ".join(cookies)
        answer = self.send(method, path, query, list(lines.items()), body)
        for name, morsel in answer.cookies.items():
            if morsel["max-age"] == "0":
                self.jar.pop((morsel["path"], name), None)
            else:
                self.jar[unquote(morsel["path"]), name] = morsel.coded_value
        return answer

    def get(self, target: str, **headers: str) -> Answer:
        return self.request("GET", target, headers=_named(headers))

    def post(self, target: str, fields: Mapping[str, str], **headers: str) -> Answer:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        return self.request("POST", target, body, {**kind, **_named(headers)})

    def upload(
        self, target: str, fields: Mapping[str, str], file: tuple[str, bytes] | None = None
    ) -> Answer:
        """Post a multipart form, with a file in its field ``file``."""
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        ]
        body = "".join(parts).encode()
        if file is not None:
            body += (
                f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
                f'filename="{file[0]}"\r\nContent-Type: application/octet-stream\r\n\r\n'
            ).encode()
            body += file[1] + b"\r\n"
        body += f"--{BOUNDARY}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.request("POST", target, body, kind)

    def follow(self, target: str, answer: Answer) -> Answer:
        """Go where a redirection sends, on this host."""
        location = answer.header("Location")
        assert location is not None
        there = urlsplit(urljoin(f"http://{self.host}{target}", location))
        assert there.netloc == self.host
        return self.get(there._replace(scheme="", netloc="").geturl())


def _under(path: str, cookie_path: str) -> bool:
    return path == cookie_path or path.startswith(cookie_path.rstrip("/") + "/")


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@define
class WsgiClient(Client):
    """Calls a WSGI application as a server does."""

    def send(self, method: str, path: str, query: str, headers: Headers, body: bytes) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers:
            key = name.upper().replace("-", "_")
            bare = key in {"CONTENT_TYPE", "CONTENT_LENGTH"}
            environ[key if bare else f"HTTP_{key}"] = value
        started: list[Any] = []
        chunks = self.app(environ, lambda *line: started.append(line))
        try:
            content = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
        ((status, sent, *_),) = started
        assert not content or method != "HEAD", "an answer to HEAD has no body"
        return Answer(int(status[:3]), sent, content)


@define
class AsgiClient(Client):
    """Calls an ASGI application as a server does, each request on an event loop of its own."""

    chunk: int = 65_536

    def send(self, method: str, path: str, query: str, headers: Headers, body: bytes) -> Answer:
        return asyncio.run(self._send(method, path, query, headers, body))

    async def _send(
        self, method: str, path: str, query: str, headers: Headers, body: bytes
    ) -> Answer:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
        }
        pieces = [body[at : at + self.chunk] for at in range(0, len(body), self.chunk)] or [b""]
        finished = asyncio.Event()
        messages: list[Any] = []

        async def receive() -> Any:
            if pieces:
                piece = pieces.pop(0)
                return {"type": "http.request", "body": piece, "more_body": bool(pieces)}
            await finished.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                finished.set()

        await self.app(scope, receive, send)
        start, *bodies = messages
        content = b"".join(message.get("body", b"") for message in bodies)
        assert not content or method != "HEAD", "an answer to HEAD has no body"
        sent = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
        return Answer(start["status"], sent, content)
