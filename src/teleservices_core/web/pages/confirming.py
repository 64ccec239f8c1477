"""« Confirmez que c’est vous »: before a grave act, where the last proof is old."""

from __future__ import annotations

from typing import Final

from werkzeug import Response

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.errors import RefusedError
from teleservices_core.usecases.confirming import confirm_owner, must_confirm
from teleservices_core.usecases.second_factor import my_factor
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form
from teleservices_core.web.pages.second_factor import ProvedForm, errors_of, given_in
from teleservices_core.web.responses import Page


def confirm(context: Context) -> Page | Response:
    """Ask for the second factor, or the password where there is none; then lead back."""
    site, viewer = context.site, context.me
    minutes = site.settings.durations.proof_minutes
    if not must_confirm(viewer, site.now(), minutes):
        return context.leave_step()
    errors: dict[str, str] = {}
    if context.request.method == "POST":
        form = read_form(context.request, ProvedForm)
        try:
            context.signed_in = confirm_owner(
                site, viewer, given_in(form), form.typed.get("current", "")
            )
        except RefusedError as refused:
            errors = errors_of(context, refused)
        else:
            return context.leave_step()
    factor = my_factor(site, viewer)
    view = {
        "errors": errors,
        "factor": factor,
        "minutes": minutes,
        "has_password": viewer.account.password_hash is not None,
        "login_name": viewer.account.login_name,
    }
    has_keys = bool(factor.live_keys)
    return Page("factor/confirm.html", view, 422 if errors else 200, has_keys)


ROUTES: Final = (
    Route("core.confirm_owner", "/connexion/confirmation", confirm, Access.SIGNED_IN, FORM),
)
