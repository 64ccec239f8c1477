"""A form sent after its page has closed: what was typed is kept, and nothing is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException

from teleservices_core.contributions import Route
from teleservices_core.domain.accounts import Account
from teleservices_core.errors import TeleservicesError
from teleservices_core.i18n import _
from teleservices_core.usecases.signing_in import lapsed
from teleservices_core.web.context import Context


def keep_late_form(context: Context, route: Route, values: Mapping[str, Any]) -> None:
    """Let the route keep what a form brought for the account that its page was shown to.

    Only a form whose token was made for that very session comes here. Whatever
    the route cannot keep is dropped without a word: the answer tells nothing.
    """
    secret = context.cookies.get(context.request, "session")
    if route.keep is None or context.viewer is not None or secret is None:
        return
    account = lapsed(context.site, secret)
    if account is not None and _is_kept(context, route, account, values):
        context.tell(
            "warning",
            _(
                "Votre connexion a expiré. Ce que vous veniez d’écrire est gardé : "
                "reconnectez-vous."
            ),
        )


def keep_closed_form(
    context: Context, route: Route, account: Account, values: Mapping[str, Any]
) -> None:
    """The same where a choice has closed the module while somebody was writing."""
    if context.request.method == "POST" and _is_kept(context, route, account, values):
        context.tell(
            "warning",
            _("Ce que vous veniez d’écrire est gardé : vous le retrouverez à la réouverture."),
        )


def _is_kept(context: Context, route: Route, account: Account, values: Mapping[str, Any]) -> bool:
    if route.keep is None:
        return False
    try:
        route.keep(context, account, **values)
    except (TeleservicesError, HTTPException):
        return False
    return True
