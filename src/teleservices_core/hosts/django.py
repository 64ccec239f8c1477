"""Django, under its WSGI handler or its ASGI handler."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from werkzeug import Response

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment


def teleservices_urls(services: WSGIApplication) -> list[URLPattern]:
    """URL patterns that serve a site, for ``path("teleservices/", include(…))``.

    Django's middleware runs around our pages as around any view. Ours have
    their own CSRF tokens and their own sign-in, so they are exempt from
    Django's. A middleware that reads ``request.POST`` of every request takes
    uploaded files away from us: it must leave this prefix alone.
    """

    def view(request: HttpRequest, path: str, **_of_the_prefix: Any) -> HttpResponse:
        answer = Response.from_app(services, _environ(request, path), buffered=True)
        return _to_django(answer)

    view.csrf_exempt = True  # type: ignore[attr-defined]
    view.login_required = False  # type: ignore[attr-defined]
    return [re_path(r"(?s)^(?P<path>.*)\Z", view, name="teleservices")]


def _environ(request: HttpRequest, path: str) -> WSGIEnvironment:
    # META is nearly a WSGI environ under both handlers. Django has decoded its
    # paths to text, and its request is a file that knows where its body ends.
    before = request.META["SCRIPT_NAME"].rstrip("/") + request.path_info.removesuffix(path)
    return {
        "SERVER_PROTOCOL": "HTTP/1.1",
        **request.META,
        "SCRIPT_NAME": _to_wsgi(before.rstrip("/")),
        "PATH_INFO": _to_wsgi("/" + path),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": request,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "django.request": request,
    }


def _to_wsgi(text: str) -> str:
    return text.encode().decode("latin-1")


def _to_django(answer: Response) -> HttpResponse:
    response = HttpResponse(answer.get_data(), status=answer.status_code)
    del response["Content-Type"]
    for name, value in answer.headers:
        if name == "Set-Cookie":
            # Django keeps one value per header name, and cookies apart.
            response.cookies.load(value)
        else:
            response[name] = f"{response[name]}, {value}" if name in response else value
    return response
