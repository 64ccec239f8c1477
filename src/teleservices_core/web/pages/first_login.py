"""The steps of a first login."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, show_age
from teleservices_core.usecases import claiming
from teleservices_core.usecases.corrections import children_seen
from teleservices_core.usecases.passwords import minimum_length
from teleservices_core.usecases.signing_in import SignedIn
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.guards import next_step
from teleservices_core.web.pages.passwords import PasswordForm, submit
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.addresses import tell_bad_address


@frozen
class EmailForm:
    """An address."""

    email: str = text(254)


def choose_password(context: Context) -> Page | Redirect:
    """Replace the provisional password (F11)."""
    viewer = context.me
    if not viewer.account.takes_letter:
        return context.redirect(next_step(viewer))
    try:
        form = submit(context, lambda typed: _claim(context, typed))
    except RefusedError:
        context.tell("error", _("Cette notification ne fonctionne plus. Connectez-vous à nouveau."))
        context.signed_out = True
        return context.redirect("core.sign_in")
    if form.done:
        return context.redirect("core.home")
    account = viewer.account
    view = {
        **form.view,
        "minimum": minimum_length(account.audience),
        "steps": _steps(account.audience) if account.email is None else [],
        "login_name": account.login_name,
        "children": children_seen(context.site, viewer),
    }
    return Page("choose_password.html", view, form.status)


def _claim(context: Context, typed: PasswordForm) -> SignedIn:
    return claiming.choose_password(context.site, context.me, typed.password)


def give_email(context: Context) -> Page | Redirect:
    """Ask for an address: required of a guardian, recommended to a student (F12, F13)."""
    viewer = context.me
    if viewer.account.state is not AccountState.CLAIMED:
        return context.redirect(next_step(viewer))
    errors: dict[str, str] = {}
    typed = viewer.account.pending_email or ""
    if context.request.method == "POST":
        form = read_form(context.request, EmailForm)
        typed = form.typed.get("email", "")
        try:
            context.signed_in = claiming.give_email(context.site, viewer, typed)
        except RefusedError as refused:
            errors["email"] = tell_bad_address(refused)
        else:
            if viewer.account.audience is Audience.STUDENT:
                context.tell(
                    "info",
                    _("Un message de confirmation vient de partir vers {address}.").format(
                        address=typed.strip()
                    ),
                )
            return context.redirect("core.home")
    return Page(
        "give_email.html",
        {
            "errors": errors,
            "email": typed,
            "required": viewer.account.audience is not Audience.STUDENT,
            "steps": _steps(viewer.account.audience),
            "days": context.site.settings.durations.email_link_days,
        },
        status=422 if errors else 200,
    )


def skip_email(context: Context) -> Redirect:
    """Go on without an address (students only)."""
    try:
        context.signed_in = claiming.skip_email(context.site, context.me)
    except RefusedError:
        context.tell("error", _("Une adresse est nécessaire pour un responsable."))
        return context.redirect("core.give_email")
    return context.redirect("core.home")


def await_confirmation(context: Context) -> Page | Redirect:
    """Say where the mail went, when, and what to do if it does not come (F20)."""
    viewer = context.me
    if viewer.account.pending_email is None:
        return context.redirect(next_step(viewer))
    sent_at = claiming.last_sending(context.site, viewer)
    return Page(
        "await_confirmation.html",
        {
            "address": viewer.account.pending_email,
            "sent_at": sent_at,
            "age": show_age(context.site.now() - sent_at) if sent_at else "",
            "steps": _steps(viewer.account.audience),
            "days": context.site.settings.durations.email_link_days,
        },
    )


def resend(context: Context) -> Redirect:
    """Send the link again."""
    try:
        claiming.resend(context.site, context.me)
    except RefusedError as refused:
        if refused.code == "too_soon":
            context.tell(
                "warning",
                _("Un message vient de partir : attendez une minute avant d’en demander un autre."),
            )
        else:
            context.tell("info", _("Rien n’est parti : cette adresse n’est plus à confirmer."))
    else:
        context.tell(
            "success", _("Un nouveau message vient de partir. Le précédent ne fonctionne plus.")
        )
    return context.redirect("core.await_confirmation")


def _steps(audience: Audience) -> list[str]:
    steps = [_("Mot de passe")]
    if audience is not Audience.STAFF:
        steps.append(_("Adresse électronique"))
    if audience is Audience.GUARDIAN:
        steps.append(_("Confirmation"))
    return steps


ROUTES: Final = (
    Route(
        "core.choose_password",
        "/activation/mot-de-passe",
        choose_password,
        Access.FIRST_LOGIN,
        FORM,
    ),
    Route(
        "core.give_email",
        "/activation/courriel",
        give_email,
        Access.FIRST_LOGIN,
        FORM,
    ),
    Route(
        "core.skip_email",
        "/activation/sans-courriel",
        skip_email,
        Access.FIRST_LOGIN,
        ("POST",),
    ),
    Route(
        "core.await_confirmation",
        "/activation/en-attente",
        await_confirmation,
        Access.FIRST_LOGIN,
    ),
    Route("core.resend", "/activation/renvoyer", resend, Access.FIRST_LOGIN, ("POST",)),
)
