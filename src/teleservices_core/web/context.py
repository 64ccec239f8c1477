"""One request, as handlers and templates see it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from attrs import Factory, define, field, frozen
from werkzeug import Request, Response

from teleservices_core.contributions import Step
from teleservices_core.domain.families import Child
from teleservices_core.domain.identities import ExternalIdentity
from teleservices_core.domain.throttling import source_of
from teleservices_core.domain.viewers import Viewer
from teleservices_core.hashing import new_secret
from teleservices_core.usecases.answers import ModuleAnswer
from teleservices_core.usecases.signing_in import SignedIn, sign_in, sign_out
from teleservices_core.usecases.site import Site
from teleservices_core.web import csrf
from teleservices_core.web.cookies import Cookies, Notice
from teleservices_core.web.responses import Redirect
from teleservices_core.web.urls import Urls


@define
class Context:
    """Handed to every handler. Guards have already passed."""

    site: Site
    request: Request
    urls: Urls
    cookies: Cookies
    viewer: Viewer | None = None
    child: Child | None = None
    """The student of the address, for routes with ``Access.CHILD``."""
    module: ModuleAnswer | None = None
    """The decision that let the request in, for routes of a module."""
    step: Step | None = field(default=None, init=False)
    """What the viewer has to do before going on."""
    asked: str | None = field(default=None, init=False)
    """The page asked for before that, sealed for a cookie; empty to forget it."""
    signed_in: SignedIn | None = field(default=None, init=False)
    signed_out: bool = field(default=False, init=False)
    visit: str | None = field(default=None, init=False)
    identity: ExternalIdentity | None = field(default=None, init=False)
    """Whom the host has signed in, linked to an account or not."""
    refusal: str = field(default="", init=False)
    """Why that identity opened no session: a code of ``usecases.identities``."""
    beside: str | None = field(default=None, init=False)
    """To be kept in the browser: see ``web.identity``."""
    waiting: str | None = field(default=None, init=False)
    """Likewise; empty to forget it."""
    notices: list[Notice] = Factory(list)
    shown: list[UUID] = field(factory=list, init=False)
    """Accounts and students whose data the page shows: see :meth:`shows`."""

    @property
    def me(self) -> Viewer:
        """Who is signed in, on routes where somebody must be."""
        if self.viewer is None:
            raise RuntimeError("the route is not guarded")
        return self.viewer

    def shows(self, *persons: UUID) -> None:
        """Say whose data the page shows, where the address does not: see ``Route.consults``."""
        self.shown += persons

    @property
    def entrance(self) -> str:
        """The route where somebody not signed in begins."""
        return "core.sign_in" if self.identity is None else "core.link_account"

    @property
    def source(self) -> str:
        """What the client's attempts are counted by: its address, the /64 of an IPv6 one.

        As declared by trusted proxies only.
        """
        trusted = self.site.settings.trusted_proxies
        chain = list(self.request.access_route) if trusted else []
        if trusted and len(chain) >= trusted:
            return source_of(str(chain[-trusted]))
        return source_of(self.request.remote_addr or "")

    @property
    def device(self) -> str:
        """A short name of the browser, to recognize a session by."""
        agent = self.request.user_agent.string
        browsers = (
            ("Edg/", "Edge"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        )
        systems = (
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Windows", "Windows"),
            ("Mac OS", "Mac"),
            ("Linux", "Linux"),
        )
        browser = next((name for mark, name in browsers if mark in agent), "")
        system = next((name for mark, name in systems if mark in agent), "")
        return ", ".join(filter(None, (browser, system)))

    @property
    def device_secret(self) -> str:
        """What accounts know this browser by; empty when it has signed in to none."""
        secret = self.cookies.get(self.request, "device") or ""
        return secret if re.fullmatch(r"[\w-]{43}", secret, re.ASCII) else ""

    def browser_id(self) -> str | None:
        """The secret that this browser's forms are bound to."""
        return self.cookies.get(self.request, "session") or self.cookies.get(self.request, "visit")

    def csrf_token(self) -> str:
        """What the page's forms carry; a visitor without a cookie is given one."""
        return csrf.token(self.site.settings, self._next_browser_id())

    def _next_browser_id(self) -> str:
        # By the cookie that the answer leaves, which is not always the one that came.
        if self.signed_in is not None:
            return self.signed_in.secret
        session = None if self.signed_out else self.cookies.get(self.request, "session")
        return session or self.visit_id()

    def visit_id(self) -> str:
        """The secret of the visit cookie, given now to a browser that has none."""
        found = self.visit or self.cookies.get(self.request, "visit")
        if found is None:
            found = self.visit = new_secret()
        return found

    def tell(self, kind: str, text: str) -> None:
        """Show a message on the next page."""
        self.notices.append(Notice(kind, text))

    def enter(self, done: SignedIn) -> None:
        """Take the session just opened; the one that this browser had is closed."""
        if self.viewer is not None:
            sign_out(self.site, self.viewer)
        self.signed_in = done

    def sign_in(self, login_name: str, secret: str) -> SignedIn:
        """Open a session from this browser. Raises as :func:`.signing_in.sign_in`."""
        return sign_in(
            self.site,
            login_name,
            secret,
            source=self.source,
            device=self.device,
            device_secret=self.device_secret,
        )

    def leave_step(self) -> Response:
        """Once a step is done: go to the page that was asked for before it."""
        from teleservices_core.web.steps import lead_back

        return lead_back(self)

    def redirect(self, route: str, **values: Any) -> Redirect:
        """Go to a route after a form."""
        return Redirect(route, values)


@frozen
class LazyToken:
    """The form token, made only if the page has a form: it may cost a cookie."""

    _context: Context

    def __str__(self) -> str:
        return self._context.csrf_token()
