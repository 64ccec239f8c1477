"""The host's identity: linking it to an account, undoing that, and leaving it behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.identities import LinkedIdentity
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import identities
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form
from teleservices_core.web.host_links import host_links
from teleservices_core.web.pages.refusals import Refusal, SignInForm, refusal_of
from teleservices_core.web.responses import Page, Redirect


def link_account(context: Context) -> Page | Redirect:
    """« Relier mon compte »: have a letter or a password typed once."""
    viewer, identity = context.viewer, context.identity
    if identity is None or (viewer is not None and viewer.session.identity_hash is not None):
        return context.redirect("core.home")
    view: dict[str, Any] = {
        "host": host_links(context),
        "who": identity.name,
        "state": context.refusal,
        "login_name": "",
        "refusal": None,
    }
    if context.request.method == "POST":
        form = read_form(context.request, SignInForm)
        try:
            done = identities.link_by_secret(
                context.site,
                identity,
                form.typed.get("login_name", "")[:100],
                form.typed.get("password", ""),
                source=context.source,
                device=context.device,
                device_secret=context.device_secret,
            )
        except RefusedError as refused:
            typed = form.typed.get("login_name", "")[:100]
            view |= {"login_name": typed, "refusal": _refusal(context, refused)}
            return Page("link_account.html", view, 422)
        context.enter(done)
        context.tell(
            "success",
            _("C’est fait : la prochaine fois, {host} vous connectera directement.").format(
                host=host_links(context).name
            ),
        )
        return context.redirect("core.home")
    return Page("link_account.html", view)


def _refusal(context: Context, refused: RefusedError) -> Refusal:
    match refused.code:
        case "renew_first":
            return Refusal(
                _("Ce mot de passe doit d’abord être changé"),
                _("Connectez-vous avec lui, choisissez-en un autre, puis reliez votre compte."),
            )
        case "already_linked":
            return Refusal(
                _("Un autre compte est déjà relié"),
                _("Déliez-le d’abord, dans « Mon compte »."),
            )
    return refusal_of(context, refused)


def signed_out(context: Context) -> Page | Redirect:
    """Say that the host is still signed in, and would sign in here again."""
    if context.viewer is not None:
        return context.redirect("core.home")
    return Page("signed_out.html", {"host": host_links(context)})


def unlink(context: Context, identity: str) -> Page | Redirect:
    """Undo a link, having said what it leaves."""
    viewer = context.me
    found = identities.my_identity(context.site, viewer, identity)
    if context.request.method == "POST":
        identities.unlink(context.site, viewer, identity)
        if viewer.session.identity_hash == identity:
            context.signed_out = True
            return context.redirect("core.signed_out")
        context.tell("success", _("Le lien est supprimé."))
        return context.redirect("core.account")
    return Page(
        "unlink_identity.html",
        {
            "host": host_links(context),
            "identity": found,
            "has_password": viewer.account.password_hash is not None,
        },
    )


def linked(context: Context) -> list[Mapping[str, Any]]:
    """The identities of the viewer's account, for « Mon compte »."""
    mine: list[LinkedIdentity] = identities.my_identities(context.site, context.me)
    return [{"digest": each.digest, "linked_at": each.linked_at} for each in mine]


ROUTES: Final = (
    Route("core.link_account", "/relier", link_account, Access.PUBLIC, FORM),
    Route("core.signed_out", "/deconnecte", signed_out, Access.PUBLIC),
    Route("core.unlink", "/compte/liaisons/<identity>", unlink, Access.SIGNED_IN, FORM),
)
