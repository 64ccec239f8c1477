"""« Double authentification »: give it, set it up, look after it in « Mon compte »."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from attrs import frozen
from markupsafe import Markup
from werkzeug import Response

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.security_keys import SecurityKey
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _, show_wait
from teleservices_core.one_time_codes import address_of, picture_of
from teleservices_core.security_keys import LONGEST_ANSWER
from teleservices_core.usecases import second_factor
from teleservices_core.usecases.factor_proof import Given
from teleservices_core.web.context import Context
from teleservices_core.web.forms import Form, read_form, text
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.steps import page_asked

_RECOVERY: Final = "secours"
"""In the address: the field is for a code on paper."""


@frozen
class FactorForm:
    """A code of the telephone or of the paper, or what a security key answers."""

    code: str = text(40)
    answer: str = text(LONGEST_ANSWER)


@frozen
class ProvedForm(FactorForm):
    """A second factor, and the password that proves who asks."""

    current: str = text(1024)


@frozen
class CodeForm:
    """A code, and the password that proves who asks."""

    code: str = text(40)
    current: str = text(1024)


@frozen
class PasswordForm:
    """The password that proves who asks."""

    current: str = text(1024)


def enter(context: Context) -> Page | Redirect | Response:
    """Ask for the code that stands between the password and going on."""
    viewer = context.me
    if viewer.account.factor_since is None or viewer.session.factor_at is not None:
        return context.leave_step()
    errors: dict[str, str] = {}
    if context.request.method == "POST":
        form = read_form(context.request, FactorForm)
        try:
            context.signed_in = second_factor.enter(context.site, viewer, given_in(form))
        except RefusedError as refused:
            errors = errors_of(context, refused)
        else:
            return context.leave_step()
    factor = second_factor.my_factor(context.site, viewer)
    has_telephone = factor.telephone_since is not None
    view = {
        "errors": errors,
        "has_telephone": has_telephone,
        "has_keys": bool(factor.live_keys),
        "on_paper": not has_telephone or _RECOVERY in context.request.args,
    }
    return Page("factor/enter.html", view, 422 if errors else 200, bool(factor.live_keys))


def set_up(context: Context) -> Page:
    """Show the key to an application, and take the code that it makes of it."""
    viewer, settings = context.me, context.site.settings
    only_staff(context)
    errors: dict[str, str] = {}
    must_sign_in = False
    if context.request.method == "POST":
        form = read_form(context.request, CodeForm)
        code, current = form.typed.get("code", ""), form.typed.get("current", "")
        try:
            context.signed_in, codes = second_factor.set_up(context.site, viewer, code, current)
        except RefusedError as refused:
            must_sign_in = refused.code == "sign_in_again"
            errors = {} if must_sign_in else errors_of(context, refused)
        else:
            return show_codes(context, codes, page_asked(context))
    secret = second_factor.proposed_secret(context.site, viewer.session)
    address = address_of(secret, login_name=viewer.account.login_name, site_name=settings.site_name)
    view = {
        "errors": errors,
        "must_sign_in": must_sign_in,
        "address": address,
        "picture": Markup(picture_of(address)),  # noqa: S704 - drawn here
        "key": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "login_name": viewer.account.login_name,
        "has_password": viewer.account.password_hash is not None,
        "is_owed": bool(viewer.step),
        "takes_keys": second_factor.my_factor(context.site, viewer).takes_keys,
    }
    return Page("factor/set_up.html", view, 422 if errors or must_sign_in else 200)


def manage(context: Context, errors: Mapping[str, str] | None = None) -> Page:
    """Say what there is and since when, and what can be done with it."""
    only_staff(context)
    factor = second_factor.my_factor(context.site, context.me)
    view = {
        "factor": factor,
        "has_password": context.me.account.password_hash is not None,
        "login_name": context.me.account.login_name,
        "errors": errors or {},
    }
    return Page("factor/manage.html", view, 422 if errors else 200, bool(factor.live_keys))


def renew_codes(context: Context) -> Page:
    """Make new recovery codes, and show them once."""
    only_staff(context)
    form = read_form(context.request, ProvedForm)
    current = form.typed.get("current", "")
    try:
        codes = second_factor.renew_codes(context.site, context.me, given_in(form), current)
    except RefusedError as refused:
        return manage(context, errors_of(context, refused))
    return show_codes(context, codes, context.urls.to("core.second_factor"))


def remove(context: Context) -> Page | Redirect:
    """Ask for nothing but the password any more."""
    only_staff(context)
    form = read_form(context.request, ProvedForm)
    current = form.typed.get("current", "")
    try:
        second_factor.remove(context.site, context.me, given_in(form), current)
    except RefusedError as refused:
        return manage(context, errors_of(context, refused))
    context.tell("success", _("Seul votre mot de passe vous sera demandé à la connexion."))
    return context.redirect("core.second_factor")


def remove_telephone(context: Context) -> Page | Redirect:
    """Go on with the keys alone."""
    only_staff(context)
    errors: dict[str, str] = {}
    if context.request.method == "POST":
        current = read_form(context.request, PasswordForm).typed.get("current", "")
        try:
            second_factor.remove_telephone(context.site, context.me, current)
        except RefusedError as refused:
            errors = errors_of(context, refused)
        else:
            context.tell("success", _("Le téléphone est retiré ; vos clés restent."))
            return context.redirect("core.second_factor")
    return confirm_removal(context, errors, key=None)


def confirm_removal(
    context: Context, errors: Mapping[str, str], *, key: SecurityKey | None
) -> Page:
    """Ask for the password before the telephone, or a key, is taken away."""
    account = context.me.account
    view = {
        "key": key,
        "errors": errors,
        "has_password": account.password_hash is not None,
        "login_name": account.login_name,
    }
    return Page("factor/remove_one.html", view, 422 if errors else 200)


def given_in(form: Form[Any]) -> Given:
    """The second factor that a form brings."""
    return Given(form.typed.get("code", ""), form.typed.get("answer", ""))


def only_staff(context: Context) -> None:
    """Raise :exc:`NotFoundError` to families."""
    if context.me.account.audience is not Audience.STAFF:
        raise NotFoundError("no second factor for families")


def show_codes(context: Context, codes: list[str], next_page: str) -> Page:
    """Recovery codes, once."""
    account = context.me.account
    view = {"codes": codes, "next_page": next_page, "login_name": account.login_name}
    return Page("factor/codes.html", view)


def errors_of(context: Context, refused: RefusedError) -> dict[str, str]:
    """What did not fit, by field."""
    match refused.code:
        case "wrong_password":
            return {"current": _("Ce n’est pas votre mot de passe actuel.")}
        case "sign_in_again":
            return {"current": _("Déconnectez-vous, reconnectez-vous, puis recommencez.")}
        case "throttled":
            return {"code": _wait(context, refused.detail["until"])}
        case "wrong_key":
            return {
                "key": _("La réponse de la clé ne convient pas, ou vient trop tard. Recommencez.")
            }
        case "key_copied":
            said = _(
                "La clé « {name} » a moins servi qu’à la connexion précédente, comme le ferait une "
                "copie : retirez-la, et prévenez l’académie."
            )
            return {"key": said.format(name=refused.detail["name"])}
        case "last_factor":
            return {
                "current": _(
                    "Rien d’autre ne compléterait votre mot de passe. Ajoutez d’abord une clé ou "
                    "un téléphone ; pour vous en passer, « Retirer la double authentification »."
                )
            }
    return {
        "code": _(
            "Ce code ne convient pas. Saisissez celui que le téléphone affiche maintenant ; un "
            "code ne sert qu’une fois."
        )
    }


def _wait(context: Context, until: object) -> str:
    assert isinstance(until, datetime)  # noqa: S101 - said by the one who raises it
    return _(
        "Trop d’essais : attendez {wait}. Ce n’était pas vous ? Choisissez un autre mot de passe "
        "par « Mot de passe oublié » : l’attente prend fin aussitôt."
    ).format(wait=show_wait(until - context.site.now()))


ROUTES: Final = (
    Route("core.enter_factor", "/connexion/code", enter, Access.SIGNED_IN, FORM),
    Route("core.second_factor", "/compte/double-authentification", manage, Access.SIGNED_IN),
    Route(
        "core.set_up_factor",
        "/compte/double-authentification/installer",
        set_up,
        Access.SIGNED_IN,
        FORM,
    ),
    Route(
        "core.renew_codes",
        "/compte/double-authentification/codes",
        renew_codes,
        Access.SIGNED_IN,
        ("POST",),
    ),
    Route(
        "core.remove_factor",
        "/compte/double-authentification/retirer",
        remove,
        Access.SIGNED_IN,
        ("POST",),
    ),
    Route(
        "core.remove_telephone",
        "/compte/double-authentification/telephone",
        remove_telephone,
        Access.SIGNED_IN,
        FORM,
    ),
)
