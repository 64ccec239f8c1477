"""The sheet in words: fields, states, help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.i18n import _
from teleservices_core.words.people import KINSHIP_WORDS, SEX_WORDS
from teleservices_fiche.model import PersonKind, ProposalState, Section

FIELD_WORDS: Final[Mapping[tuple[PersonKind, str], Message]] = {
    (PersonKind.GUARDIAN, "title"): lambda: _("Civilité"),
    (PersonKind.GUARDIAN, "last_name"): lambda: _("Nom de famille"),
    (PersonKind.GUARDIAN, "usage_name"): lambda: _("Nom d’usage"),
    (PersonKind.GUARDIAN, "first_name"): lambda: _("Prénom"),
    (PersonKind.GUARDIAN, "kinship"): lambda: _("Lien avec l’élève"),
    (PersonKind.GUARDIAN, "address"): lambda: _("Adresse postale"),
    (PersonKind.GUARDIAN, "phone_mobile"): lambda: _("Téléphone portable"),
    (PersonKind.GUARDIAN, "accepts_sms"): lambda: _("L’établissement peut m’envoyer des SMS"),
    (PersonKind.GUARDIAN, "phone_home"): lambda: _("Téléphone du domicile"),
    (PersonKind.GUARDIAN, "phone_work"): lambda: _("Téléphone professionnel"),
    (PersonKind.GUARDIAN, "email"): lambda: _("Adresse électronique"),
    (PersonKind.GUARDIAN, "profession"): lambda: _("Profession"),
    (PersonKind.GUARDIAN, "shares_contact"): lambda: _(
        "Mes coordonnées peuvent être transmises aux associations de parents d’élèves"
    ),
    (PersonKind.STUDENT, "last_name"): lambda: _("Nom de famille"),
    (PersonKind.STUDENT, "usage_name"): lambda: _("Nom d’usage"),
    (PersonKind.STUDENT, "first_name"): lambda: _("Prénom"),
    (PersonKind.STUDENT, "sex"): lambda: _("Sexe"),
    (PersonKind.STUDENT, "born_on"): lambda: _("Date de naissance"),
    (PersonKind.STUDENT, "birth_place"): lambda: _("Lieu de naissance"),
    (PersonKind.STUDENT, "nationality"): lambda: _("Nationalité"),
    (PersonKind.STUDENT, "class_group"): lambda: _("Classe"),
    (PersonKind.STUDENT, "boarding"): lambda: _("Régime"),
    (PersonKind.STUDENT, "address"): lambda: _("Adresse de l’élève"),
    (PersonKind.STUDENT, "phone_mobile"): lambda: _("Téléphone portable de l’élève"),
    (PersonKind.STUDENT, "accepts_sms"): lambda: _("L’élève accepte de recevoir des SMS"),
    (PersonKind.STUDENT, "phone_home"): lambda: _("Téléphone du domicile de l’élève"),
    (PersonKind.STUDENT, "phone_work"): lambda: _("Téléphone professionnel de l’élève"),
    (PersonKind.STUDENT, "email"): lambda: _("Adresse électronique de l’élève"),
    (PersonKind.STUDENT, "emergency_name"): lambda: _("Personne à prévenir en cas d’urgence"),
    (PersonKind.STUDENT, "emergency_link"): lambda: _("Son lien avec l’élève"),
    (PersonKind.STUDENT, "emergency_phone"): lambda: _("Son téléphone"),
    (PersonKind.STUDENT, "image_consent"): lambda: _("L’élève peut être pris en photo ou filmé"),
}
"""What each field of the catalogue is called."""

FIELD_HINTS: Final[Mapping[tuple[PersonKind, str], Message]] = {
    (PersonKind.GUARDIAN, "phone_mobile"): lambda: _("Dix chiffres, ou + et l’indicatif du pays."),
    (PersonKind.GUARDIAN, "email"): lambda: _(
        "Celle où l’établissement vous écrit. L’adresse de votre compte se change dans « Mon "
        "compte »."
    ),
    (PersonKind.STUDENT, "address"): lambda: _(
        "Seulement si l’élève n’habite chez aucun de ses responsables."
    ),
    (PersonKind.STUDENT, "emergency_name"): lambda: _(
        "Un proche à appeler si aucun responsable ne répond. Prévenez cette personne."
    ),
    (PersonKind.STUDENT, "emergency_link"): lambda: _("Par exemple : grand-mère, voisin."),
    (PersonKind.STUDENT, "image_consent"): lambda: _(
        "L’établissement peut demander l’accord des deux responsables."
    ),
}

SECTION_WORDS: Final[Mapping[tuple[PersonKind, Section], Message]] = {
    (PersonKind.GUARDIAN, Section.IDENTITY): lambda: _("Votre identité"),
    (PersonKind.GUARDIAN, Section.CONTACT): lambda: _("Vos coordonnées"),
    (PersonKind.GUARDIAN, Section.SITUATION): lambda: _("Votre situation"),
    (PersonKind.STUDENT, Section.IDENTITY): lambda: _("L’élève"),
    (PersonKind.STUDENT, Section.CONTACT): lambda: _("Les coordonnées de l’élève"),
    (PersonKind.STUDENT, Section.EMERGENCY): lambda: _("En cas d’urgence"),
}

STATE_WORDS: Final[Mapping[ProposalState, Message]] = {
    ProposalState.WAITING: lambda: _("En attente de l’établissement"),
    ProposalState.ACCEPTED: lambda: _("Acceptée"),
    ProposalState.REFUSED: lambda: _("Refusée"),
    ProposalState.WITHDRAWN: lambda: _("Retirée"),
    ProposalState.SUPERSEDED: lambda: _("Remplacée"),
    ProposalState.RECONCILED: lambda: _("Enregistrée dans la base de l’établissement"),
}

TITLES: Final[Mapping[str, Message]] = {"M.": lambda: _("Monsieur"), "MME": lambda: _("Madame")}
OWN_LISTS: Final[Mapping[str, Mapping[str, Message]]] = {
    "titles": TITLES,
    "kinships": {kinship.value: words for kinship, words in KINSHIP_WORDS.items()},
    "sexes": {sex.value: words for sex, words in SEX_WORDS.items()},
}
"""Labels of codes that are only shown; the others are in ``rules/lists.toml``."""

AUDIT_WORDS: Final[Mapping[str, Message]] = {
    "fiche.proposed": lambda: _("Modifications de la fiche proposées"),
    "fiche.withdrawn": lambda: _("Modification de la fiche retirée"),
    "fiche.confirmed": lambda: _("Fiche confirmée exacte"),
    "fiche.reported": lambda: _("Erreur signalée dans la fiche"),
}


def field_words(person: PersonKind, code: str) -> str:
    """What a field is called; its code for one of a catalogue that is gone."""
    words = FIELD_WORDS.get((person, code))
    return words() if words else code
