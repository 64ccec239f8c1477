"""The sheet in words for the school: fields, piles, comparisons, acts, mails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import MailTemplate, Message
from teleservices_core.i18n import _
from teleservices_fiche.model import PersonKind
from teleservices_fiche.rules.merging import Comparison
from teleservices_fiche.usecases.school_ports import Pile
from teleservices_fiche.words import field_words

_SCHOOL_FIELDS: Final[Mapping[tuple[PersonKind, str], Message]] = {
    (PersonKind.GUARDIAN, "accepts_sms"): lambda: _("Accepte les SMS"),
    (PersonKind.GUARDIAN, "shares_contact"): lambda: _("Transmission aux associations de parents"),
    (PersonKind.STUDENT, "accepts_sms"): lambda: _("L’élève accepte les SMS"),
    (PersonKind.STUDENT, "emergency_link"): lambda: _("Urgence : lien avec l’élève"),
    (PersonKind.STUDENT, "emergency_phone"): lambda: _("Urgence : téléphone"),
    (PersonKind.STUDENT, "emergency_name"): lambda: _("Urgence : personne à prévenir"),
    (PersonKind.STUDENT, "image_consent"): lambda: _("Autorisation de prise de vue"),
}
"""Where the words of the families' page speak in their name."""

PILE_WORDS: Final[Mapping[Pile, Message]] = {
    Pile.WAITING: lambda: _("À traiter"),
    Pile.STRAIGHT: lambda: _("Acceptées d’office"),
    Pile.ACCEPTED: lambda: _("À envoyer"),
    Pile.CARRIED: lambda: _("Envoyées"),
    Pile.OVER: lambda: _("Terminées"),
}
PILE_HINTS: Final[Mapping[Pile, Message]] = {
    Pile.WAITING: lambda: _(
        "Demandées par les familles : rien n’est changé tant que vous n’avez pas accepté."
    ),
    Pile.STRAIGHT: lambda: _(
        "Sans votre accord, comme vous l’avez choisi dans les options. Vous pouvez encore refuser."
    ),
    Pile.ACCEPTED: lambda: _(
        "En vigueur ici, pas encore portées dans la base élèves : préparez un envoi."
    ),
    Pile.CARRIED: lambda: _(
        "Portées par un envoi. Celles que la base élèves confirme se terminent seules à son "
        "importation ; celles qu’elle n’a pas (urgence, prise de vue) restent en vigueur ici."
    ),
    Pile.OVER: lambda: _("Refusées, retirées, remplacées, ou confirmées par la base élèves."),
}

COMPARISON_WORDS: Final[Mapping[Comparison, Message]] = {
    Comparison.SAME: lambda: _("Sans changement"),
    Comparison.APPLIES: lambda: _("Rien n’a bougé depuis"),
    Comparison.ALREADY: lambda: _("La base élèves le dit déjà"),
    Comparison.CONFLICT: lambda: _("La valeur a changé depuis"),
}

SCHOOL_AUDIT_WORDS: Final[Mapping[str, Message]] = {
    "fiche.accepted": lambda: _("Modification de la fiche acceptée"),
    "fiche.refused": lambda: _("Modification de la fiche refusée"),
    "fiche.answered": lambda: _("Erreur signalée dans la fiche : réponse donnée"),
    "fiche.exported": lambda: _("Envoi des modifications de fiches préparé"),
    "fiche.reconciled": lambda: _("Modifications de fiches confirmées par la base élèves"),
    "fiche.round": lambda: _("Dates de la confirmation des fiches choisies"),
    "fiche.change_consulted": lambda: _("Modification de la fiche consultée"),
    "fiche.changes_consulted": lambda: _("Liste des modifications de fiches consultée"),
    "fiche.reports_consulted": lambda: _("Liste des erreurs signalées consultée"),
    "fiche.delta_consulted": lambda: _("Envoi des modifications de fiches téléchargé"),
    "fiche.reminded": lambda: _("Rappels de confirmation des fiches envoyés"),
}

SCHOOL_MAILS: Final = (
    MailTemplate(
        kind="fiche.answered",
        subject=lambda: _("Fiche de renseignements : réponse à votre signalement"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Vous avez signalé une erreur dans la fiche de renseignements ({field}). "
            "{school} vous répond :\n"
            "\n"
            "{answer}\n"
            "\n"
            "Pour relire la fiche : {home}\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
    MailTemplate(
        kind="fiche.reminder",
        subject=lambda: _("Relisez la fiche de renseignements avant le {day}"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "{school} vous demande de relire la fiche de renseignements ({students}) avant le "
            "{day}, ce jour compris.\n"
            "\n"
            "Tout est exact ? Dites-le en une minute : {home}\n"
            "Quelque chose a changé ? Corrigez-le au même endroit.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
)


def school_field(person: PersonKind, code: str) -> str:
    """What a field is called in the console."""
    words = _SCHOOL_FIELDS.get((person, code))
    return words() if words else field_words(person, code)
