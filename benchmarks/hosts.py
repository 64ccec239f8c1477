"""What each host adds to a page: microseconds per request, in process, no socket.

    python benchmarks/hosts.py [requests]

Three pages: one of the host's own, the least that a mounted application can do,
and a real page of the site. a2wsgi's bridge is there for comparison.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug import Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from teleservices_core.app import Teleservices
from teleservices_core.domain.establishments import Academie
from teleservices_core.settings import Settings

PREFIX = "/teleservices"
Run = Callable[[str, int], None]


def trivial(environ: Any, start_response: Any) -> Any:
    """The least that a Werkzeug application does."""
    return Response("a page", content_type="text/html")(environ, start_response)


def over_wsgi(app: Any) -> Run:
    def run(path: str, times: int) -> None:
        for _ in range(times):
            environ = {
                "REQUEST_METHOD": "GET",
                "SCRIPT_NAME": "",
                "PATH_INFO": path,
                "QUERY_STRING": "",
                "SERVER_NAME": "127.0.0.1",
                "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1",
                "HTTP_HOST": "localhost",
                "REMOTE_ADDR": "127.0.0.1",
                "wsgi.version": (1, 0),
                "wsgi.url_scheme": "http",
                "wsgi.input": io.BytesIO(),
                "wsgi.errors": sys.stderr,
                "wsgi.multithread": True,
                "wsgi.multiprocess": False,
                "wsgi.run_once": False,
            }
            seen: list[str] = []
            chunks = app(environ, lambda status, *_, seen=seen: seen.append(status))
            b"".join(chunks)
            getattr(chunks, "close", lambda: None)()
            assert seen == ["200 OK"], seen

    return run


def over_asgi(make: Callable[[], Any]) -> Run:
    app: list[Any] = []

    async def one(path: str) -> None:
        done = asyncio.Event()
        first = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            if first:
                return first.pop()
            await done.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            assert message.get("status", 200) == 200, message
            if message["type"] == "http.response.body" and not message.get("more_body"):
                done.set()

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
        }
        await app[0](scope, receive, send)

    async def many(path: str, times: int) -> None:
        # Made on the running loop: a2wsgi and Django want it so.
        if not app:
            app.append(make())
        for _ in range(times):
            await one(path)

    runner = asyncio.Runner()
    return lambda path, times: runner.run(many(path, times))


def bare(site: Any) -> Run:
    run = over_wsgi(site)
    return lambda path, times: run(path.removeprefix(PREFIX), times)


def wsgi(site: Any) -> Run:
    return over_wsgi(DispatcherMiddleware(trivial, {PREFIX: site}))


def starlette(site: Any, bridge: Any = None) -> Run:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    from teleservices_core.hosts.asgi import asgi_app

    async def own(_request: Any) -> PlainTextResponse:
        return PlainTextResponse("a page")

    routes = [Route("/own", own)]
    return over_asgi(lambda: Starlette(routes=[*routes, Mount(PREFIX, (bridge or asgi_app)(site))]))


def a2wsgi(site: Any) -> Run:
    from a2wsgi import WSGIMiddleware

    return starlette(site, WSGIMiddleware)


def fastapi(site: Any) -> Run:
    from fastapi import FastAPI

    from teleservices_core.hosts.asgi import asgi_app

    app = FastAPI()
    app.get("/own")(lambda: "a page")
    app.mount(PREFIX, asgi_app(site))
    return over_asgi(lambda: app)


def flask(site: Any) -> Run:
    from flask import Flask

    from teleservices_core.hosts.flask import mount

    app = Flask("host")
    app.get("/own")(lambda: "a page")
    mount(app, site, PREFIX)
    return over_wsgi(app)


def _django(site: Any) -> None:
    from django.conf import settings

    if not settings.configured:
        import django

        middleware = ("security.SecurityMiddleware", "common.CommonMiddleware")
        more = ("csrf.CsrfViewMiddleware", "clickjacking.XFrameOptionsMiddleware")
        settings.configure(
            SECRET_KEY="x",
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=[f"django.middleware.{name}" for name in (*middleware, *more)],
        )
        django.setup()
    from django.http import HttpResponse
    from django.urls import clear_url_caches, include, path

    from teleservices_core.hosts.django import teleservices_urls

    settings.ROOT_URLCONF = (
        path("own", lambda _request: HttpResponse("a page")),
        path(f"{PREFIX}/".lstrip("/"), include(teleservices_urls(site))),
    )
    clear_url_caches()


def django_wsgi(site: Any) -> Run:
    _django(site)
    from django.core.handlers.wsgi import WSGIHandler

    return over_wsgi(WSGIHandler())


def django_asgi(site: Any) -> Run:
    _django(site)
    from django.core.handlers.asgi import ASGIHandler

    return over_asgi(ASGIHandler)


HOSTS = (
    ("WSGI alone", "werkzeug", bare),
    ("WSGI dispatcher", "werkzeug", wsgi),
    ("Flask", "flask", flask),
    ("Starlette", "starlette", starlette),
    ("FastAPI", "fastapi", fastapi),
    ("Starlette, a2wsgi", "a2wsgi", a2wsgi),
    ("Django WSGI", "django", django_wsgi),
    ("Django ASGI", "django", django_asgi),
)


def measure(run: Run, path: str, times: int) -> float:
    """Microseconds per request: the best of five rounds."""
    run(path, max(1, times // 10))
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        run(path, times)
        best = min(best, time.perf_counter() - start)
    return best / times * 1e6


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            academie=Academie("07", "Dijon"),
            base_url="http://localhost",
            database_url=f"sqlite:///{Path(folder)}/site.db",
            secret_key="a secret key for the benchmark only",
        )
        site = Teleservices(settings, discover=False)
        site.migrate()
        print("µs per request      host's own    trivial    « Aide »    ratio to bare")
        for label, package, make in HOSTS:
            if importlib.util.find_spec(package) is None:
                print(f"{label:<20}{package} is not installed")
                continue
            own = measure(make(trivial), "/own", times)
            least = measure(make(trivial), f"{PREFIX}/", times)
            page = measure(make(site), f"{PREFIX}/aide", times)
            # Measured again beside each, since a machine's speed drifts.
            alone = measure(over_wsgi(site), "/aide", times)
            print(f"{label:<18}{own:>12.0f}{least:>11.0f}{page:>12.0f}{page / alone:>17.2f}")
        site.engine.dispose()


if __name__ == "__main__":
    main()
