"""The contribution of a provider: its routes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import frozen

from teleservices_core.contributions import Route
from teleservices_core.errors import MissingExtraError
from teleservices_core.hookspecs import hookimpl
from teleservices_core.ports import Clock
from teleservices_core.settings import OidcSettings

NAME: Final = "oidc"


@frozen
class OidcPlugin:
    """Loaded by the composition root, like any plugin."""

    routes: tuple[Route, ...]
    HOOK_API: int = 1

    @hookimpl
    def teleservices_routes(self) -> Iterable[Route]:
        """To the provider and back."""
        return self.routes


def make_plugin(settings: OidcSettings, clock: Clock) -> OidcPlugin:
    """The plugin of a provider. Raises :exc:`MissingExtraError` without the extra ``oidc``."""
    try:
        from teleservices_core.oidc.pages import Pages
        from teleservices_core.oidc.provider import Provider
    except ModuleNotFoundError as error:
        raise MissingExtraError("oidc", "[identity.oidc]") from error
    return OidcPlugin(Pages(Provider(settings, clock)).routes)
