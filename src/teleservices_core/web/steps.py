"""Before a step that is to be done: nothing but its pages; the page asked for is kept."""

from __future__ import annotations

from typing import Final

from attrs import evolve
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from teleservices_core.contributions import Route, Step
from teleservices_core.errors import TeleservicesError
from teleservices_core.usecases.confirming import CONFIRM, must_confirm
from teleservices_core.usecases.steps import open_step
from teleservices_core.web.context import Context
from teleservices_core.web.pages.errors import step_page
from teleservices_core.web.responses import Page, Redirect

_ALWAYS: Final = frozenset(
    {"core.sign_out", "core.signed_out", "core.help", "core.privacy", "core.accessibility"}
)
"""What the law, and who is lost, need; they show nothing of the account."""
_LONGEST: Final = 1_000
"""Characters of an address that is kept in a cookie."""


class Stop(TeleservicesError):  # noqa: N818 - an answer, not an error
    """The request goes no further; ``answer`` is what the person sees."""

    def __init__(self, answer: Page | Redirect | Response) -> None:
        self.answer = answer
        super().__init__()


def find_step(context: Context) -> None:
    """Note which step the viewer has to do; from then on, he is nobody in particular."""
    if context.viewer is not None:
        context.step = open_step(context.site, context.viewer)
        if context.step is not None:
            context.viewer = evolve(context.viewer, step=context.step.name)


def stand_before(context: Context, route: Route) -> None:
    """Raise :exc:`Stop` for a route that an open step closes.

    A page is kept for later. The text of a form is given back to be copied, never kept
    for the account: who has not done the step may be somebody else.
    """
    step = context.step or _confirmation(context, route)
    if step is None or route.name in step.routes or route.name in _ALWAYS:
        return
    if context.request.method == "POST":
        if "GET" in route.methods and step is CONFIRM:
            _keep(context)
        raise Stop(step_page(context, step))
    if route.name != "core.home":
        _keep(context)
    raise Stop(Redirect(step.route))


def _confirmation(context: Context, route: Route) -> Step | None:
    """What stands before a grave act of who proved long ago who is there."""
    if not route.is_grave or context.viewer is None:
        return None
    minutes = context.site.settings.durations.proof_minutes
    return CONFIRM if must_confirm(context.viewer, context.site.now(), minutes) else None


def _keep(context: Context) -> None:
    request = context.request
    query = request.query_string.decode("latin-1")
    if len(request.path) + len(query) <= _LONGEST:
        account_id = str(context.me.account.id)
        context.asked = context.cookies.seal("asked", [account_id, request.path, query])


def page_asked(context: Context) -> str:
    """The address of the page that was asked for before the step, or of the first one."""
    kept = context.cookies.unseal("asked", context.cookies.get(context.request, "asked"))
    context.asked = ""
    if kept is None or kept[0] != str(context.me.account.id):
        return context.urls.home
    _account_id, path, query = kept
    try:
        # Built anew: whatever was asked for, it leads to a page of ours.
        name, values = context.urls.adapter.match(path, method="GET")
    except HTTPException:
        return context.urls.home
    return context.urls.to(name, **values) + (f"?{query}" if query else "")


def lead_back(context: Context) -> Response:
    """Go to that page."""
    return Response(status=303, headers={"Location": page_asked(context)})


def keep_asked(context: Context, response: Response) -> None:
    """Set or forget the cookie of the page that was asked for."""
    if context.asked:
        context.cookies.set(response, "asked", context.asked)
    elif context.asked is not None and context.cookies.get(context.request, "asked"):
        context.cookies.delete(response, "asked")
