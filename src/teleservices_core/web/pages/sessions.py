"""« Mon compte », connections and devices: see them, close them."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.i18n import _
from teleservices_core.usecases import my_sessions
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.responses import Page, Redirect


@frozen
class CloseForm:
    """Which of one's sessions to close."""

    session: str = text(16)


def sessions(context: Context) -> Page:
    """Where the account is open, and which devices it knows; this one is said so."""
    here = context.me.session
    found = my_sessions.my_access(context.site, context.me)
    return Page(
        "sessions.html",
        {
            "sessions": sorted(found.sessions, key=lambda each: each.id_hash != here.id_hash),
            "here": here,
            "is_known": any(each.digest == here.device_hash for each in found.devices),
            "others": [each for each in found.devices if each.digest != here.device_hash],
        },
    )


def close_session(context: Context) -> Redirect:
    """Close one session; one's own here is left to « Se déconnecter »."""
    form = read_form(context.request, CloseForm)
    handle = form.typed.get("session", "")
    if handle != context.me.session.handle and my_sessions.close_session(
        context.site, context.me, handle
    ):
        context.tell("success", _("Cette connexion est fermée."))
    else:
        context.tell("info", _("Cette connexion était déjà fermée."))
    return context.redirect("core.sessions")


def close_sessions(context: Context) -> Redirect:
    """Sign out everywhere but here, and forget the other devices."""
    my_sessions.close_other_sessions(context.site, context.me)
    context.tell(
        "success", _("Vous n’êtes plus connecté qu’ici, et seul cet appareil est encore reconnu.")
    )
    return context.redirect("core.sessions")


ROUTES: Final = (
    Route("core.sessions", "/compte/connexions", sessions, Access.SIGNED_IN),
    Route(
        "core.close_sessions",
        "/compte/connexions/tout-fermer",
        close_sessions,
        Access.SIGNED_IN,
        ("POST",),
    ),
    Route(
        "core.close_session",
        "/compte/connexions/fermer",
        close_session,
        Access.SIGNED_IN,
        ("POST",),
    ),
)
