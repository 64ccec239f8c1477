"""The way to the provider and back: three addresses."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen
from werkzeug import Response

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.identities import (
    ADULT_KEYS,
    STUDENT_KEYS,
    VECTORS,
    ExternalIdentity,
)
from teleservices_core.errors import RefusedError
from teleservices_core.failures import kind
from teleservices_core.i18n import _, show_host
from teleservices_core.oidc.provider import Provider, ProviderError
from teleservices_core.oidc.state import new_request, take_request
from teleservices_core.oidc.tokens import TokenRefusedError
from teleservices_core.usecases.identities import sign_in_by_identity
from teleservices_core.web.context import Context
from teleservices_core.web.identity import wait_for_link
from teleservices_core.web.responses import Page, Redirect

log = logging.getLogger(__name__)
_CODE: Final = re.compile(r"[a-z_]{1,60}")
"""An error of OAuth 2.0 (RFC 6749, 4.1.2.1)."""

Answer = Page | Redirect | Response
_CLAIMS: Final = ("name", STUDENT_KEYS, ADULT_KEYS, VECTORS, "amr", "acr")
_BACK: Final = "/oidc/retour"


@frozen
class Pages:
    """Handlers for one provider."""

    provider: Provider
    routes: tuple[Route, ...] = field(init=False)

    @routes.default
    def _routes(self) -> tuple[Route, ...]:
        return (
            Route("oidc.sign_in", "/oidc/connexion", self.sign_in, Access.PUBLIC, waits=True),
            Route("oidc.back", _BACK, self.come_back, Access.PUBLIC, waits=True),
            Route("oidc.sign_out", "/oidc/deconnexion", self.sign_out, Access.PUBLIC, waits=True),
        )

    def sign_in(self, context: Context) -> Answer:
        """Send the browser to the provider."""
        if context.viewer is not None:
            return context.redirect("core.home")
        request = new_request(context.site, context.visit_id())
        try:
            return _go(self.provider.authorization_url(request, _return_address(context)))
        except ProviderError as error:
            return _no_answer(context, error)

    def come_back(self, context: Context) -> Answer:
        """Take what the provider sends back with the browser, once."""
        site, visit = context.site, context.cookies.get(context.request, "visit")
        request = take_request(site, visit, _one(context, "state")) if visit else None
        if request is None:
            return _late(context)
        code, issuer = _one(context, "code"), self.provider.settings.issuer
        if not code or context.request.args.get("iss", issuer) != issuer:
            said = _one(context, "error")
            log.info("sign-in ended by the provider: %s", said if _CODE.fullmatch(said) else "?")
            return _not_confirmed(context)
        try:
            claims = self.provider.claims(code, request, _return_address(context))
            identity = self._identity(claims)
        except (TokenRefusedError, ValueError) as error:
            # A value that is wrong names somebody; what the token lacks does not.
            said = kind(error) if isinstance(error, ValueError) else str(error)
            log.warning("identity refused: %s", said)
            return _not_confirmed(context)
        except ProviderError as error:
            return _no_answer(context, error)
        try:
            context.enter(sign_in_by_identity(site, identity, device=context.device))
        except RefusedError as refused:
            wait_for_link(context, identity, refused.code)
            return context.redirect("core.link_account")
        return context.redirect("core.home")

    def _identity(self, claims: Mapping[str, Any]) -> ExternalIdentity:
        settings = self.provider.settings
        theirs = {ours: settings.claims.get(ours, ours) for ours in _CLAIMS}
        known = {ours: claims[name] for ours, name in theirs.items() if name in claims}
        return ExternalIdentity(settings.issuer, claims["sub"], known)

    def sign_out(self, context: Context) -> Answer:
        """Send who has signed out here to sign out of the provider too."""
        if context.viewer is not None:
            return context.redirect("core.account")
        context.waiting = ""
        try:
            there = self.provider.sign_out_url(_address(context, "/connexion"))
        except ProviderError as error:
            return _no_answer(context, error)
        return context.redirect("core.sign_in") if there is None else _go(there)


def _go(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _address(context: Context, path: str) -> str:
    # The configured address, as the provider knows it: never the one addressed.
    return context.site.settings.base_url.rstrip("/") + path


def _return_address(context: Context) -> str:
    return _address(context, _BACK)


def _one(context: Context, name: str) -> str:
    values = context.request.args.getlist(name)
    return values[0] if len(values) == 1 else ""


def _no_answer(context: Context, error: Exception) -> Page:
    site = context.site
    log.warning("the identity provider fails: %s", error)
    site.plugins.record_failure("oidc", "provider", error, site.now())
    host = show_host(site.settings.identity.name)
    return _page(
        _("La connexion par {host} est momentanément impossible").format(host=host),
        _("Le service de connexion ne répond pas."),
        _(
            "Réessayez dans quelques minutes, ou connectez-vous ici avec votre identifiant et "
            "votre mot de passe."
        ),
        503,
    )


def _late(_context: Context) -> Page:
    return _page(
        _("La connexion n’a pas abouti"),
        _("Elle a pris plus de dix minutes, a déjà servi, ou a commencé dans un autre navigateur."),
        _("Recommencez depuis la page de connexion."),
        400,
    )


def _not_confirmed(context: Context) -> Page:
    host = show_host(context.site.settings.identity.name)
    return _page(
        _("Vous n’êtes pas connecté"),
        _("{host} n’a pas confirmé votre identité.").format(host=host),
        _(
            "Recommencez, ou connectez-vous ici avec votre identifiant et votre mot de passe. Si "
            "le problème persiste, appelez l’assistance."
        ),
        400,
    )


def _page(title: str, text: str, next_step: str, status: int) -> Page:
    view = {"title": title, "text": text, "next_step": next_step, "incident": "", "typed": []}
    return Page("error.html", view, status)
