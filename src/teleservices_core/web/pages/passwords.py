"""A new password typed twice: the form that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import frozen
from werkzeug import Request

from teleservices_core.contributions import Message
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.web.forms import read_form, text

PROBLEMS: Final[Mapping[str, Message]] = {
    "too_short": lambda: _("Choisissez au moins {minimum} caractères."),
    "too_long": lambda: _("Choisissez au plus 128 caractères."),
    "too_simple": lambda: _("Ce mot de passe répète trop peu de caractères."),
    "too_common": lambda: _("Ce mot de passe est trop connu : choisissez-en un plus personnel."),
    "too_personal": lambda: _("Ce mot de passe ressemble trop à votre nom ou à votre identifiant."),
    "same_as_letter": lambda: _("Choisissez un autre mot de passe que celui de la notification."),
}


@frozen
class PasswordForm:
    """A new password, typed twice; ``current`` where the old one proves who asks."""

    current: str = text(1024)
    password: str = text(1024)
    again: str = text(1024)


def submit(request: Request, change: Callable[[PasswordForm], Any]) -> dict[str, str]:
    """Read the form and make the change; the errors by field, none when it is done.

    Refusals that are not about the password itself are raised again.
    """
    form = read_form(request, PasswordForm)
    if form.value is None:
        return {"password": PROBLEMS["too_long"]()}
    if form.value.password != form.value.again:
        return {"again": _("Les deux mots de passe sont différents.")}
    try:
        change(form.value)
    except RefusedError as refused:
        if refused.code == "wrong_password":
            return {"current": _("Ce n’est pas votre mot de passe actuel.")}
        if refused.code not in PROBLEMS:
            raise
        return {"password": PROBLEMS[refused.code]().format(**refused.detail)}
    return {}
