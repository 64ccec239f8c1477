"""The six hosts: each with two pages of its own, beside the sites it mounts.

A host is a function from the sites by mount point (``""`` is the root) to a
client. Its own pages are ``/host/page``, which sets a cookie, and
``/host/form``, which says what was posted.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from werkzeug import Request as WsgiRequest
from werkzeug import Response as WsgiResponse
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from .base import AsgiClient, Client, WsgiClient

Sites = Mapping[str, Any]
HOST_PAGE = "a page of the host"
HOST_404 = "not found, says the host"
HOST_COOKIE = ("session", "of-the-host")


def wsgi(sites: Sites) -> Client:
    """A WSGI server and werkzeug's dispatcher."""

    def host(environ: Any, start_response: Any) -> Any:
        request = WsgiRequest(environ)
        if request.script_root + request.path == "/host/page":
            response = WsgiResponse(HOST_PAGE)
            response.set_cookie(*HOST_COOKIE)
        elif request.script_root + request.path == "/host/form":
            response = WsgiResponse(request.form["said"])
        else:
            response = WsgiResponse(HOST_404, 404)
        return response(environ, start_response)

    if "" in sites:
        return WsgiClient(DispatcherMiddleware(sites[""], {"/host": host}))
    # WSGI paths are bytes dressed as Latin-1.
    mounts = {prefix.encode().decode("latin-1"): site for prefix, site in sites.items()}
    return WsgiClient(DispatcherMiddleware(host, mounts))


def asgi(sites: Sites) -> Client:
    """Starlette."""
    pytest.importorskip("starlette", reason="starlette is not installed")
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    from teleservices_core.hosts.asgi import asgi_app

    async def page(_request: Request) -> PlainTextResponse:
        response = PlainTextResponse(HOST_PAGE)
        response.set_cookie(*HOST_COOKIE)
        return response

    async def form(request: Request) -> PlainTextResponse:
        return PlainTextResponse((await request.body()).decode().partition("=")[2])

    async def lost(_request: Request, _error: Exception) -> PlainTextResponse:
        return PlainTextResponse(HOST_404, 404)

    own = [Route("/host/page", page), Route("/host/form", form, methods=["POST"])]
    mounts = [Mount(prefix, asgi_app(site)) for prefix, site in sites.items()]
    return AsgiClient(Starlette(routes=[*own, *mounts], exception_handlers={404: lost}))


def fastapi(sites: Sites) -> Client:
    """FastAPI."""
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    from fastapi import FastAPI, Request
    from fastapi.responses import PlainTextResponse

    from teleservices_core.hosts.asgi import asgi_app

    app = FastAPI()

    @app.get("/host/page")
    async def page() -> Any:
        response = PlainTextResponse(HOST_PAGE)
        response.set_cookie(*HOST_COOKIE)
        return response

    async def form(request: Request) -> PlainTextResponse:
        return PlainTextResponse((await request.body()).decode().partition("=")[2])

    async def lost(_request: Request, _error: Exception) -> PlainTextResponse:
        return PlainTextResponse(HOST_404, 404)

    app.add_route("/host/form", form, methods=["POST"])
    app.add_exception_handler(404, lost)
    for prefix, site in sites.items():
        app.mount(prefix, asgi_app(site))
    return AsgiClient(app)


def flask(sites: Sites) -> Client:
    """Flask; at the root, Flask under the site."""
    pytest.importorskip("flask", reason="flask is not installed")
    from flask import Flask, make_response, request

    from teleservices_core.hosts.flask import mount

    app = Flask("host")
    app.secret_key = "of Flask"
    below = "" if "" in sites else "/host"

    @app.get(f"{below}/page")
    def page() -> Any:
        response = make_response(HOST_PAGE)
        response.set_cookie(*HOST_COOKIE)
        return response

    @app.post(f"{below}/form")
    def form() -> str:
        return request.form["said"]

    @app.errorhandler(404)
    def lost(_error: Exception) -> tuple[str, int]:
        return HOST_404, 404

    if "" in sites:
        return WsgiClient(DispatcherMiddleware(sites[""], {"/host": app}))
    for prefix, site in sites.items():
        mount(app, site, prefix)
    return WsgiClient(app)


def django_wsgi(sites: Sites, patterns: Iterable[Any] = ()) -> Client:
    """Django, as ``get_wsgi_application`` gives it."""
    urls = _django_urls(sites, patterns)
    from django.core.handlers.wsgi import WSGIHandler

    class Handler(WSGIHandler):  # type: ignore[misc]
        # Several URL configurations in one process, for the tests only.
        def get_response(self, request: Any) -> Any:
            request.urlconf = urls
            return super().get_response(request)

    return WsgiClient(Handler())


def django_asgi(sites: Sites, patterns: Iterable[Any] = ()) -> Client:
    """Django, as ``get_asgi_application`` gives it."""
    urls = _django_urls(sites, patterns)
    from django.core.handlers.asgi import ASGIHandler

    class Handler(ASGIHandler):  # type: ignore[misc]
        async def get_response_async(self, request: Any) -> Any:
            request.urlconf = urls
            return await super().get_response_async(request)

    return AsgiClient(Handler())


def configure_django() -> None:
    """Set Django up, once in the process."""
    pytest.importorskip("django", reason="django is not installed")
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            SECRET_KEY="of Django",
            ALLOWED_HOSTS=["*"],
            ROOT_URLCONF=(),
            # What startproject writes, but for sessions and accounts, which want a database.
            MIDDLEWARE=[
                "django.middleware.security.SecurityMiddleware",
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.middleware.clickjacking.XFrameOptionsMiddleware",
            ],
        )
        django.setup()


def _django_urls(sites: Sites, patterns: Iterable[Any]) -> types.ModuleType:
    configure_django()
    from django.http import HttpRequest, HttpResponse
    from django.urls import include, path
    from django.views.decorators.csrf import csrf_exempt

    from teleservices_core.hosts.django import teleservices_urls

    def page(_request: HttpRequest) -> HttpResponse:
        response = HttpResponse(HOST_PAGE)
        response.set_cookie(*HOST_COOKIE)
        return response

    @csrf_exempt  # type: ignore[untyped-decorator]
    def form(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.POST["said"])

    def lost(_request: HttpRequest, exception: Exception) -> HttpResponse:
        return HttpResponse(HOST_404, status=404)

    urls: Any = types.ModuleType("urls")
    urls.handler404 = lost
    own = [path("host/page", page), path("host/form", form)]
    mounts = [
        path(f"{prefix}/".removeprefix("/"), include(teleservices_urls(site)))
        for prefix, site in sites.items()
    ]
    urls.urlpatterns = [*own, *patterns, *mounts]
    return urls  # type: ignore[no-any-return]


HOSTS: dict[str, Callable[..., Client]] = {
    "wsgi": wsgi,
    "asgi": asgi,
    "fastapi": fastapi,
    "flask": flask,
    "django_wsgi": django_wsgi,
    "django_asgi": django_asgi,
}
