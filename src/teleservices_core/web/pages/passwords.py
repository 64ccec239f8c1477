"""A new password typed twice: the form that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import Factory, frozen

from teleservices_core.contributions import Message
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.signing_in import SignedIn
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.second_clicks import is_second_click

PROBLEMS: Final[Mapping[str, Message]] = {
    "too_short": lambda: _("Choisissez au moins {minimum} caractères."),
    "too_long": lambda: _("Choisissez au plus 128 caractères."),
    "too_simple": lambda: _(
        "Ce mot de passe se devine : il répète les mêmes caractères ou suit une rangée du "
        "clavier. Essayez trois ou quatre mots sans rapport entre eux."
    ),
    "too_common": lambda: _(
        "Ce mot de passe se devine : il est fait de mots, de dates ou de suites que beaucoup "
        "choisissent. Allongez-le d’un ou deux mots sans rapport avec les autres."
    ),
    "too_personal": lambda: _(
        "Ce mot de passe se devine par qui vous connaît : il est fait de votre nom, de votre "
        "identifiant, du prénom d’un enfant ou de son établissement. Essayez trois ou quatre "
        "mots sans rapport entre eux."
    ),
    "same_as_before": lambda: _("C’est votre mot de passe actuel : il faut en choisir un autre."),
    "same_as_letter": lambda: _("Choisissez un autre mot de passe que celui de la notification."),
}


@frozen
class PasswordForm:
    """A new password, typed twice; ``current`` where the old one proves who asks."""

    current: str = text(1024)
    password: str = text(1024)
    again: str = text(1024)
    show: str = text(1)
    """The button that only shows what is typed."""
    shown: str = text(1)
    """Said by the page once it shows it."""


@frozen
class Submitted:
    """What became of a password form, and what its page shows."""

    done: bool = False
    errors: Mapping[str, str] = Factory(dict)
    shown: PasswordForm | None = None
    """What was typed, for who asked to see it. Never on a page of who is not signed in."""

    @property
    def view(self) -> Mapping[str, Any]:
        """For the template."""
        return {"errors": self.errors, "shown": self.shown}

    @property
    def status(self) -> int:
        """Of the page shown again."""
        return 422 if self.errors else 200


def submit(context: Context, change: Callable[[PasswordForm], SignedIn]) -> Submitted:
    """Read a form that was sent and make the change, unless it is only to be shown.

    ``change`` returns the session to go on with. Who clicks twice goes on with that
    of the first click.

    Refusals that are not about what was typed are raised again.
    """
    if context.request.method != "POST":
        return Submitted()
    form = read_form(context.request, PasswordForm)
    if form.value is None:
        return Submitted(errors={"password": PROBLEMS["too_long"]()})
    if form.value.show:
        return Submitted(shown=form.value)
    errors = _change(context, form.value, change)
    return Submitted(not errors, errors, form.value if form.value.shown else None)


def _change(
    context: Context, typed: PasswordForm, change: Callable[[PasswordForm], SignedIn]
) -> dict[str, str]:
    if typed.password != typed.again:
        return {"again": _("Les deux mots de passe sont différents.")}
    try:
        context.signed_in = change(typed)
    except RefusedError as refused:
        if refused.code == "letter_used" and is_second_click(context):
            return {}
        if refused.code == "wrong_password":
            return {"current": _("Ce n’est pas votre mot de passe actuel.")}
        if refused.code == "throttled":
            field = "current" if typed.current else "password"
            return {field: _("Trop d’essais : attendez quelques minutes avant de recommencer.")}
        if refused.code not in PROBLEMS:
            raise
        return {"password": PROBLEMS[refused.code]().format(**refused.detail)}
    return {}
