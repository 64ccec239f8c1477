"""The sheet in words: fields, states, help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from teleservices_core.contributions import HelpEntry, HelpLink, MailTemplate, Message
from teleservices_core.domain.accounts import Audience
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
    (PersonKind.STUDENT, "emergency_link"): lambda: _("Personne à prévenir : lien avec l’élève"),
    (PersonKind.STUDENT, "emergency_phone"): lambda: _("Personne à prévenir : téléphone"),
    (PersonKind.STUDENT, "image_consent"): lambda: _("L’élève peut être pris en photo ou filmé"),
}
"""What each field of the catalogue is called."""

ADDRESS_WORDS: Final[Mapping[str, Message]] = {
    "line1": lambda: _("Numéro et rue"),
    "line2": lambda: _("Bâtiment, étage, appartement"),
    "line3": lambda: _("Lieu-dit ou complément"),
    "line4": lambda: _("Autre précision"),
    "postal_code": lambda: _("Code postal"),
    "town": lambda: _("Commune"),
    "country": lambda: _("Pays"),
}
"""What each part of an address is called."""

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


DATA_CONTENT: Final[Message] = lambda: _(  # noqa: E731
    "Les changements que vous avez demandés dans la fiche de renseignements et leurs réponses, vos "
    "confirmations, les erreurs que vous avez signalées, vos récépissés, et ce que vous avez "
    "commencé à écrire sans l’envoyer. Jamais les renseignements d’un autre responsable."
)
DATA_KEPT_FOR: Final[Message] = lambda: _(  # noqa: E731
    "Pendant l’année scolaire. Ce que l’établissement a accepté reste dans sa base élèves."
)


def field_words(person: PersonKind, code: str) -> str:
    """What a field is called; its code for one of a catalogue that is gone."""
    words = FIELD_WORDS.get((person, code))
    return words() if words else code


def _said(text: Message) -> Callable[[Mapping[str, str]], str]:
    return lambda _figures: text()


_FAMILIES: Final = frozenset({Audience.GUARDIAN, Audience.STUDENT})

HELP_ENTRIES: Final = (
    HelpEntry(
        "fiche.change",
        lambda: _("Comment changer mon adresse ou mon téléphone ?"),
        _said(
            lambda: _(
                "Ouvrez la fiche de renseignements de l’enfant, puis « Modifier ». Ce que vous "
                "écrivez est gardé à chaque étape. L’établissement reçoit vos changements quand "
                "vous les envoyez, et vous répond pour chacun. L’adresse électronique de votre "
                "compte, elle, se change dans « Mon compte »."
            )
        ),
        _FAMILIES,
        module_id="fiche",
        promises=("F06",),
    ),
    HelpEntry(
        "fiche.read_only",
        lambda: _("Un nom ou une date de naissance est faux. Que faire ?"),
        _said(
            lambda: _(
                "L’identité vient de la base officielle : elle ne se change pas ici. Sous le "
                "renseignement, choisissez « Signaler une erreur » et dites ce qu’il faudrait "
                "lire. Le secrétariat vérifiera, sur justificatif."
            )
        ),
        _FAMILIES,
        module_id="fiche",
    ),
    HelpEntry(
        "fiche.who_sees",
        lambda: _("Qui voit ce que j’écris dans la fiche de renseignements ?"),
        _said(
            lambda: _(
                "Vos coordonnées, votre profession : l’établissement et vous. Aucun autre "
                "responsable ne les voit. Ce qui concerne l’élève : l’établissement, l’élève et "
                "ses responsables légaux, qu’un message prévient quand l’un d’eux le fait changer."
            )
        ),
        _FAMILIES,
        module_id="fiche",
    ),
    HelpEntry(
        "fiche.confirm",
        lambda: _("« Tout est exact » : qu’est-ce que je confirme ?"),
        _said(
            lambda: _(
                "Que ce que vous lisez dans la fiche est juste, le jour où vous le dites. Chaque "
                "responsable légal le dit pour lui-même. Vous pouvez encore demander des "
                "changements ensuite."
            )
        ),
        _FAMILIES,
        module_id="fiche",
    ),
    HelpEntry(
        "fiche.refused",
        lambda: _("L’établissement a refusé mon changement. Que faire ?"),
        _said(
            lambda: _(
                "Le motif est dans le message reçu, et sous le renseignement dans la fiche. "
                "Apportez ce qu’il demande, puis proposez de nouveau le changement. Si deux "
                "responsables demandent des valeurs différentes, c’est l’établissement qui choisit."
            )
        ),
        _FAMILIES,
        module_id="fiche",
    ),
    HelpEntry(
        "fiche.receipt",
        lambda: _("À quoi sert le récépissé ?"),
        _said(
            lambda: _(
                "Il prouve ce que vous avez envoyé, et quand. Son numéro et son empreinte "
                "permettent à quiconque les a tous deux de vérifier qu’il est authentique, sans "
                "rien apprendre d’autre."
            )
        ),
        _FAMILIES,
        module_id="fiche",
        link=HelpLink(lambda: _("Vérifier un récépissé"), "fiche.check"),
    ),
)

MAILS: Final = (
    MailTemplate(
        kind="fiche.received",
        subject=lambda: _("Vos changements sont bien reçus"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "{school} a bien reçu vos changements dans la fiche de renseignements ({student}) :\n"
            "\n"
            "{lines}\n"
            "\n"
            "Numéro du récépissé : {number}\n"
            "Empreinte : {digest}\n"
            "\n"
            "L’établissement vous répondra. En attendant, vous pouvez relire ou retirer vos "
            "demandes : {home}\n"
            "\n"
            "Ce n’était pas vous ? Changez votre mot de passe et prévenez l’établissement.\n"
        ),
    ),
    MailTemplate(
        kind="fiche.decided",
        subject=lambda: _("Réponse de l’établissement à vos changements"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "{school} a répondu à vos changements dans la fiche de renseignements ({student}) :\n"
            "\n"
            "{lines}\n"
            "\n"
            "Pour voir la fiche, ou proposer autre chose : {home}\n"
            "\n"
            "Une question sur une réponse ? Adressez-vous au secrétariat de l’établissement.\n"
        ),
    ),
    MailTemplate(
        kind="fiche.informed",
        subject=lambda: _("La fiche de renseignements a changé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "À la demande d’une autre personne de la famille, {school} a pris en compte un "
            "changement dans la fiche de renseignements ({student}) :\n"
            "\n"
            "{lines}\n"
            "\n"
            "Pour lire la fiche, ou proposer autre chose : {home}\n"
            "\n"
            "Vous n’êtes pas d’accord ? Adressez-vous au secrétariat de l’établissement.\n"
        ),
    ),
)
"""Names of fields, answers and reasons; no value of the sheet ever travels by mail."""


def decision_line(person: PersonKind, code: str, state: ProposalState, reason: str = "") -> str:
    """One answer, for ``{lines}`` of ``fiche.decided``: « - Téléphone portable : refusée (…) »."""
    answer = _("accepté") if state is ProposalState.ACCEPTED else _("refusé")
    told = _(" : {answer}. Motif : {reason}") if reason else _(" : {answer}.")
    return f"  - {field_words(person, code)}" + told.format(answer=answer, reason=reason)
