"""« Mon compte »: what is known, and what its owner may change."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import my_account
from teleservices_core.usecases.home import family_home
from teleservices_core.usecases.passwords import minimum_length
from teleservices_core.usecases.signing_in import SignedIn
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.host_links import host_links
from teleservices_core.web.pages.identity import linked
from teleservices_core.web.pages.passwords import PasswordForm, submit
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.second_clicks import was_used_just_now
from teleservices_core.words.addresses import tell_bad_address


@frozen
class EmailForm:
    """A new address, and the password that proves who asks."""

    current: str = text(1024)
    email: str = text(254)


def account(context: Context) -> Page:
    """Who is signed in, and the children attached (F19)."""
    viewer = context.me
    return Page(
        "account.html",
        {
            "account": viewer.account,
            "answers": family_home(context.site, viewer) if viewer.is_family else [],
            "identities": linked(context),
            "host": host_links(context),
        },
    )


def change_password(context: Context) -> Page | Redirect:
    """Change the password; everywhere else is signed out."""
    form = submit(context, lambda typed: _change(context, typed))
    if form.done:
        context.tell("success", _("Votre mot de passe est changé."))
        return context.redirect("core.account")
    account = context.me.account
    view = {
        **form.view,
        "minimum": minimum_length(account.audience),
        "login_name": account.login_name,
    }
    return Page("change_password.html", view, form.status)


def _change(context: Context, typed: PasswordForm) -> SignedIn:
    return my_account.change_password(context.site, context.me, typed.current, typed.password)


def change_email(context: Context) -> Page | Redirect:
    """Ask for another address, which counts once its link is followed (F37)."""
    viewer = context.me
    errors: dict[str, str] = {}
    typed, must_sign_in = "", False
    if context.request.method == "POST":
        form = read_form(context.request, EmailForm)
        typed = form.typed.get("email", "")
        try:
            address = my_account.change_email(
                context.site, viewer, form.typed.get("current", ""), typed
            )
        except RefusedError as refused:
            must_sign_in = refused.code == "sign_in_again"
            errors = {} if must_sign_in else _email_errors(refused)
        else:
            said = _("Ouvrez le lien envoyé à {address} : il rend la nouvelle adresse valable.")
            context.tell("info", said.format(address=address))
            return context.redirect("core.account")
    view = {
        "errors": errors,
        "email": typed,
        "present": viewer.account.email,
        "has_password": viewer.account.password_hash is not None,
        "must_sign_in": must_sign_in,
        "days": context.site.settings.durations.email_link_days,
    }
    return Page("change_email.html", view, 422 if errors or must_sign_in else 200)


def _email_errors(refused: RefusedError) -> dict[str, str]:
    match refused.code:
        case "wrong_password":
            return {"current": _("Ce n’est pas votre mot de passe actuel.")}
        case "throttled":
            return {"current": _("Trop d’essais : attendez quelques minutes avant de recommencer.")}
        case "same_email":
            return {"email": _("C’est déjà votre adresse.")}
    return {"email": tell_bad_address(refused)}


def undo_email(context: Context, secret: str) -> Page | Redirect:
    """Bring back the address that a change replaced."""
    try:
        address, _account = my_account.look_at_undo(context.site, secret)
        if context.request.method != "POST":
            return Page("undo_email.html", {"address": address})
        my_account.undo_email(context.site, secret)
    except RefusedError as refused:
        if not was_used_just_now(context, refused):
            return Page("link_dead.html", {"refusal": refused.code, "retry": "core.sign_in"}, 410)
    context.tell(
        "success",
        _(
            "Votre ancienne adresse est rétablie et toutes les connexions sont fermées. "
            "Par prudence, changez votre mot de passe."
        ),
    )
    context.signed_out = True
    return context.redirect("core.lost_password")


ROUTES: Final = (
    Route("core.undo_email", "/retablir/<secret>", undo_email, Access.PUBLIC, FORM),
    Route("core.account", "/compte", account, Access.SIGNED_IN),
    Route(
        "core.change_password",
        "/compte/mot-de-passe",
        change_password,
        Access.SIGNED_IN,
        FORM,
    ),
    Route("core.change_email", "/compte/courriel", change_email, Access.SIGNED_IN, FORM),
)
