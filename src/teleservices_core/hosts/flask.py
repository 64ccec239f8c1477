"""Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.middleware.dispatcher import DispatcherMiddleware

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from flask import Flask


class _Sites(DispatcherMiddleware):
    """The sites of one Flask application. The longest prefix wins."""


def mount(app: Flask, services: WSGIApplication, prefix: str = "/teleservices") -> None:
    """Serve a site under a prefix of a Flask application, which keeps the rest.

    Requests are sent to the right side *before* Flask sees them. A catch-all
    view would put Flask's ``before_request`` and ``after_request`` functions,
    its session cookie, its error handlers, its upload limit and extensions
    such as CSRFProtect around our pages, where none of them belongs.

    May be called several times, in any order, with different prefixes. To have
    a site at the root and Flask below it, mount the other way round:
    ``DispatcherMiddleware(services, {"/ent": app})``. Raises :exc:`ValueError`
    for the root, where Flask's own pages would vanish.
    """
    path = "/" + prefix.strip("/")
    if path == "/":
        raise ValueError("Flask keeps the root: give a prefix, or mount Flask under the site")
    if not isinstance(app.wsgi_app, _Sites):
        app.wsgi_app = _Sites(app.wsgi_app)  # type: ignore[method-assign]
    # WSGI paths are bytes dressed as Latin-1, and prefixes are compared as such.
    app.wsgi_app.mounts[path.encode().decode("latin-1")] = services
