"""A second factor that is to be taken away, in words."""

from __future__ import annotations

from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _


def tell_not_reset(refused: RefusedError) -> str:
    """Why it was not taken away, and what to do."""
    match refused.code:
        case "oneself":
            return _("C’est votre propre compte : demandez à une autre personne de l’académie.")
        case "no_factor":
            return _("Ce compte n’a pas de double authentification.")
        case "no_reason":
            return _("Dites comment l’identité de la personne a été vérifiée.")
    return _("Aucun personnel n’a cet identifiant.")
