"""The page of last resort: nothing stands behind it but the settings.

For when no page can be made: the database is away, every thread is taken, a
request is not read to its end, the error page itself fails. It asks neither
the database nor a plugin, template or stylesheet, and may be made anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from attrs import asdict, frozen
from markupsafe import Markup, escape
from werkzeug import Response

from teleservices_core.i18n import _, dial, show_phone
from teleservices_core.logs import request_number
from teleservices_core.settings import Settings
from teleservices_core.web.headers import POLICY, protect

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:38rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.125rem}"
    ".typed{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid;padding:.5rem}"
)
_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = Markup(
    '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title} – {site}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    "<p><strong>{site}</strong></p>\n<h1>{title}</h1>\n<p>{text}</p>\n<p>{next_step}</p>\n"
    "{help_line}{number}{typed}</main>\n</body>\n</html>\n"
)
_TYPED: Final = Markup("<h2>{title}</h2>\n{lines}")
_LINE: Final = Markup('<p class="typed">{text}</p>\n')
_NUMBER: Final = Markup("<p><small>{label} <code>{number}</code></small></p>\n")
_HELP_LINE: Final = Markup('<p>{label} <a href="tel:{number}">{phone}</a>{hours}</p>\n')


def plain_page(
    settings: Settings,
    status: int,
    *,
    title: str,
    text: str,
    next_step: str,
    typed: Sequence[str] = (),
    retry_after: int | None = None,
) -> Response:
    """A page in plain words with the help line's number; ``retry_after`` in seconds.

    ``typed`` is given back to who sent a form, to be copied.
    """
    hotline = settings.hotline
    help_line = Markup()
    if hotline.phone:
        help_line = _HELP_LINE.format(
            label=_("Besoin d’aide ?"),
            number=dial(hotline.phone),
            phone=show_phone(hotline.phone),
            hours=Markup(" ") + escape(hotline.hours),
        )
    number = Markup()
    if request_number():
        label = _("Numéro d’incident, à donner si vous appelez :")
        number = _NUMBER.format(label=label, number=request_number())
    given_back = Markup()
    if typed:
        lines = Markup().join(_LINE.format(text=each) for each in typed)
        given_back = _TYPED.format(title=_("Ce que vous aviez saisi"), lines=lines)
    body = _PAGE.format(
        site=settings.site_name,
        title=title,
        text=text,
        next_step=next_step,
        typed=given_back,
        help_line=help_line,
        number=number,
        style=Markup(_STYLE),  # noqa: S704 - ours
    )
    response = Response(body, status, content_type="text/html; charset=utf-8")
    protect(response, cacheable=False)
    policy = POLICY.replace("style-src 'self'", f"style-src 'sha256-{_HASH}'")
    response.headers["Content-Security-Policy"] = policy
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


@frozen
class Words:
    """What a page says: what happened, what it means, what to do next."""

    title: str
    text: str
    next_step: str


def unavailable_words(*, typed: bool = False) -> Words:
    """The words of a service that is away; where ``typed`` text is given back, to copy it."""
    return Words(
        _("Le service est momentanément indisponible"),
        _("Votre demande n’a pas abouti. Rien n’a été enregistré à moitié."),
        _("Copiez ce que vous aviez saisi, puis recommencez dans quelques minutes.")
        if typed
        else _("Réessayez dans quelques minutes."),
    )


def unavailable(settings: Settings, *, typed: Sequence[str] = ()) -> Response:
    """« Le service est momentanément indisponible »: try again in half a minute."""
    words = unavailable_words(typed=bool(typed))
    return plain_page(settings, 503, typed=typed, retry_after=30, **asdict(words))


def broken(settings: Settings) -> Response:
    """The page of an error page that failed."""
    return plain_page(
        settings,
        500,
        title=_("Le service a rencontré un problème"),
        text=_("Votre demande n’a pas abouti. Rien n’a été enregistré à moitié."),
        next_step=_("Réessayez dans quelques minutes."),
    )


def too_slow(settings: Settings) -> Response:
    """The page of a request that did not come to its end in time."""
    return plain_page(
        settings,
        408,
        title=_("Votre envoi n’est pas arrivé en entier"),
        text=_("La connexion était trop lente. Rien n’a été enregistré."),
        next_step=_("Recommencez avec une meilleure connexion, ou un fichier plus léger."),
    )


def without_length(settings: Settings) -> Response:
    """The page of a request whose body does not say how long it is; no browser sends one."""
    return plain_page(
        settings,
        411,
        title=_("Votre envoi n’annonce pas sa longueur"),
        text=_("Il n’a pas été lu. Rien n’a été enregistré."),
        next_step=_("Recommencez avec un navigateur, ou annoncez la longueur (Content-Length)."),
    )
