"""The core's mails, in plain text: what happened, what to do, until when."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import MailTemplate, Message
from teleservices_core.i18n import _

NEED_HELP: Final[Message] = lambda: _("\nBesoin d’aide ? Appelez {hotline}.\n")  # noqa: E731
"""The end of every mail."""

MAILS: Final = (
    MailTemplate(
        kind="core.confirm_email",
        subject=lambda: _("Confirmez votre adresse électronique"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Vous venez d’indiquer cette adresse sur le site {site} de l’{academie}.\n"
            "Pour la confirmer, ouvrez ce lien puis appuyez sur « Confirmer mon adresse » :\n"
            "\n"
            "{link}\n"
            "\n"
            "Ce lien fonctionne une seule fois, jusqu’au {until}.\n"
            "\n"
            "Vous n’avez rien demandé ? Ne tenez pas compte de ce message : sans ce lien, "
            "votre adresse ne sera pas utilisée.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
        link_path="/confirmer/{secret}",
    ),
    MailTemplate(
        kind="core.login_names",
        subject=lambda: _("Vos identifiants"),
        body=lambda: _(
            "Bonjour,\n"
            "\n"
            "Vous avez demandé les identifiants rattachés à cette adresse sur le site {site} "
            "de l’{academie} :\n"
            "\n"
            "{lines}\n"
            "\n"
            "Pour vous connecter : {home}\n"
            "\n"
            "Vous n’avez rien demandé ? Ne tenez pas compte de ce message.\n"
        ),
    ),
    MailTemplate(
        kind="core.reset_password",
        subject=lambda: _("Changer votre mot de passe"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Un nouveau mot de passe a été demandé pour l’identifiant {login} sur le site {site} "
            "de l’{academie}.\n"
            "Pour le choisir, ouvrez ce lien puis appuyez sur « Choisir un mot de passe » :\n"
            "\n"
            "{link}\n"
            "\n"
            "Ce lien fonctionne une seule fois, jusqu’au {until}. Votre mot de passe actuel reste "
            "valable tant que vous n’en avez pas choisi un autre.\n"
            "\n"
            "Vous n’avez rien demandé ? Ne tenez pas compte de ce message : rien ne changera.\n"
        ),
        link_path="/nouveau-mot-de-passe/{secret}",
    ),
    MailTemplate(
        kind="core.password_changed",
        subject=lambda: _("Votre mot de passe a changé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Le mot de passe de votre compte vient de changer sur le site {site} de l’{academie}. "
            "Les autres connexions ont été fermées.\n"
            "\n"
            "Ce n’était pas vous ? Choisissez tout de suite un nouveau mot de passe, par "
            "« Mot de passe oublié » : {home}\n"
        ),
    ),
    MailTemplate(
        kind="core.claimed",
        subject=lambda: _("Votre compte vient d’être activé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Un mot de passe vient d’être choisi pour votre compte sur le site {site} de "
            "l’{academie}, avec une notification remise par l’établissement.\n"
            "\n"
            "C’était vous ? Vous n’avez rien à faire.\n"
            "Ce n’était pas vous ? Choisissez tout de suite un autre mot de passe, par "
            "« Mot de passe oublié » : {home}\n"
            "Puis prévenez l’établissement : quelqu’un s’est servi de votre notification.\n"
        ),
    ),
    MailTemplate(
        kind="core.new_device",
        subject=lambda: _("Nouvelle connexion à votre compte"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "L’identifiant {login} vient de servir sur un appareil que nous ne connaissions pas, "
            "sur le site {site} de l’{academie} :\n"
            "\n"
            "  {device}, le {at}\n"
            "\n"
            "C’était vous ? Vous n’avez rien à faire.\n"
            "Ce n’était pas vous ? Votre mot de passe est connu d’un autre : choisissez-en un "
            "nouveau tout de suite, par « Mot de passe oublié ». Toutes les connexions seront "
            "fermées. {home}\n"
        ),
    ),
    MailTemplate(
        kind="core.letter_issued",
        subject=lambda: _("Une nouvelle notification pour votre compte"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Votre établissement a édité une nouvelle notification pour votre compte sur le site "
            "{site} de l’{academie}. Votre ancien mot de passe ne fonctionne plus.\n"
            "\n"
            "Vous l’avez demandée ? Connectez-vous avec son identifiant et son mot de passe "
            "provisoire : {home}\n"
            "Vous n’avez rien demandé ? Prévenez sans attendre le secrétariat de l’établissement.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
    MailTemplate(
        kind="core.account_locked",
        subject=lambda: _("Votre compte est bloqué par précaution"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "L’assistance de l’{academie} vient de bloquer le compte {login} du site {site}, par "
            "précaution. Toutes les connexions ont été fermées.\n"
            "\n"
            "Pour le rouvrir, appelez l’assistance, ou choisissez un nouveau mot de passe par "
            "« Mot de passe oublié » : {home}\n"
        ),
    ),
    MailTemplate(
        kind="core.undo_email",
        subject=lambda: _("L’adresse de votre compte a changé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Une autre adresse remplace désormais celle-ci pour l’identifiant {login} sur le site "
            "{site} de l’{academie}.\n"
            "\n"
            "C’était vous ? Vous n’avez rien à faire.\n"
            "Ce n’était pas vous ? Rétablissez cette adresse par ce lien, jusqu’au {until} :\n"
            "\n"
            "{link}\n"
        ),
        link_path="/retablir/{secret}",
    ),
    MailTemplate(
        kind="core.closing_unused",
        subject=lambda: _("Connectez-vous pour garder votre compte"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Sur le site {site} de l’{academie}, un compte qui n’a pas servi pendant {days} jours "
            "est supprimé. Le vôtre (identifiant {login}) le sera après le {on}, sauf si vous vous "
            "connectez d’ici là.\n"
            "\n"
            "Pour le garder, une seule connexion suffit : {home}\n"
            "Mot de passe oublié ? La page de connexion permet d’en choisir un autre.\n"
            "\n"
            "Vous n’en avez plus besoin ? Vous n’avez rien à faire.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
    MailTemplate(
        kind="core.closing_unconfirmed",
        subject=lambda: _("Il reste à confirmer votre adresse électronique"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Sur le site {site} de l’{academie}, le compte d’identifiant {login} attend que son "
            "adresse électronique soit confirmée. Sans cela, il sera supprimé après le {on}.\n"
            "\n"
            "Pour le garder, connectez-vous : {home}\n"
            "La page vous propose alors un nouveau lien, ou de corriger l’adresse.\n"
            "\n"
            "Vous n’avez rien demandé ? Ne tenez pas compte de ce message.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
    MailTemplate(
        kind="core.closing_unclaimed",
        subject=lambda: _("Activez votre compte pour le garder"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Une nouvelle notification a été éditée pour votre compte (identifiant {login}) sur le "
            "site {site} de l’{academie}, et n’a pas servi. Sans activation, ce compte sera "
            "supprimé après le {on}.\n"
            "\n"
            "Pour le garder, connectez-vous avec votre notification : {home}\n"
            "Vous ne l’avez plus ? Demandez-en une autre au secrétariat de l’établissement.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
    MailTemplate(
        kind="core.account_closed",
        subject=lambda: _("Votre compte est supprimé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Faute d’utilisation, votre compte (identifiant {login}) vient d’être supprimé sur le "
            "site {site} de l’{academie}. Son mot de passe et cette adresse en sont effacés. Les "
            "données de l’établissement ne changent pas.\n"
            "\n"
            "Vous en avez de nouveau besoin ? Demandez une notification au secrétariat de "
            "l’établissement : elle permet de recommencer.\n"
            "\n"
            "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
        ),
    ),
    MailTemplate(
        kind="core.grouped",
        subject=lambda: _("Des comptes ont été regroupés"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Les enfants du compte {login} sont désormais rattachés au vôtre sur le site {site} "
            "de l’{academie}. Connectez-vous comme d’habitude : vous les y retrouvez tous.\n"
            "\n"
            "C’était une erreur ? Jusqu’au {until}, annulez ce regroupement dans « Mon compte », "
            "puis « Enfants » : {home}\n"
            "\n"
            "Ce n’était pas vous ? Choisissez aussi un nouveau mot de passe, par « Mot de passe "
            "oublié ».\n"
        ),
    ),
    MailTemplate(
        kind="core.undo_grouping",
        subject=lambda: _("Votre compte a été regroupé avec un autre"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Les enfants du compte {login} sont désormais rattachés à un autre compte au même nom, "
            "sur le site {site} de l’{academie}. L’identifiant {login} ne sert donc plus : "
            "connectez-vous avec celui de l’autre compte.\n"
            "\n"
            "C’était vous ? Vous n’avez rien à faire.\n"
            "Ce n’était pas vous ? Annulez ce regroupement par ce lien, jusqu’au {until} :\n"
            "\n"
            "{link}\n"
        ),
        link_path="/degrouper/{secret}",
    ),
    MailTemplate(
        kind="core.gathering_undone",
        subject=lambda: _("Un regroupement de comptes est annulé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Le regroupement du compte {login} avec le vôtre est annulé sur le site {site} de "
            "l’{academie}. Ses enfants ne figurent plus dans votre compte.\n"
            "\n"
            "Vos autres enfants et votre mot de passe ne changent pas.\n"
        ),
    ),
    MailTemplate(
        kind="core.ungrouped",
        subject=lambda: _("Votre compte est rétabli"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Le regroupement du compte {login} est annulé sur le site {site} de l’{academie}. "
            "Vous y retrouvez vos enfants, avec le même mot de passe.\n"
            "\n"
            "Ce n’était pas vous qui aviez regroupé ce compte ? Quelqu’un connaît votre mot de "
            "passe : choisissez-en un autre, par « Mot de passe oublié » : {home}\n"
        ),
    ),
    MailTemplate(
        kind="core.ungrouped_closed",
        subject=lambda: _("Votre compte est à nouveau séparé"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "Le regroupement du compte {login} est annulé sur le site {site} de l’{academie}.\n"
            "\n"
            "Sa notification ne fonctionne plus : pour l’utiliser, demandez-en une nouvelle au "
            "secrétariat de l’établissement.\n"
        ),
    ),
    MailTemplate(
        kind="core.link_ended",
        subject=lambda: _("Un rattachement a été retiré de votre compte"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "{school} a retiré de votre compte, sur le site {site} de l’{academie}, un élève qui "
            "vous était rattaché par erreur.\n"
            "\n"
            "Vous n’avez rien à faire. Si vous êtes bien responsable de cet élève, adressez-vous "
            "au secrétariat de l’établissement.\n"
        ),
    ),
    MailTemplate(
        kind="core.link_restored",
        subject=lambda: _("Un élève est à nouveau rattaché à votre compte"),
        body=lambda: _(
            "Bonjour {name},\n"
            "\n"
            "{school} a vérifié : vous êtes bien responsable de l’élève qui n’apparaissait plus "
            "dans votre compte, sur le site {site} de l’{academie}. Vous l’y retrouvez dès "
            "maintenant : {home}\n"
            "\n"
            "Si c’est une erreur, adressez-vous au secrétariat de l’établissement.\n"
        ),
    ),
)
