"""What a request asks for: its route, and how much of a body that takes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, frozen
from werkzeug.routing import Map, MapAdapter

from teleservices_core.contributions import MAX_BODY, Route
from teleservices_core.web.form_bodies import BoundedRequest
from teleservices_core.web.urls import mount_point, page_path

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_FOUND: Final = "teleservices.found"


@frozen
class Found:
    """A request with its route and the variables of its address, or the error of finding none."""

    request: BoundedRequest
    mount: str
    adapter: MapAdapter
    name: str = ""
    values: Mapping[str, Any] = Factory(dict)
    waits: bool = False
    error: Exception | None = None


def find(environ: WSGIEnvironment, routes: Map, declared: Mapping[str, Route]) -> Found:
    """Found once, whether the server asks before it reads the body or the page after."""
    found: Found | None = environ.get(_FOUND)
    if found is None:
        found = environ[_FOUND] = _find(BoundedRequest(environ), routes, declared)
    return found


def _find(request: BoundedRequest, routes: Map, declared: Mapping[str, Route]) -> Found:
    request.max_content_length = MAX_BODY
    request.max_form_parts = 500
    mount = mount_point(request.environ)
    adapter = routes.bind("localhost", script_name=mount)
    try:
        name, values = adapter.match(page_path(request), method=request.method)
    except Exception as error:  # noqa: BLE001 - shown as a page by who answers
        return Found(request, mount, adapter, error=error)
    route = declared.get(name)
    if route is None:
        return Found(request, mount, adapter, name, values)
    request.max_content_length = route.max_body
    waits = route.waits or bool(route.consults)
    return Found(request, mount, adapter, name, values, waits=waits)
