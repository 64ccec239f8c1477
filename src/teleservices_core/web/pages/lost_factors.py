"""« Téléphone perdu »: the académie takes the second factor of somebody of staff away."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases.lost_factors import find_lost, reset_factor
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, read_query, text
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.factors import tell_not_reset
from teleservices_core.words.people import ROLE_WORDS


@frozen
class LostForm:
    """Whose telephone, and how one knows that it is that person who asks."""

    login_name: str = text(100)
    reason: str = text(300)


def lost_factor(context: Context) -> Page | Redirect:
    """Show whose it is; take it away once that is confirmed."""
    posted = context.request.method == "POST"
    form = (read_form if posted else read_query)(context.request, LostForm)
    login_name, reason = form.typed.get("login_name", ""), form.typed.get("reason", "")
    errors: dict[str, str] = {}
    try:
        found = find_lost(context.site, context.me, login_name)
        if posted:
            reset_factor(context.site, context.me, login_name, reason if form.value else "")
    except RefusedError as refused:
        if refused.code != "no_reason":
            context.tell("error", tell_not_reset(refused))
            return context.redirect("core.incidents")
        errors["reason"] = tell_not_reset(refused)
    else:
        if posted:
            said = _("La double authentification de {name} est retirée ; un message part.")
            context.tell("success", said.format(name=found.account.display_name))
            return context.redirect("core.incidents")
    view = {
        "account": found.account,
        "roles": [ROLE_WORDS[role]() for role in found.roles],
        "errors": errors,
        "reason": reason[:300],
    }
    return Page("academy/lost_factor.html", view, 422 if errors else 200)


ROUTES: Final = (
    Route(
        "core.lost_factor",
        "/academie/incidents/telephone",
        lost_factor,
        Access.ACADEMY,
        FORM,
        is_grave=True,
    ),
)
