"""Addresses under the mount point, whatever the host put before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import Factory, field, frozen
from werkzeug import Request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import IntegerConverter, Map, MapAdapter, Rule

from teleservices_core.contributions import Route
from teleservices_core.web.reading import MOST, has_nul

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

STATIC: Final = Path(__file__).parent / "static"


def make_map(routes: tuple[Route, ...]) -> Map:
    """The routing map; two slashes or a missing one are plainly not found."""
    return _map(tuple((each.rule, each.name, each.methods) for each in routes))


@lru_cache(maxsize=16)
def _map(routes: tuple[tuple[str, str, tuple[str, ...]], ...]) -> Map:
    # One for all the sites of a process that have the same plugins, like templates.
    rules = [Rule(rule, endpoint=name, methods=methods) for rule, name, methods in routes]
    rules.append(Rule("/static/<version>/<name>", endpoint="static", methods=("GET",)))
    return Map(rules, strict_slashes=False, merge_slashes=False, converters={"int": _BoundedNumber})


class _BoundedNumber(IntegerConverter):
    """A number of an address that no column could hold names nothing."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:  # noqa: A002 - Werkzeug's
        super().__init__(map, *args, **{"max": MOST, **options})


def fixed_addresses(routes: Map) -> Callable[[str, str], str]:
    """Builds the addresses of routes without values once: each page has fifteen of them."""

    @lru_cache(maxsize=4096)
    def build(mount: str, route: str) -> str:
        return routes.bind("localhost", script_name=mount).build(route)

    return build


def mount_point(environ: WSGIEnvironment) -> str:
    """Where the host mounted the site, as links write it: ``/`` or ``/prefix``."""
    script_name = environ.get("SCRIPT_NAME", "").encode("latin-1")
    # One slash, whatever a proxy's header said: two would name another host.
    return "/" + quote(script_name, safe="/!$&'()*+,:=@~").strip("/")


def page_path(request: Request) -> str:
    """The path under the mount point.

    Raises :exc:`NotFound` where Werkzeug would tidy it up, or with a NUL, and
    :exc:`BadRequest` for a query with one.
    """
    if request.environ.get("PATH_INFO", "").startswith("//") or "\0" in request.path:
        raise NotFound
    if has_nul(request.args):
        raise BadRequest
    # WSGI servers give a path decoded as Latin-1: Werkzeug has read it as UTF-8.
    return request.path


@frozen
class StaticFiles:
    """The stylesheet and icon, addressed by a digest of their content."""

    folder: Path = STATIC
    versions: Mapping[str, str] = field(init=False)

    @versions.default
    def _versions(self) -> Mapping[str, str]:
        files = [file for file in self.folder.iterdir() if file.is_file()]
        return {file.name: sha256(file.read_bytes()).hexdigest()[:12] for file in files}


@frozen
class Urls:
    """Builds links for templates and handlers."""

    adapter: MapAdapter
    files: StaticFiles = Factory(StaticFiles)
    fixed: Callable[[str, str], str] = field(kw_only=True)
    """The address of a route that takes no value, by mount point: see :func:`fixed_addresses`."""

    def to(self, route: str, **values: Any) -> str:
        """The address of a route, mount point included."""
        if values:
            return self.adapter.build(route, values)
        return self.fixed(self.adapter.script_name, route)

    def public(self, base_url: str, route: str, **values: Any) -> str:
        """The full address of a route on the site's public address."""
        path = self.to(route, **values).removeprefix(self.adapter.script_name.rstrip("/"))
        return base_url.rstrip("/") + path

    def static(self, name: str) -> str:
        """The address of a static file."""
        return self.to("static", version=self.files.versions[name], name=name)

    @property
    def home(self) -> str:
        """The first page."""
        return self.to("core.home")

    @property
    def sign_in(self) -> str:
        """The sign-in page."""
        return self.to("core.sign_in")

    @property
    def sign_out(self) -> str:
        """Where the sign-out form goes."""
        return self.to("core.sign_out")

    @property
    def help(self) -> str:
        """The help page."""
        return self.to("core.help")

    @property
    def account(self) -> str:
        """« Mon compte »."""
        return self.to("core.account")
