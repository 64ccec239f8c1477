"""Pages for what went wrong: what happened, what to do next."""

from __future__ import annotations

from typing import Final

from werkzeug import Response

from teleservices_core.contributions import Message, Step
from teleservices_core.i18n import _
from teleservices_core.web.api.answers import is_api, not_signed_in, problem
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.web.typed import typed_text

_TEXTS: Final[dict[str, tuple[Message, Message, Message]]] = {
    "400": (
        lambda: _("Demande incomprise"),
        lambda: _("Le formulaire reçu n’est pas celui de cette page."),
        lambda: _("Revenez à la page précédente, rechargez-la et recommencez."),
    ),
    "403": (
        lambda: _("Accès impossible"),
        lambda: _("Votre compte ne donne pas accès à cette page."),
        lambda: _(
            "Revenez à l’accueil. Si cela vous paraît anormal, adressez-vous à l’établissement."
        ),
    ),
    "form_expired": (
        lambda: _("La page avait expiré"),
        lambda: _("Par sécurité, ce formulaire n’a pas été pris en compte."),
        lambda: _("Reconnectez-vous ou rechargez la page, puis recommencez."),
    ),
    "session_expired": (
        lambda: _("Votre connexion a expiré"),
        lambda: _(
            "Elle se ferme seule quand une page reste longtemps ouverte. Ce que vous venez "
            "d’envoyer n’a pas été enregistré."
        ),
        lambda: _("Copiez ce que vous aviez saisi, connectez-vous, puis recommencez."),
    ),
    "404": (
        lambda: _("Page introuvable"),
        lambda: _("Cette page n’existe pas, ou votre compte n’y a pas accès."),
        lambda: _("Vérifiez l’adresse, ou revenez à l’accueil."),
    ),
    "405": (
        lambda: _("Action impossible"),
        lambda: _("Cette adresse ne répond pas à ce type de demande."),
        lambda: _("Revenez à l’accueil."),
    ),
    "409": (
        lambda: _("Quelqu’un d’autre vient de modifier la même chose"),
        lambda: _("Votre action n’a pas été enregistrée, pour ne rien écraser."),
        lambda: _("Revenez à la page précédente, rechargez-la et recommencez."),
    ),
    "413": (
        lambda: _("Envoi trop volumineux"),
        lambda: _("Le fichier ou le texte dépasse la taille acceptée."),
        lambda: _("Réduisez-le puis recommencez."),
    ),
    "500": (
        lambda: _("Le service a rencontré un problème"),
        lambda: _("Votre demande n’a pas abouti. Rien n’a été enregistré à moitié."),
        lambda: _(
            "Réessayez dans quelques minutes. Si le problème persiste, indiquez ce numéro à "
            "l’assistance."
        ),
    ),
    "busy": (
        lambda: _("Beaucoup de monde se connecte en ce moment"),
        lambda: _("Votre demande n’a pas pu être traitée. Rien n’a été enregistré."),
        lambda: _("Attendez quelques secondes, puis recommencez."),
    ),
    "suspended": (
        lambda: _("Ce téléservice est momentanément suspendu par l’académie"),
        lambda: _("Les autres téléservices fonctionnent. Vos données ne sont pas touchées."),
        lambda: _("Revenez plus tard. Pour une démarche urgente, appelez l’établissement."),
    ),
    "module_failed": (
        lambda: _("Ce téléservice est momentanément indisponible"),
        lambda: _("Les autres téléservices fonctionnent normalement."),
        lambda: _(
            "Réessayez plus tard. Si le problème persiste, indiquez ce numéro à l’assistance."
        ),
    ),
}


def error_page(
    context: Context, status: int, *, code: str | None = None, incident: str = ""
) -> Page | Response:
    """The page of an error, which gives back the text of a form. For the API, a problem."""
    texts = _TEXTS.get(code or str(status)) or _TEXTS["400" if status < 500 else "500"]
    title, text, next_step = (message() for message in texts)
    if is_api(context.request):
        return problem(status, title, text, incident=incident)
    view = {
        "title": title,
        "text": text,
        "next_step": next_step,
        "incident": incident,
        "typed": typed_text(context.site.settings, context.request),
        "asks_to_sign_in": code == "session_expired",
    }
    return Page("error.html", view, status)


def step_page(context: Context, step: Step) -> Page | Response:
    """A form that came before a step was done: not taken, its text given back."""
    if is_api(context.request):
        return not_signed_in(context.urls.sign_in)
    view = {
        "title": _("Une étape est à faire avant de continuer"),
        "text": _("Ce que vous venez d’envoyer n’a pas été enregistré."),
        "next_step": _("Copiez ce que vous aviez saisi, faites cette étape, puis recommencez."),
        "typed": typed_text(context.site.settings, context.request),
        "step": {"label": step.label(), "href": context.urls.to(step.route)},
    }
    return Page("error.html", view, 403)


def refused(context: Context, answer: Page | Redirect | Response) -> Page | Redirect | Response:
    """What a guard shows instead; for the API, a problem that means the same."""
    if not is_api(context.request) or isinstance(answer, Response):
        return answer
    if isinstance(answer, Redirect):
        return not_signed_in(context.urls.sign_in)
    return error_page(context, answer.status)
