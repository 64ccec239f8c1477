"""A form sent twice, by a double click or from another tab, ends where it would have once.

A form that opens a session, or puts one in the place of another, gives it a secret made
under the site's key of all that the form says: its token, and whatever was typed. The very
same form finds that session again, whichever of the two answers the browser has kept;
nobody else does, not even who holds the session before: he does not know what was typed.
"""

from __future__ import annotations

from typing import Final

from werkzeug import Response

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import SessionPurpose
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import keyed
from teleservices_core.i18n import _
from teleservices_core.usecases.confirming import CONFIRM
from teleservices_core.usecases.once_more import JUST_NOW
from teleservices_core.usecases.signing_in import SignedIn, resume
from teleservices_core.web import csrf
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Redirect

_FULL: Final = SessionPurpose.FULL
_STEPS: Final = frozenset({Access.FIRST_LOGIN, Access.RENEWAL})
_ENTRANCES: Final = frozenset({"core.sign_in", "core.link_account"})


def next_secret(context: Context) -> str:
    """The secret of a session that this form opens."""
    request = context.request
    said = sorted(request.form.items(multi=True))
    return keyed(context.site.settings.secret_key, "next session", repr((request.path, said)))


def is_second_click(context: Context) -> bool:
    """Whether this very form has opened a session a moment ago: it is taken again then."""
    secret = next_secret(context)
    found = resume(context.site, secret)
    if found is None or context.site.now() - found.session.created_at > JUST_NOW:
        return False
    context.viewer, context.signed_in = found, SignedIn(secret, found.session)
    return True


def after_the_first(context: Context, route: Route) -> Redirect | Response:
    """Where the first click led, or on the way there."""
    if any(route.name == step.route for step in (CONFIRM, *context.site.catalogue.steps)):
        return context.leave_step()
    if route.access is not Access.SIGNED_IN:
        return Redirect("core.home")
    context.tell("success", _("C’est enregistré."))
    return Redirect("core.account")


def is_done_already(context: Context, route: Route) -> bool:
    """Whether a form whose token is no longer good asks for what is done."""
    request = context.request
    if not request.form.get(csrf.FIELD) or not csrf.is_from_here(context.site.settings, request):
        return False
    if route.name == "core.sign_out":
        return context.viewer is None
    enters = route.name in _ENTRANCES or route.access in _STEPS
    if enters and context.viewer is not None and context.viewer.session.purpose is _FULL:
        return True
    return context.viewer is not None and is_second_click(context)


def was_used_just_now(context: Context, refused: RefusedError) -> bool:
    """Whether a mailed link is refused only since the same button was pressed a moment ago."""
    if refused.code != "link_used" or context.request.method != "POST":
        return False
    used_at = refused.detail["at"]
    return bool(context.site.now() - used_at <= JUST_NOW)  # type: ignore[operator]
