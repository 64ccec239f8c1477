"""What an establishment sets up, for a school year."""

from __future__ import annotations

from attrs import field, frozen

from teleservices_core.i18n import _
from teleservices_fiche.model.fields import Asked, FieldDef, Group


@frozen
class FicheOptions:
    """Which changes go straight through, and what is asked besides."""

    straight_phones: bool = field(
        default=False,
        metadata={
            "label": lambda: _("Accepter d’office les changements de téléphone"),
            "hint": lambda: _(
                "Ils restent listés, et partent avec les autres vers la base élèves."
            ),
        },
    )
    straight_email: bool = field(
        default=False,
        metadata={"label": lambda: _("Accepter d’office les changements d’adresse électronique")},
    )
    straight_address: bool = field(
        default=False,
        metadata={
            "label": lambda: _("Accepter d’office les changements d’adresse postale"),
            "hint": lambda: _("Sans justificatif de domicile."),
        },
    )
    straight_situation: bool = field(
        default=False,
        metadata={"label": lambda: _("Accepter d’office profession et consentements")},
    )
    straight_emergency: bool = field(
        default=False,
        metadata={"label": lambda: _("Accepter d’office la personne à prévenir en cas d’urgence")},
    )
    asks_associations: bool = field(
        default=True,
        metadata={
            "label": lambda: _("Demander l’accord de transmission aux associations de parents")
        },
    )
    asks_image: bool = field(
        default=False,
        metadata={"label": lambda: _("Demander l’autorisation de prise de vue de l’élève")},
    )

    def lets_through(self, field_: FieldDef) -> bool:
        """Whether a change of the field needs nobody of the school."""
        straight = {
            Group.PHONES: self.straight_phones,
            Group.EMAIL: self.straight_email,
            Group.ADDRESS: self.straight_address,
            Group.SITUATION: self.straight_situation,
            Group.EMERGENCY: self.straight_emergency,
        }
        return straight.get(field_.group, False)

    def asks(self, field_: FieldDef) -> bool:
        """Whether the field is on the sheet at all."""
        match field_.asked:
            case Asked.IMAGE:
                return self.asks_image
            case Asked.ASSOCIATIONS:
                return self.asks_associations
            case Asked.ALWAYS:
                return True
