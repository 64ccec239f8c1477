"""A form sent after its page has closed: what was typed is kept, or given back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.exceptions import HTTPException

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.accounts import Account
from teleservices_core.errors import TeleservicesError
from teleservices_core.i18n import _
from teleservices_core.usecases.signing_in import lapsed
from teleservices_core.usecases.steps import open_step
from teleservices_core.web.context import Context
from teleservices_core.web.typed import typed_text


def keep_late_form(context: Context, route: Route, values: Mapping[str, Any]) -> list[str]:
    """Let the route keep what a form brought for the account that its page was shown to.

    Only a form whose token was made for that very session comes here. Returns what
    the route does not keep, to be given back and copied: nothing but what the form said.
    """
    secret = context.cookies.get(context.request, "session")
    if route.access is Access.PUBLIC or context.viewer is not None or secret is None:
        return []
    was = lapsed(context.site, secret)
    if was is None:
        return []
    if open_step(context.site, was) is not None:
        # Somebody else perhaps: nothing is kept for the account.
        return typed_text(context.site.settings, context.request)
    said = _("Votre connexion a expiré. Ce que vous veniez d’écrire est gardé : reconnectez-vous.")
    return _keep(context, route, was.account, values, said)


def keep_closed_form(
    context: Context, route: Route, account: Account, values: Mapping[str, Any]
) -> list[str]:
    """The same where a choice has closed the module meanwhile; returns what is to be given back."""
    if context.request.method != "POST":
        return []
    said = _("Ce que vous veniez d’écrire est gardé : vous le retrouverez à la réouverture.")
    return _keep(context, route, account, values, said)


def _keep(
    context: Context, route: Route, account: Account, values: Mapping[str, Any], said: str
) -> list[str]:
    if not _is_kept(context, route, account, values):
        return typed_text(context.site.settings, context.request)
    context.tell("warning", said)
    return []


def _is_kept(context: Context, route: Route, account: Account, values: Mapping[str, Any]) -> bool:
    if route.keep is None:
        return False
    try:
        route.keep(context, account, **values)
    except (TeleservicesError, HTTPException):
        return False
    return True
