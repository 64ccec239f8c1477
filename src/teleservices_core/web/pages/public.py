"""Pages open to all: welcome, help, and the mailed confirmation link."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from werkzeug import Response

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.help_entries import figures
from teleservices_core.i18n import _, show_date
from teleservices_core.usecases import claiming
from teleservices_core.usecases.factor_steps import imposed_from
from teleservices_core.web.context import Context
from teleservices_core.web.guards import next_step
from teleservices_core.web.pages import family
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.second_clicks import is_second_click, was_used_just_now

Answer = Page | Redirect | Response


def home(context: Context) -> Answer:
    """The first page of each: children, a school, its classes, the académie, or sign-in."""
    viewer = context.viewer
    if viewer is None:
        return context.redirect(context.entrance)
    if viewer.has_gone_further:
        # Of two pages asked for at once, one has gone on already.
        with suppress(ConflictError):
            context.signed_in = claiming.go_on(context.site, viewer)
        return context.redirect("core.home")
    if not viewer.in_full:
        return context.redirect(next_step(viewer))
    if viewer.is_family:
        return family.home(context)
    _tell_of_grace(context, viewer)
    if viewer.schools:
        return context.redirect("core.school", uai=viewer.schools[0].code)
    if viewer.classrooms:
        return context.redirect("core.teaching", uai=viewer.classrooms[0].code)
    if viewer.is_academy:
        return context.redirect("core.academy")
    if viewer.is_hotline:
        return context.redirect("core.hotline")
    return context.redirect("core.account")


def _tell_of_grace(context: Context, viewer: Viewer) -> None:
    day = imposed_from(context.site.settings, viewer)
    if day is not None and viewer.account.factor_since is None and viewer.session.factor_at is None:
        said = _(
            "À partir du {day}, votre fonction exige la double authentification. Installez-la dès "
            "maintenant : « Mon compte », « Double authentification »."
        )
        context.tell("warning", said.format(day=show_date(day)))


def confirm(context: Context, secret: str) -> Answer:
    """Show a button; only pressing it uses the link, so that a mail scanner cannot (F12)."""
    try:
        if context.request.method != "POST":
            token, _account = claiming.look_at_link(context.site, secret)
            return Page("confirm.html", {"address": token.address, "refusal": ""})
        done = claiming.confirm_email(context.site, secret, context.viewer)
        context.signed_in = done or context.signed_in
    except RefusedError as refused:
        if not was_used_just_now(context, refused):
            return Page("confirm.html", {"address": "", "refusal": refused.code}, status=410)
        is_second_click(context)
    context.tell("success", _("Votre adresse est confirmée."))
    return context.redirect("core.home" if context.signed_in else "core.sign_in")


def help_page(context: Context) -> Answer:
    """Questions and answers, with the site's own figures."""
    site, viewer = context.site, context.viewer
    live = figures(site.settings)
    open_modules = {module.id: module.title for module in site.catalogue.modules}
    entries = [
        {
            "id": entry.id,
            "question": entry.question(),
            "answer": entry.answer(live),
            "module": open_modules.get(entry.module_id or "", ""),
            "link": entry.link,
        }
        for entry in site.catalogue.help_entries
        if viewer is None or viewer.account.audience in entry.audiences
    ]
    told = [each for each in entries if each["question"] and each["answer"]]
    return Page("help.html", {"entries": told})


def useful_links(context: Context) -> Answer:
    """Browsers that the site works with, and what the académie recommends (F36)."""
    return Page("useful_links.html", {"links": context.site.settings.useful_links})


def accessibility(_context: Context) -> Answer:
    """The accessibility statement."""
    return Page("accessibility.html")


ROUTES: Final = (
    Route("core.home", "/", home, Access.PUBLIC),
    Route("core.help", "/aide", help_page, Access.PUBLIC, stands_alone=True),
    Route("core.useful_links", "/liens-utiles", useful_links, Access.PUBLIC, stands_alone=True),
    Route("core.accessibility", "/accessibilite", accessibility, Access.PUBLIC, stands_alone=True),
    Route("core.confirm", "/confirmer/<secret>", confirm, Access.PUBLIC, FORM),
)
