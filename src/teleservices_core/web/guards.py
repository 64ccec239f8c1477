"""Who may reach a route: one place, before any handler."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import SessionPurpose
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import (
    ConflictError,
    InvalidValueError,
    NotFoundError,
)
from teleservices_core.i18n import _
from teleservices_core.usecases.claiming import go_on
from teleservices_core.usecases.consultations import consult
from teleservices_core.usecases.home import child_module
from teleservices_core.usecases.kept import Kept, kept_about
from teleservices_core.web.context import Context
from teleservices_core.web.late_forms import keep_closed_form
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.steps import Stop, stand_before


def guard(context: Context, route: Route, values: Mapping[str, Any]) -> None:
    """Let the request in, or raise :exc:`Stop` or :exc:`NotFoundError`.

    Who is not signed in goes to the sign-in page; who has not finished the
    first login goes back to its next step (F11, F12); a place that is not the
    viewer's does not exist for him. Before a step that is to be done, every route is
    closed, the public ones too, but for those of :func:`.steps.stand_before`.
    """
    stand_before(context, route)
    if route.access is Access.PUBLIC:
        return
    viewer = context.viewer
    if viewer is None:
        if context.request.method == "POST" and route.access in _PURPOSE:
            # A second click, after the first has changed the session.
            said = _("Si vous venez de choisir un mot de passe, connectez-vous avec celui-ci.")
            context.tell("info", said)
        raise Stop(Redirect(context.entrance))
    if viewer.has_gone_further:
        # Of two pages asked for at once, one has gone on already.
        with suppress(ConflictError):
            context.signed_in = go_on(context.site, viewer)
        raise Stop(Redirect("core.home"))
    if viewer.session.purpose is not _PURPOSE.get(route.access, SessionPurpose.FULL):
        raise Stop(Redirect("core.home" if viewer.in_full else next_step(viewer)))
    if route.access in _PURPOSE:
        return
    if not _may(context, viewer, route, values):
        raise NotFoundError(f"{route.name} is not for this account")


def write_down(context: Context, route: Route, values: Mapping[str, Any], answer: object) -> None:
    """Keep in the journal what a member of staff is about to see of families.

    Before it leaves: what cannot be written down is not shown. A form that is refused
    comes back on the whole page.
    """
    if not route.consults or isinstance(answer, Redirect):
        return
    named = values.get("account_id") or values.get("student_id")
    persons = context.shown or ([named] if named else [])
    uai = Uai(values["uai"]) if "uai" in values else None
    consult(context.site, context.me, route.consults, uai, persons)


_PURPOSE: Final = {
    Access.FIRST_LOGIN: SessionPurpose.FIRST_LOGIN,
    Access.RENEWAL: SessionPurpose.RENEWAL,
}


def next_step(viewer: Viewer) -> str:
    """The route of the next step of a session that is not yet in full."""
    if viewer.session.purpose is SessionPurpose.RENEWAL:
        return "core.renew_password"
    if viewer.account.takes_letter:
        return "core.choose_password"
    if viewer.account.pending_email:
        return "core.await_confirmation"
    return "core.give_email"


def _may(context: Context, viewer: Viewer, route: Route, values: Mapping[str, Any]) -> bool:
    match route.access:
        case Access.SIGNED_IN:
            return True
        case Access.FAMILY:
            return viewer.is_family
        case Access.GUARDIAN:
            return viewer.is_family and viewer.is_guardian
        case Access.CHILD:
            return viewer.is_family and _enter(context, viewer, route, values)
        case Access.SCHOOL:
            return viewer.works_at(_uai(values))
        case Access.HEAD:
            return viewer.heads(_uai(values))
        case Access.TEACHER:
            return viewer.teaches(_uai(values))
        case Access.ACADEMY:
            return viewer.is_academy
        case Access.HOTLINE:
            return viewer.is_hotline or viewer.is_academy
    return False


def _uai(values: Mapping[str, Any]) -> Uai:
    try:
        return Uai(values["uai"])
    except InvalidValueError:
        raise NotFoundError("no such establishment") from None


def _enter(context: Context, viewer: Viewer, route: Route, values: Mapping[str, Any]) -> bool:
    child, answer = child_module(
        context.site, viewer.account, values["student_id"], route.module_id
    )
    context.child, context.module = child, answer
    if answer is not None and not answer.is_open:
        typed: list[str] = []
        kept: tuple[Kept, ...] = ()
        if answer.decision.is_switched_off:
            # In this order: what was typed now is part of what is kept.
            typed = keep_closed_form(context, route, viewer.account, values)
            kept = kept_about(
                context.site, viewer.account, child.student.id, answer.decision.module.id
            )
        view = {"child": child, "answer": answer, "kept": kept, "typed": typed}
        raise Stop(Page("closed.html", view, status=403))
    return True
