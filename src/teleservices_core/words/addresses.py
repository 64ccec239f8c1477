"""Why an e-mail address is refused, in words for who typed it."""

from __future__ import annotations

from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _


def tell_bad_address(refused: RefusedError) -> str:
    """The sentence for a ``bad_email``: what is wrong, and what to write."""
    match refused.detail.get("why"):
        case "apostrophe":
            return _(
                "Dans une adresse, l’apostrophe est droite : écrivez {instead} si c’est la vôtre."
            ).format(instead=refused.detail["instead"])
        case "accent":
            return _(
                "Avant le @, une adresse s’écrit sans accent ni signe spécial, et vous avez tapé "
                "« {character} » : recopiez-la comme votre messagerie l’affiche."
            ).format(character=refused.detail["character"])
    return _("Cette adresse n’est pas valable : elle doit ressembler à prenom@exemple.fr.")
