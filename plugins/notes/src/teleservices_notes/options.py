"""What an establishment sets up in the module, beside when marks appear."""

from __future__ import annotations

from attrs import field, frozen, validators

from teleservices_core.i18n import _
from teleservices_notes.rules import LEAST_FLOOR

FLOOR = 5
MOST_FLOOR = 30


@frozen
class NotesOptions:
    """Options of « Notes »; their names are those that ``store`` asks the database for."""

    class_figures: bool = field(
        default=False,
        metadata={
            "label": lambda: _("Montrer aux familles la moyenne de la classe"),
            "hint": lambda: _(
                "Jamais de rang ni de nom. Dans une classe assez grande, aussi entre quelles "
                "notes rondes toutes se trouvent. Un chiffre ne s’affiche que si personne ne peut "
                "en déduire la note d’un camarade ; une note tardive ou corrigée attend d’en "
                "avoir d’autres avec elle."
            ),
        },
    )
    class_floor: int = field(
        default=FLOOR,
        validator=[validators.ge(LEAST_FLOOR), validators.le(MOST_FLOOR)],
        metadata={
            "label": lambda: _("Nombre de notes qu’il faut au moins pour comparer"),
            "hint": lambda: _("De 5 à 30. Au-dessous, les chiffres de la classe restent cachés."),
        },
    )
