"""Mails about the host's identity, in plain text."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import MailTemplate
from teleservices_core.i18n import _

IDENTITY_MAILS: Final = (
    MailTemplate(
        kind="core.identity_linked",
        subject=lambda: _("Votre compte est relié à {host}"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Le compte {login} du site {site} de l’{academie} s’ouvre désormais aussi par {host}, "
            "sans autre mot de passe.\n"
            "\n"
            "C’était vous ? Vous n’avez rien à faire.\n"
            "Ce n’était pas vous ? Demandez sans attendre une nouvelle notification au secrétariat "
            "de l’établissement : elle ferme toutes les connexions et supprime ce lien.\n"
        ),
    ),
    MailTemplate(
        kind="core.no_password",
        subject=lambda: _("Votre compte n’a pas de mot de passe ici"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Un nouveau mot de passe a été demandé pour l’identifiant {login} sur le site {site} "
            "de l’{academie}.\n"
            "\n"
            "Ce compte s’ouvre par {host} et n’a pas de mot de passe ici : connectez-vous à "
            "{host}, puis revenez : {home}\n"
            "Vous ne pouvez plus vous y connecter ? Demandez une nouvelle notification au "
            "secrétariat de l’établissement.\n"
            "\n"
            "Vous n’avez rien demandé ? Ne tenez pas compte de ce message : rien ne changera.\n"
        ),
    ),
)
