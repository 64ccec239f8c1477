"""The WSGI application: find the route, check who may, run the handler, show the page."""

from __future__ import annotations

import logging
import mimetypes
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from attrs import evolve
from werkzeug import Request, Response
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from teleservices_core.catalogue import BUILTIN
from teleservices_core.contributions import Access, NavItem, Route
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import (
    BusyError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from teleservices_core.failures import contained, trace
from teleservices_core.i18n import _
from teleservices_core.logs import numbered, request_number
from teleservices_core.plain import text as as_text
from teleservices_core.ports.identities import Identify
from teleservices_core.usecases.cut_offs import cut_off_exhausted, known_cut_offs
from teleservices_core.usecases.devices import DEVICE_LIFE
from teleservices_core.usecases.site import Site
from teleservices_core.web import csrf
from teleservices_core.web.api.answers import is_api, json_response, share
from teleservices_core.web.away import answer_or_say_away
from teleservices_core.web.context import Context, LazyToken
from teleservices_core.web.cookies import Cookies
from teleservices_core.web.finding import Found, find
from teleservices_core.web.guards import guard, write_down
from teleservices_core.web.headers import protect
from teleservices_core.web.identity import keep_marks, who_is_there
from teleservices_core.web.late_forms import keep_late_form
from teleservices_core.web.pages.errors import error_page, refused
from teleservices_core.web.pages.plain import broken, too_slow, unavailable, without_length
from teleservices_core.web.pages.signing_in import sign_out
from teleservices_core.web.reading import has_nul, whole_number
from teleservices_core.web.responses import Download, Json, Page, Redirect
from teleservices_core.web.second_clicks import (
    after_the_first,
    is_done_already,
    is_second_click,
    next_secret,
)
from teleservices_core.web.steps import Stop, find_step, keep_asked
from teleservices_core.web.templating import make_environment
from teleservices_core.web.urls import (
    STATIC,
    StaticFiles,
    Urls,
    fixed_addresses,
    make_map,
)

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)
requests = logging.getLogger("teleservices_core.requests")
_UNREAD: Final = {408: too_slow, 411: without_length, 503: unavailable}
"""Pages for requests that are not read."""

DRAINED: Final = 20_000_000
"""Bytes of a refused body read all the same, so that its sender sees the refusal."""
_STATUSES: Final = ((NotFoundError, 404), (NotAllowedError, 403), (ConflictError, 409))
_TYPES: Final = mimetypes.MimeTypes()
"""Python's own: those of the machine may call a script a text, which browsers do not run."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def _drain(environ: WSGIEnvironment) -> None:
    # Read to its end, within reason, what will not be used: a server that is
    # answered too early hangs up, and the browser shows a broken connection.
    announced = environ.get("CONTENT_LENGTH", "")
    left = min(whole_number(announced, most=10**15) or 0, DRAINED)
    if "wsgi.input_terminated" in environ:
        left = DRAINED
    with suppress(OSError):
        while left > 0 and (chunk := environ["wsgi.input"].read(min(left, 65_536))):
            left -= len(chunk)


class Application:
    """Serves one site under whatever mount point the host chose."""

    def __init__(self, site: Site, identify: Identify | None = None) -> None:
        self.site = site
        self._identify = identify
        catalogue = site.catalogue
        self._routes: Mapping[str, Route] = {route.name: route for route in catalogue.routes}
        self._owners = catalogue.owners()
        self._map = make_map(catalogue.routes)
        self._files = StaticFiles()
        self._fixed = fixed_addresses(self._map)
        self._entries = sorted(
            ((name, item) for name, each in catalogue.declared.items() for item in each.navigation),
            key=lambda entry: (entry[1].position, entry[0] != BUILTIN, entry[0]),
        )
        folders = (s.folder for each in catalogue.declared.values() for s in each.templates)
        self._templates = make_environment(tuple(folders), site.academie.zone)

    def find(self, environ: WSGIEnvironment) -> Found:
        """What a request asks for, before its body is read."""
        return find(environ, self._map, self._routes)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request."""
        return self._answer(environ, start_response, self._respond)

    def refuse(self, status: int) -> WSGIApplication:
        """What answers a request that is not read, or in its place.

        Too slow (408), of no known length (411), or when no page can be made (503);
        one too long (413) is answered as any other, from the length that it announces.
        """
        page = _UNREAD.get(status)
        if page is None:
            return self
        settings = self.site.settings
        return partial(self._answer, respond=lambda _request: page(settings))

    def _answer(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        respond: Callable[[Request], Response],
    ) -> Iterable[bytes]:
        found = self.find(environ)
        given = environ.get("HTTP_X_REQUEST_ID", "") if self.site.settings.trusted_proxies else ""
        with numbered(given) as number:
            begun = time.monotonic()
            try:
                response = answer_or_say_away(self.site, found.request, respond)
            except Exception as error:  # noqa: BLE001 - the error page failed: the host must not
                log.error("no page could be made\n%s", trace(error))
                response = broken(self.site.settings)
            cut_off_exhausted(self.site)
            response.headers["X-Request-ID"] = number
            took = time.monotonic() - begun
            if self.site.metrics is not None:
                self.site.metrics.answered(found.name, response.status_code, took)
            requests.info(
                "%s %s %d in %.0f ms",
                # What is no method of HTTP may be anything.
                found.request.method if found.name else "-",
                found.name or "-",
                response.status_code,
                1000 * took,
            )
            # Closes the temporary files of an upload.
            response.call_on_close(found.request.close)
            return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        found = self.find(request.environ)
        name = found.name
        urls = Urls(found.adapter, self._files, fixed=self._fixed)
        context = Context(
            site=self.site,
            request=request,
            urls=urls,
            cookies=Cookies(self.site.settings, found.mount),
        )
        try:
            if name == "static":
                return self._static(**found.values)
            answer = contained(partial(self._handle, context, found))
        except Stop as stop:
            answer = refused(context, stop.answer)
        except HTTPException as error:
            if error.code == 413:
                _drain(request.environ)
            answer = error_page(context, error.code or 500)
            answer = self._finish(context, answer)
            if allowed := dict(error.get_headers()).get("Allow"):
                answer.headers["Allow"] = allowed
            return answer
        except BusyError as busy:
            answer = self._finish(
                context, error_page(context, 503, code="busy", incident=request_number())
            )
            answer.headers["Retry-After"] = str(busy.retry_after)
            return answer
        except (NotFoundError, NotAllowedError, ConflictError) as error:
            statuses = (status for kind, status in _STATUSES if isinstance(error, kind))
            answer = error_page(context, next(statuses))
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - nothing of it may reach the page
            answer = self._failed(context, name, error)
        return self._finish(context, answer)

    def _handle(self, context: Context, found: Found) -> Any:
        if found.error is not None:
            raise found.error
        route, values = self._routes[found.name], found.values
        if route.is_for_monitors:
            return route.handler(context, **values)
        try:
            changed = who_is_there(context, route, self._identify)
            if self._owners[route.name] in known_cut_offs(self.site):
                return error_page(context, 503, code="suspended")
            find_step(context)
        except UnavailableError:
            if not route.stands_alone:
                raise
            context.viewer, context.step, changed = None, None, False
            said = _("Le service est momentanément indisponible : seule cette page répond.")
            context.tell("warning", said)
        if context.request.method not in _SAFE and (
            # A form was shown to who was there before.
            changed or not csrf.is_ours(self.site.settings, context.request, context.browser_id())
        ):
            if is_done_already(context, route):
                return (
                    sign_out(context) if context.viewer is None else after_the_first(context, route)
                )
            return error_page(context, 403, code="form_expired")
        if has_nul(context.request.form):
            raise BadRequest
        if context.request.method == "POST":
            return self._handle_form(context, route, values)
        return self._enter(context, route, values)

    def _handle_form(self, context: Context, route: Route, values: Mapping[str, Any]) -> Any:
        had_session = context.cookies.get(context.request, "session") is not None
        if context.viewer is not None:
            context.viewer = evolve(context.viewer, next_secret=next_secret(context))
        elif had_session and is_second_click(context) and route.access is not Access.PUBLIC:
            return after_the_first(context, route)
        if keep_late_form(context, route, values):
            return error_page(context, 403, code="session_expired")
        try:
            return self._enter(context, route, values)
        except ConflictError:
            # Who clicks twice at once is met by the first click.
            if context.viewer is not None and is_second_click(context):
                return after_the_first(context, route)
            raise

    def _enter(self, context: Context, route: Route, values: Mapping[str, Any]) -> Any:
        guard(context, route, values)
        if context.viewer is not None and "uai" in values:
            here = next((w for w in context.viewer.workplaces if w.code == values["uai"]), None)
            context.viewer = evolve(context.viewer, here=here)
        answer = route.handler(context, **values)
        write_down(context, route, values, answer)
        return answer

    def _failed(self, context: Context, name: str, error: BaseException) -> Page | Response:
        incident = request_number()
        owner = self._owners.get(name, BUILTIN)
        log.error("incident %s in %s", incident, name or "routing")
        self.site.plugins.record_failure(owner, name or "routing", error, self.site.now())
        if owner == BUILTIN:
            return error_page(context, 500, incident=incident)
        return error_page(context, 503, code="module_failed", incident=incident)

    def _finish(self, context: Context, answer: Any) -> Response:
        try:
            response = contained(partial(self._made, context, answer))
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - a template fails like its handler
            response = self._made(
                context, self._failed(context, self.find(context.request.environ).name, error)
            )
        self._set_cookies(context, response, shown=isinstance(answer, Page))
        protect(
            response,
            cacheable=False,
            runs_script=isinstance(answer, Page) and answer.runs_script,
        )
        if is_api(context.request):
            is_public = isinstance(answer, Json) and answer.is_public
            share(response, context.request, self.site.settings, is_public=is_public)
        return response

    def _made(self, context: Context, answer: Any) -> Response:
        match answer:
            case Page():
                return self._page(context, answer)
            case Redirect():
                location = context.urls.to(answer.route, **answer.values)
                return Response(status=303, headers={"Location": location})
            case Json():
                return json_response(answer, context.request)
            case Download():
                response = Response(answer.body, content_type=answer.media_type)
                disposition = f"attachment; filename*=UTF-8''{quote(answer.filename)}"
                response.headers["Content-Disposition"] = disposition
                return response
            case Response():
                return answer
        raise TypeError(f"{type(answer).__name__} is no answer")

    def _page(self, context: Context, page: Page) -> Response:
        site, viewer = self.site, context.viewer
        notices = context.cookies.unpack(context.cookies.get(context.request, "notice"))
        view = {
            "site_name": site.settings.site_name,
            "academie": site.academie.full_name,
            "hotline": site.settings.hotline,
            "viewer": viewer,
            "nav": self._navigation(context),
            "flash": [*notices, *context.notices],
            "csrf": LazyToken(context),
            "urls": context.urls,
            "lang": "fr",
            "demo_bar": site.plugins.banner(viewer),
            **page.view,
        }
        text = self._rendered(page.template, view)
        return Response(text, status=page.status, content_type="text/html; charset=utf-8")

    def _rendered(self, name: str, view: Mapping[str, Any]) -> str:
        for plugin, other in self.site.plugins.page_templates(name):
            where = f"template {other} for {name}"
            call = partial(self._text, other, view)
            if (made := self.site.plugins.watched(plugin, where, call, as_text)) is not None:
                return made
        return self._text(name, view)

    def _text(self, name: str, view: Mapping[str, Any]) -> str:
        return self._templates.get_template(name).render(view)

    def _navigation(self, context: Context) -> list[dict[str, Any]]:
        viewer = context.viewer
        if viewer is None:
            return []
        links = [
            (label, href)
            for plugin, item in self._entries
            if self._owners[item.route] not in self.site.plugins.cut_offs
            and item.shown_to(viewer)
            and (label := item.label())
            and (href := self._address(context, viewer, plugin, item))
        ]
        here = context.request.script_root + context.request.path
        inside = [
            href for _label, href in links if here.startswith(href) and href != context.urls.home
        ]
        # The entry of the page, else the nearest one above it.
        current = here if here == context.urls.home else max(inside, key=len, default="")
        return [
            *self._workplaces(context, viewer),
            *({"label": label, "href": href, "current": href == current} for label, href in links),
        ]

    def _address(self, context: Context, viewer: Viewer, plugin: str, item: NavItem) -> str:
        """Where an entry leads; empty when it does not name what its address needs."""
        to: Callable[[], str] = partial(context.urls.to, item.route, **item.values(viewer))
        if plugin == BUILTIN:
            return to()
        return self.site.plugins.watched(plugin, f"navigation to {item.route}", to, as_text) or ""

    def _workplaces(self, context: Context, viewer: Viewer) -> list[dict[str, Any]]:
        """The establishments of who works in several; one statement, for them alone."""
        if len(viewer.workplaces) < 2:
            return []
        with self.site.database.reading() as tx:
            found = tx.roster.named(viewer.workplaces)
        return [
            {
                "label": each.name,
                "href": context.urls.to(
                    "core.school" if viewer.works_at(each.uai) else "core.teaching",
                    uai=each.uai.code,
                ),
                "here": each.uai == viewer.here,
            }
            for each in found
        ]

    def _set_cookies(self, context: Context, response: Response, *, shown: bool) -> None:
        cookies, request = context.cookies, context.request
        if context.signed_in is not None:
            cookies.set(response, "session", context.signed_in.secret)
            cookies.delete(response, "visit")
            if context.signed_in.device_secret:
                device = context.signed_in.device_secret
                cookies.set(response, "device", device, life=DEVICE_LIFE)
        elif context.signed_out:
            cookies.delete(response, "session")
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        keep_marks(context, response)
        keep_asked(context, response)
        if context.visit is not None:
            cookies.set(response, "visit", context.visit)
        if context.notices and not shown:
            cookies.set(response, "notice", cookies.pack(context.notices))
        elif shown and cookies.get(request, "notice"):
            cookies.delete(response, "notice")

    def _static(self, version: str, name: str) -> Response:
        if self._files.versions.get(name) != version:
            raise NotFound(_("Fichier inconnu"))
        media_type = _TYPES.guess_type(name)[0] or "application/octet-stream"
        response = Response((STATIC / name).read_bytes(), content_type=media_type)
        protect(response, cacheable=True)
        return response
