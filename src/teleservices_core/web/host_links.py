"""The host's own sign-in, or a provider's, as pages name it and lead to it."""

from __future__ import annotations

from attrs import frozen

from teleservices_core.i18n import show_host
from teleservices_core.web.context import Context


@frozen
class HostLinks:
    """Names and addresses; an address is empty when there is nothing to offer."""

    name: str
    sign_in_url: str
    sign_out_url: str


def host_links(context: Context) -> HostLinks:
    """What the settings say of the host, or of the provider."""
    settings = context.site.settings.identity
    sign_in_url, sign_out_url = settings.sign_in_url, settings.sign_out_url
    if settings.oidc is not None:
        sign_in_url, sign_out_url = map(context.urls.to, ("oidc.sign_in", "oidc.sign_out"))
    return HostLinks(show_host(settings.name), sign_in_url, sign_out_url)
