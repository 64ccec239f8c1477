"""What the help line reads and answers, case by case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.diagnosis import Case, Facts, MailState, Remedy, diagnose
from teleservices_core.domain.localtime import local_date
from teleservices_core.i18n import _, show_date, show_instant


@frozen
class Advice:
    """A case in words; ``{…}`` fields are dates and the school's office."""

    found: Message
    """What is the matter."""
    answer: Message
    """What to tell who calls: always something to do next."""


ADVICE: Final[Mapping[Case, Advice]] = {
    Case.NO_LETTER: Advice(
        lambda: _("Aucune notification n’a encore été éditée."),
        lambda: _("Qu’il en demande une au secrétariat{school} : elle lui sera remise."),
    ),
    Case.LETTER_GOOD: Advice(
        lambda: _(
            "Sa notification du {issued_on} est valable jusqu’au {letter_until}, et n’a pas "
            "encore servi."
        ),
        lambda: _(
            "Qu’il se connecte avec l’identifiant et le mot de passe provisoire qui y figurent, "
            "sans s’occuper des majuscules ni des tirets. S’il l’a perdue, ou si elle ne "
            "fonctionne pas, qu’il en demande une nouvelle au secrétariat{school}."
        ),
    ),
    Case.LETTER_EXPIRED: Advice(
        lambda: _("Sa notification du {issued_on} a expiré le {letter_until}."),
        lambda: _("Qu’il en demande une nouvelle au secrétariat{school}."),
    ),
    Case.LETTER_DEAD: Advice(
        lambda: _("Sa dernière notification ne sert plus, et aucun mot de passe n’a été choisi."),
        lambda: _("Qu’il en demande une nouvelle au secrétariat{school}."),
    ),
    Case.NO_ADDRESS: Advice(
        lambda: _("Le mot de passe est choisi, mais aucune adresse électronique n’est indiquée."),
        lambda: _(
            "Qu’il se connecte avec le mot de passe qu’il a choisi : le site lui demandera "
            "l’adresse. Mot de passe perdu : une nouvelle notification du secrétariat{school}."
        ),
    ),
    Case.CONFIRMATION_LEAVING: Advice(
        lambda: _("Le message de confirmation n’est pas encore parti ; le site réessaie seul."),
        lambda: _(
            "Qu’il relève sa messagerie dans une heure, dossiers « indésirables » et « spam » "
            "compris, et rappelle s’il n’a rien reçu demain."
        ),
    ),
    Case.CONFIRMATION_FAILED: Advice(
        lambda: _("Le message de confirmation n’a pas pu être remis à l’adresse indiquée."),
        lambda: _(
            "L’adresse est sans doute mal écrite ou la boîte pleine. Qu’il se connecte, choisisse "
            "« Corriger l’adresse » et ouvre le lien du nouveau message."
        ),
    ),
    Case.CONFIRMATION_SENT: Advice(
        lambda: _(
            "Le message de confirmation est parti le {sent_at} ; son lien fonctionne jusqu’au "
            "{link_until}."
        ),
        lambda: _(
            "Qu’il le cherche dans les dossiers « indésirables » et « spam » et dans la "
            "corbeille, puis appuie sur « Confirmer mon adresse ». Sinon, renvoyez-le."
        ),
    ),
    Case.CONFIRMATION_OVER: Advice(
        lambda: _("L’adresse reste à confirmer, et le lien envoyé ne fonctionne plus."),
        lambda: _(
            "Renvoyez le message de confirmation : qu’il ouvre le nouveau lien. Si l’adresse est "
            "fausse, qu’il se connecte et la corrige."
        ),
    ),
    Case.LOCKED: Advice(
        lambda: _("Le compte est bloqué : aucun mot de passe ne l’ouvre."),
        lambda: _(
            "Demandez ce qui s’est passé. Rassuré, débloquez le compte. En cas de doute, qu’il "
            "choisisse un nouveau mot de passe par « Mot de passe oublié », ou demande une "
            "nouvelle notification au secrétariat{school}."
        ),
    ),
    Case.GROUPED: Advice(
        lambda: _("Ce compte a été regroupé dans un autre, qui a désormais ses enfants."),
        lambda: _(
            "Qu’il se connecte avec l’identifiant de l’autre compte. S’il ne l’a pas demandé, "
            "qu’il ouvre le lien d’annulation du message reçu, ou demande une nouvelle "
            "notification au secrétariat{school}."
        ),
    ),
    Case.CLOSED: Advice(
        lambda: _("Le compte a été fermé et effacé, faute d’activation ou d’utilisation."),
        lambda: _(
            "Qu’il demande une nouvelle notification au secrétariat{school} : elle rouvre le "
            "compte, avec le même identifiant."
        ),
    ),
    Case.MUST_WAIT: Advice(
        lambda: _("Trop d’essais manqués : une attente court jusqu’au {wait_until}."),
        lambda: _(
            "Qu’il attende, ou choisisse un nouveau mot de passe par « Mot de passe oublié », ce "
            "qui lève l’attente. Si ces essais ne sont pas les siens, son mot de passe n’a pas "
            "été trouvé : il n’a rien d’autre à faire."
        ),
    ),
    Case.MUST_RENEW: Advice(
        lambda: _("L’académie a demandé que le mot de passe soit renouvelé."),
        lambda: _(
            "Qu’il se connecte avec son mot de passe actuel : le site lui en fera choisir un "
            "nouveau. S’il l’a perdu, qu’il passe par « Mot de passe oublié »."
        ),
    ),
    Case.HOST_ONLY: Advice(
        lambda: _("Ce compte n’a pas de mot de passe ici : il s’ouvre par le service d’origine."),
        lambda: _(
            "Qu’il se connecte par le bouton de ce service, et lui demande un mot de passe perdu. "
            "Pour en avoir un ici aussi : une notification du secrétariat{school}."
        ),
    ),
    Case.ADDRESS_FAILS: Advice(
        lambda: _("Le compte est en ordre, mais les messages à son adresse ne sont pas remis."),
        lambda: _(
            "Qu’il se connecte et change d’adresse dans « Mon compte ». S’il a aussi perdu son "
            "mot de passe, qu’il demande une nouvelle notification au secrétariat{school}."
        ),
    ),
    Case.UNREACHABLE: Advice(
        lambda: _("Le compte est en ordre, sans adresse électronique confirmée."),
        lambda: _(
            "Qu’il vérifie son identifiant et son mot de passe, majuscules comprises. S’il les a "
            "perdus, qu’il demande une nouvelle notification au secrétariat{school}, puis ajoute "
            "une adresse dans « Mon compte »."
        ),
    ),
    Case.IN_ORDER: Advice(
        lambda: _("Le compte est en ordre."),
        lambda: _(
            "Qu’il vérifie son identifiant et son mot de passe, majuscules comprises. Mot de passe "
            "perdu : « Mot de passe oublié », ou envoyez-lui le lien d’ici. Si un téléservice "
            "manque, regardez ce que voit cette famille."
        ),
    ),
}

MAIL_WORDS: Final[Mapping[MailState, Message]] = {
    MailState.WAITING: lambda: _("en attente d’envoi"),
    MailState.SENT: lambda: _("envoyé"),
    MailState.FAILED: lambda: _("non remis"),
    MailState.DROPPED: lambda: _("annulé avant l’envoi"),
}

REMEDY_WORDS: Final[Mapping[Remedy, Message]] = {
    Remedy.RESEND: lambda: _("Renvoyer le message de confirmation"),
    Remedy.RESET: lambda: _("Envoyer un lien pour changer de mot de passe"),
    Remedy.UNLOCK: lambda: _("Débloquer le compte"),
    Remedy.LOCK: lambda: _("Bloquer le compte par précaution"),
}
"""What the buttons say."""


@frozen
class Diagnosis:
    """A case with its words filled in."""

    case: Case
    found: str
    answer: str


def diagnosis(facts: Facts, zone: ZoneInfo, school: str = "") -> Diagnosis:
    """What is the matter with an account and what to answer, with dates in words.

    ``school`` names the office to send the caller to: " du Collège… (telephone)",
    or nothing when it is not known.
    """
    case, letter = diagnose(facts), facts.letter
    fields = {
        "school": school or _(" de l’établissement"),
        "issued_on": _day(letter.issued_at, zone) if letter else "",
        "letter_until": _last_day(letter.expires_at, zone) if letter else "",
        "sent_at": _moment(facts.confirmation.at if facts.confirmation else None, zone),
        "link_until": _moment(facts.link_until_at, zone),
        "wait_until": _moment(facts.wait_until_at, zone),
    }
    advice = ADVICE[case]
    return Diagnosis(case, advice.found().format_map(fields), advice.answer().format_map(fields))


def _day(at: datetime, zone: ZoneInfo) -> str:
    return show_date(local_date(at, zone))


def _last_day(end: datetime, zone: ZoneInfo) -> str:
    return _day(end - timedelta(seconds=1), zone)


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return show_instant(at, zone) if at else ""
