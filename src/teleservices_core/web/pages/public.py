"""Pages open to all: welcome, sign-in, help, and the mailed confirmation link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from attrs import frozen
from werkzeug import Response

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.values import Uai
from teleservices_core.errors import RefusedError
from teleservices_core.help_entries import figures
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases import claiming, signing_in
from teleservices_core.web.context import Context
from teleservices_core.web.forms import Form, read_form, text
from teleservices_core.web.guards import next_step
from teleservices_core.web.host_links import host_links
from teleservices_core.web.pages import family
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words import contact

Answer = Page | Redirect | Response


@frozen
class SignInForm:
    """Identifier, and the password or the letter's provisional one."""

    login_name: str = text(100)
    password: str = text(1024)


def home(context: Context) -> Answer:
    """The first page of each: the family's children, the staff's school, or sign-in."""
    viewer = context.viewer
    if viewer is None:
        return context.redirect(context.entrance)
    if not viewer.in_full:
        return context.redirect(next_step(viewer))
    if viewer.is_family:
        return family.home(context)
    if viewer.schools:
        return context.redirect("core.school", uai=viewer.schools[0].code)
    if viewer.is_academy:
        return context.redirect("core.academy")
    return context.redirect("core.account")


def sign_in(context: Context) -> Answer:
    """Sign in with a password, or for the first time with a letter (F10, F30)."""
    if context.request.method != "POST":
        if context.viewer is not None:
            return context.redirect("core.home")
        return _sign_in_page(context, SignInForm())
    form: Form[SignInForm] = read_form(context.request, SignInForm)
    typed = SignInForm(form.typed.get("login_name", "")[:100])
    if form.value is None:
        return _sign_in_page(context, typed, title=_("Identifiant ou mot de passe trop long"))
    try:
        done = signing_in.sign_in(
            context.site,
            form.value.login_name,
            form.value.password,
            source=context.source,
            device=context.device,
            device_secret=context.device_secret,
        )
    except RefusedError as refused:
        title, advice = refusal_words(context, refused)
        return _sign_in_page(context, typed, title=title, advice=advice)
    context.enter(done)
    return context.redirect("core.home")


def _sign_in_page(
    context: Context, typed: SignInForm, *, title: str = "", advice: str = ""
) -> Page:
    return Page(
        "sign_in.html",
        {
            "login_name": typed.login_name,
            "refusal": title,
            "advice": advice,
            "host": host_links(context),
            "to_link": context.identity is not None,
        },
        status=200 if not title else 422,
    )


def refusal_words(context: Context, refused: RefusedError) -> tuple[str, str]:
    """Why a secret opened nothing, and what to do, whatever the form it was typed in."""
    now = context.site.now()
    match refused.code:
        case "throttled":
            until: Any = refused.detail["until"]
            minutes = max(1, -(-(until - now) // timedelta(minutes=1)))
            return (
                _("Trop d’essais depuis cet appareil"),
                ngettext(
                    "Attendez {n} minute avant de réessayer.",
                    "Attendez {n} minutes avant de réessayer.",
                    minutes,
                ).format(n=minutes),
            )
        case "letter_expired":
            return (
                _("Votre notification n’est plus valable"),
                _("Demandez-en une nouvelle au secrétariat{school}.").format(
                    school=_school(context, refused)
                ),
            )
        case "letter_replaced":
            return (
                _("Une notification plus récente remplace la vôtre"),
                _("Utilisez la plus récente, ou demandez-la au secrétariat{school}.").format(
                    school=_school(context, refused)
                ),
            )
        case "letter_used":
            return (
                _("Ce mot de passe provisoire a déjà servi"),
                _(
                    "Utilisez le mot de passe que vous avez choisi. Si ce n’est pas vous qui "
                    "l’avez choisi, prévenez le secrétariat{school}."
                ).format(school=_school(context, refused)),
            )
    return (
        _("Identifiant ou mot de passe incorrect"),
        _(
            "Vérifiez les deux, majuscules comprises. Si vous avez reçu plusieurs "
            "notifications, seule la plus récente fonctionne."
        ),
    )


def _school(context: Context, refused: RefusedError) -> str:
    uai = str(refused.detail.get("uai") or "")
    if not uai:
        return ""
    with context.site.database.reading() as tx:
        school = tx.roster.establishment(Uai(uai))
    if school is None:
        return ""
    return _(" ({school}, {contact})").format(school=school.name, contact=contact(school))


def sign_out(context: Context) -> Answer:
    """Close the session; the page shown next holds nothing of it."""
    if context.viewer is not None:
        signing_in.sign_out(context.site, context.viewer)
    context.signed_out = True
    by_host = context.viewer is not None and context.viewer.session.identity_hash is not None
    if by_host or context.identity is not None:
        return context.redirect("core.signed_out")
    context.tell("success", _("Vous êtes déconnecté."))
    return context.redirect("core.sign_in")


def confirm(context: Context, secret: str) -> Answer:
    """Show a button; only pressing it uses the link, so that a mail scanner cannot (F12)."""
    try:
        if context.request.method != "POST":
            token, _account = claiming.look_at_link(context.site, secret)
            return Page("confirm.html", {"address": token.address, "refusal": ""})
        context.signed_in = claiming.confirm_email(context.site, secret, context.viewer)
    except RefusedError as refused:
        return Page("confirm.html", {"address": "", "refusal": refused.code}, status=410)
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
        }
        for entry in site.catalogue.help_entries
        if viewer is None or viewer.account.audience in entry.audiences
    ]
    return Page("help.html", {"entries": entries})


def accessibility(_context: Context) -> Answer:
    """The accessibility statement."""
    return Page("accessibility.html")


ROUTES: Final = (
    Route("core.home", "/", home, Access.PUBLIC),
    Route("core.sign_in", "/connexion", sign_in, Access.PUBLIC, FORM),
    Route("core.sign_out", "/deconnexion", sign_out, Access.PUBLIC, ("POST",)),
    Route("core.help", "/aide", help_page, Access.PUBLIC),
    Route("core.accessibility", "/accessibilite", accessibility, Access.PUBLIC),
    Route("core.confirm", "/confirmer/<secret>", confirm, Access.PUBLIC, FORM),
)
