"""The sign-in page (F10, F30)."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import signing_in
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form
from teleservices_core.web.host_links import host_links
from teleservices_core.web.pages.refusals import Refusal, SignInForm, refusal_of
from teleservices_core.web.responses import Page, Redirect


def sign_in(context: Context) -> Page | Redirect:
    """Sign in with a password, or for the first time with a letter (F10, F30)."""
    if context.request.method != "POST":
        if context.viewer is not None:
            return context.redirect("core.home")
        return _page(context)
    form = read_form(context.request, SignInForm)
    login_name = form.typed.get("login_name", "")[:100]
    if form.value is None:
        return _page(context, login_name, Refusal(_("Identifiant ou mot de passe trop long")))
    try:
        done = context.sign_in(form.value.login_name, form.value.password)
    except RefusedError as refused:
        return _page(context, login_name, refusal_of(context, refused))
    context.enter(done)
    return context.redirect("core.home")


def _page(context: Context, login_name: str = "", refusal: Refusal | None = None) -> Page:
    # What is typed can be shown as it is typed, but no password comes back here:
    # a page open to all must not repeat a secret that it was sent.
    visible = context.request.args.get("visible") == "1"
    view = {
        "login_name": login_name,
        "refusal": refusal,
        "visible": visible,
        "host": host_links(context),
        "to_link": context.identity is not None,
    }
    return Page("sign_in.html", view, 422 if refusal else 200)


def sign_out(context: Context) -> Redirect:
    """Close the session; the page shown next holds nothing of it."""
    if context.viewer is not None:
        signing_in.sign_out(context.site, context.viewer)
    context.signed_out = True
    by_host = context.viewer is not None and context.viewer.session.identity_hash is not None
    if by_host or context.identity is not None:
        return context.redirect("core.signed_out")
    context.tell("success", _("Vous êtes déconnecté."))
    return context.redirect("core.sign_in")


ROUTES: Final = (
    Route("core.sign_in", "/connexion", sign_in, Access.PUBLIC, FORM),
    Route("core.sign_out", "/deconnexion", sign_out, Access.PUBLIC, ("POST",)),
)
