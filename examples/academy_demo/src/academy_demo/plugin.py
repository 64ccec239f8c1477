"""A plugin for test sites: the mailbox, the personas, and the bar that leads to them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from teleservices_core.contributions import Access, Banner, BannerLink, Route, TemplateSource
from teleservices_core.hookspecs import hookimpl
from teleservices_core.i18n import _

HOOK_API: Final = 1


@hookimpl
def teleservices_routes() -> Iterable[Route]:
    """Public pages: nothing here is about a real person."""
    from academy_demo import pages

    return (
        Route("demo.personas", "/demo/", pages.personas, Access.PUBLIC),
        Route("demo.mailbox", "/demo/courriels", pages.mailbox, Access.PUBLIC),
    )


@hookimpl
def teleservices_templates() -> Iterable[TemplateSource]:
    """The demo's templates."""
    yield TemplateSource(Path(__file__).parent / "templates")


@hookimpl
def teleservices_banner() -> Banner:
    """Say on every page that nothing here is real."""
    return Banner(
        _("Démonstration : personnes et établissements inventés."),
        (
            BannerLink(_("Qui peut se connecter ?"), "demo.personas"),
            BannerLink(_("Messages envoyés"), "demo.mailbox"),
        ),
    )
