"""« Mes données »: a copy of them, and who consulted them."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.documents.personal_data import data_archive
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import personal_data
from teleservices_core.usecases.consultations import consultations as who_consulted
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.reading import whole_number
from teleservices_core.web.responses import Download, Page


@frozen
class CopyForm:
    """The password that proves who asks."""

    current: str = text(1024)


def my_data(context: Context) -> Page | Download:
    """Ask for the copy, with the password again; the answer is a file to keep."""
    refusal = ""
    if context.request.method == "POST":
        form = read_form(context.request, CopyForm)
        try:
            copy = personal_data.my_data(context.site, context.me, form.typed.get("current", ""))
        except RefusedError as refused:
            refusal = refused.code
        else:
            body = data_archive(context.site.settings, copy)
            return Download(body, f"donnees-{copy.account.login_name}.zip", "application/zip")
    return Page(
        "my_data.html",
        {
            "has_password": context.me.account.password_hash is not None,
            "must_sign_in": refusal == "sign_in_again",
            "errors": {} if refusal in {"", "sign_in_again"} else {"current": _told(refusal)},
        },
        422 if refusal else 200,
    )


def _told(refusal: str) -> str:
    if refusal == "throttled":
        return _("Trop d’essais : attendez quelques minutes avant de recommencer.")
    return _("Ce n’est pas votre mot de passe actuel.")


def consultations(context: Context) -> Page:
    """What the school, the help line and the académie looked at or did, page by page."""
    number = whole_number(context.request.args.get("page", "1"))
    if not number:
        raise NotFoundError("no such page")
    found = who_consulted(context.site, context.me, number)
    if number > max(found.total, 1) or (number > 1 and not found.lines):
        raise NotFoundError(f"no page {number}")
    return Page("consultations.html", {"found": found})


ROUTES: Final = (
    Route("core.my_data", "/compte/donnees", my_data, Access.SIGNED_IN, FORM),
    Route("core.consultations", "/compte/consultations", consultations, Access.SIGNED_IN),
)
