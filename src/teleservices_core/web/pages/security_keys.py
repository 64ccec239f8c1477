"""Security keys of « Mon compte »: what the browser asks them, one more, one less."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.security_keys import LONGEST_ANSWER
from teleservices_core.usecases import security_keys
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.pages.second_factor import (
    PasswordForm,
    confirm_removal,
    errors_of,
    only_staff,
    show_codes,
)
from teleservices_core.web.responses import Json, Page, Redirect
from teleservices_core.web.steps import page_asked


@frozen
class NewKeyForm:
    """A key that has just been made, its name, and the password that proves who adds it."""

    name: str = text(200)
    answer: str = text(LONGEST_ANSWER)
    current: str = text(1024)


@frozen
class QuestionForm:
    """Nothing but the token that every form carries."""


def ask(context: Context) -> Json:
    """What one of the account's keys has to sign."""
    only_staff(context)
    read_form(context.request, QuestionForm)
    return Json(security_keys.question(context.site, context.me))


def ask_new(context: Context) -> Json:
    """What a new key has to sign."""
    only_staff(context)
    read_form(context.request, QuestionForm)
    return Json(security_keys.question_for_new(context.site, context.me))


def add(context: Context) -> Page | Redirect:
    """Take a key that the browser has just had made, under a name."""
    viewer = context.me
    only_staff(context)
    errors: dict[str, str] = {}
    name = ""
    if context.request.method == "POST":
        typed = read_form(context.request, NewKeyForm).typed
        name, answer = typed.get("name", ""), typed.get("answer", "")
        try:
            context.signed_in, codes = security_keys.add_key(
                context.site, viewer, name, answer, typed.get("current", "")
            )
        except RefusedError as refused:
            errors = _errors(context, refused)
        else:
            if codes:
                return show_codes(context, codes, page_asked(context))
            context.tell("success", _("La clé est ajoutée ; les autres connexions sont fermées."))
            return context.redirect("core.second_factor")
    view = {
        "errors": errors,
        "name": name[:200],
        "login_name": viewer.account.login_name,
        "has_password": viewer.account.password_hash is not None,
        "is_owed": bool(viewer.step),
    }
    return Page("factor/add_key.html", view, 422 if errors else 200, runs_script=True)


def remove(context: Context, key_id: UUID) -> Page | Redirect:
    """Take one of the keys away."""
    only_staff(context)
    errors: dict[str, str] = {}
    key = security_keys.my_key(context.site, context.me, key_id)
    if context.request.method == "POST":
        current = read_form(context.request, PasswordForm).typed.get("current", "")
        try:
            security_keys.remove_key(context.site, context.me, key_id, current)
        except RefusedError as refused:
            errors = errors_of(context, refused)
        else:
            said = _("La clé « {name} » est retirée : elle n’ouvre plus votre compte.")
            context.tell("success", said.format(name=key.name))
            return context.redirect("core.second_factor")
    return confirm_removal(context, errors, key=key)


def _errors(context: Context, refused: RefusedError) -> dict[str, str]:
    match refused.code:
        case "no_name":
            return {"name": _("Donnez un nom à la clé, pour la reconnaître parmi d’autres.")}
        case "name_taken":
            return {"name": _("Une autre de vos clés porte déjà ce nom.")}
        case "too_many":
            said = _("Un compte a {most} clés au plus : retirez-en une d’abord.")
            return {"name": said.format(most=refused.detail["most"])}
        case "known_key":
            return {"key": _("Cette clé est déjà enregistrée.")}
    return errors_of(context, refused)


_PLACE: Final = "/compte/double-authentification/cles"
ROUTES: Final = (
    Route("core.ask_key", f"{_PLACE}/question", ask, Access.SIGNED_IN, ("POST",)),
    Route("core.ask_new_key", f"{_PLACE}/nouvelle/question", ask_new, Access.SIGNED_IN, ("POST",)),
    Route("core.add_key", f"{_PLACE}/nouvelle", add, Access.SIGNED_IN, FORM),
    Route("core.remove_key", f"{_PLACE}/<uuid:key_id>", remove, Access.SIGNED_IN, FORM),
)
