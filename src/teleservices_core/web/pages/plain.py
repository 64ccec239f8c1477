"""The page of last resort: nothing stands behind it but the settings.

For when no page can be made: the database is away, every thread is taken, a
request is not read to its end, the error page itself fails. It asks neither
the database nor a plugin, template or stylesheet, and may be made anywhere.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

from markupsafe import Markup, escape
from werkzeug import Response

from teleservices_core.i18n import _, dial, show_phone
from teleservices_core.settings import Settings
from teleservices_core.web.headers import POLICY, protect

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:38rem;margin:0 auto;padding:1.5rem}"
    "h1{font-size:1.5rem;line-height:1.25}"
)
_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = Markup(
    '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title} – {site}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n"
    "<p><strong>{site}</strong></p>\n<h1>{title}</h1>\n<p>{text}</p>\n<p>{next_step}</p>\n"
    "{help_line}</main>\n</body>\n</html>\n"
)
_HELP_LINE: Final = Markup('<p>{label} <a href="tel:{number}">{phone}</a>{hours}</p>\n')


def plain_page(
    settings: Settings,
    status: int,
    *,
    title: str,
    text: str,
    next_step: str,
    retry_after: int | None = None,
) -> Response:
    """A page in plain words with the help line's number; ``retry_after`` in seconds."""
    hotline = settings.hotline
    help_line = Markup()
    if hotline.phone:
        help_line = _HELP_LINE.format(
            label=_("Besoin d’aide ?"),
            number=dial(hotline.phone),
            phone=show_phone(hotline.phone),
            hours=Markup(" ") + escape(hotline.hours),
        )
    body = _PAGE.format(
        site=settings.site_name,
        title=title,
        text=text,
        next_step=next_step,
        help_line=help_line,
        style=Markup(_STYLE),  # noqa: S704 - ours
    )
    response = Response(body, status, content_type="text/html; charset=utf-8")
    protect(response, cacheable=False)
    policy = POLICY.replace("style-src 'self'", f"style-src 'sha256-{_HASH}'")
    response.headers["Content-Security-Policy"] = policy
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def unavailable(settings: Settings) -> Response:
    """« Le service est momentanément indisponible »: try again in half a minute."""
    return plain_page(
        settings,
        503,
        title=_("Le service est momentanément indisponible"),
        text=_("Votre demande n’a pas abouti. Rien n’a été enregistré à moitié."),
        next_step=_("Réessayez dans quelques minutes."),
        retry_after=30,
    )


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
