"""Lost identifier, lost password, and the link that sets a new one (F33 to F35)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, show_instant
from teleservices_core.usecases import recovery
from teleservices_core.usecases.passwords import minimum_length
from teleservices_core.usecases.signing_in import SignedIn
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.passwords import PasswordForm, submit
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.second_clicks import (
    is_second_click,
    next_secret,
    was_used_just_now,
)
from teleservices_core.words.addresses import tell_bad_address


@frozen
class LostLoginForm:
    """The address of the account."""

    email: str = text(254)


@frozen
class LostPasswordForm:
    """The identifier of the account."""

    login_name: str = text(100)


def lost_login(context: Context) -> Page:
    """Ask for the identifiers of an address; the answer is the same for any (F33)."""
    errors: dict[str, str] = {}
    typed = ""
    if context.request.method == "POST":
        form = read_form(context.request, LostLoginForm)
        typed = form.typed.get("email", "")
        try:
            recovery.ask_login_names(context.site, typed, source=context.source)
        except RefusedError as refused:
            errors["email"] = _not_asked(context, refused) or tell_bad_address(refused)
        else:
            return Page("lost_sent.html", {"what": "login", "typed": typed.strip(), "days": 0})
    status = 422 if errors else 200
    return Page("lost_login.html", {"errors": errors, "email": typed}, status)


def lost_password(context: Context) -> Page:
    """Ask for a link; the answer is the same for any identifier (F34)."""
    days = context.site.settings.durations.reset_link_days
    errors: dict[str, str] = {}
    typed = ""
    if context.request.method == "POST":
        form = read_form(context.request, LostPasswordForm)
        typed = form.typed.get("login_name", "")[:100].strip()
        if typed:
            try:
                recovery.ask_reset(context.site, typed, source=context.source)
            except RefusedError as refused:
                errors["login_name"] = _not_asked(context, refused)
            else:
                view = {"what": "password", "typed": typed, "days": days}
                return Page("lost_sent.html", view)
    view = {"days": days, "errors": errors, "login_name": typed}
    return Page("lost_password.html", view, 422 if errors else 200)


def _not_asked(context: Context, refused: RefusedError) -> str:
    """Why nothing is sent this time: the same for what exists and what does not."""
    if refused.code not in {"too_many", "throttled"}:
        return ""
    until = refused.detail["until"]
    assert isinstance(until, datetime)  # noqa: S101 - said by the one who raises it
    when = show_instant(until, context.site.academie.zone)
    if refused.code == "too_many":
        said = _(
            "Aucun message ne part cette fois : trois demandes ont déjà été faites dans l’heure. "
            "Ouvrez le dernier message reçu, ou recommencez à partir du {when}."
        )
    else:
        said = _(
            "Aucun message ne part cette fois : trop de demandes viennent de votre réseau en même "
            "temps. Recommencez à partir du {when}."
        )
    return said.format(when=when)


def reset(context: Context, secret: str) -> Page | Redirect:
    """Show a button; only pressing it uses the mailed link, so that a mail scanner cannot (F34)."""
    try:
        if context.request.method != "POST":
            _token, account = recovery.look_at_reset(context.site, secret)
            return Page("reset_password.html", {"login_name": account.login_name})
        opened = recovery.open_renewal(
            context.site,
            secret,
            device=context.device,
            device_secret=context.device_secret,
            session_secret=next_secret(context),
        )
    except RefusedError as refused:
        if was_used_just_now(context, refused) and is_second_click(context):
            return context.redirect("core.renew_password")
        return Page("link_dead.html", {"refusal": refused.code, "retry": "core.lost_password"}, 410)
    context.enter(opened)
    return context.redirect("core.renew_password")


def renew_password(context: Context) -> Page | Redirect:
    """Choose a password: after a mailed link (F34), or when the académie wants a new one."""
    account = context.me.account
    form = submit(context, lambda typed: _renew(context, typed))
    if form.done:
        context.tell("success", _("Votre mot de passe est changé."))
        return context.redirect("core.home")
    view = {
        **form.view,
        "minimum": minimum_length(account.audience),
        "login_name": account.login_name,
        "must": account.must_renew,
    }
    return Page("renew_password.html", view, form.status)


def _renew(context: Context, typed: PasswordForm) -> SignedIn:
    return recovery.renew_password(context.site, context.me, typed.password)


ROUTES: Final = (
    Route("core.lost_login", "/identifiant-oublie", lost_login, Access.PUBLIC, FORM),
    Route("core.lost_password", "/mot-de-passe-oublie", lost_password, Access.PUBLIC, FORM),
    Route("core.reset", "/nouveau-mot-de-passe/<secret>", reset, Access.PUBLIC, FORM),
    Route("core.renew_password", "/nouveau-mot-de-passe", renew_password, Access.RENEWAL, FORM),
)
