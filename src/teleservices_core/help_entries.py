"""Answers of the public FAQ that the core keeps, with figures from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from teleservices_core.contributions import HelpEntry, HelpLink
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.credentials import PASSWORD_MIN
from teleservices_core.i18n import _, ngettext, show_host, show_phone
from teleservices_core.settings import Settings

_FAMILIES: Final = frozenset({Audience.GUARDIAN, Audience.STUDENT})


def figures(settings: Settings) -> Mapping[str, str]:
    """Durations and telephone in words, for the answers."""
    durations, hotline = settings.durations, settings.hotline
    months, days = durations.letter_months, durations.email_link_days
    reset, undo = durations.reset_link_days, durations.grouping_undo_days
    phone = show_phone(hotline.phone) + (f" ({hotline.hours})" if hotline.hours else "")
    return {
        "letter_life": ngettext("{n} mois", "{n} mois", months).format(n=months),
        "link_life": ngettext("{n} jour", "{n} jours", days).format(n=days),
        "reset_life": ngettext("{n} jour", "{n} jours", reset).format(n=reset),
        "result_life": ngettext("{n} jour", "{n} jours", durations.result_days).format(
            n=durations.result_days
        ),
        "old_mails_days": str(durations.old_mails_days),
        "former_days": str(durations.former_people_days),
        "journal_life": _("Tant que le site est en service")
        if durations.journal_days is None
        else _("{n} jours").format(n=durations.journal_days),
        "idle_minutes": str(durations.session_idle_minutes),
        "session_hours": str(durations.session_hours),
        "undo_life": ngettext("{n} jour", "{n} jours", undo).format(n=undo),
        "unclaimed": str(durations.unclaimed_days),
        "unused": str(durations.unused_days),
        "closing_warnings": _(" et ").join(map(str, durations.closing_warnings_days)),
        "hotline": _("l’assistance au {phone}").format(phone=phone)
        if hotline.phone
        else _("le secrétariat de l’établissement"),
        "host": show_host(settings.identity.name),
        "password_min": str(PASSWORD_MIN),
    }


def _said(text: Callable[[], str]) -> Callable[[Mapping[str, str]], str]:
    return lambda figures: text().format_map(figures)


_STAFF: Final = frozenset({Audience.STAFF})
HELP_ENTRIES: Final = (
    HelpEntry(
        "core.activate",
        lambda: _("Comment activer mon compte ?"),
        _said(
            lambda: _(
                "L’établissement remet à chaque responsable et à chaque élève une notification "
                "avec un identifiant et un mot de passe provisoire. Connectez-vous avec les deux, "
                "puis choisissez votre mot de passe (au moins {password_min} caractères). Un "
                "responsable donne ensuite une adresse électronique et la confirme par le lien "
                "reçu ; pour un élève, l’adresse est conseillée : elle permet de récupérer seul un "
                "identifiant ou un mot de passe perdu."
            )
        ),
        _FAMILIES,
        promises=("F10", "F11", "F12", "F13"),
    ),
    HelpEntry(
        "core.no_letter",
        lambda: _("Je n’ai pas reçu de notification, ou elle ne fonctionne pas."),
        _said(
            lambda: _(
                "Une notification est valable {letter_life} à partir de sa date d’édition et sert "
                "une seule fois ; une plus récente remplace les précédentes. Dans tous les cas, "
                "demandez-en une nouvelle au secrétariat de l’établissement : il vérifie qui vous "
                "êtes et vous la remet en main propre. Personne ne donne de mot de passe par "
                "téléphone."
            )
        ),
        _FAMILIES,
        promises=("F14", "F15", "F16", "F17"),
    ),
    HelpEntry(
        "core.group",
        lambda: _("J’ai reçu plusieurs notifications pour plusieurs enfants. Que faire ?"),
        _said(
            lambda: _(
                "Un seul compte suffit. Activez-en un, puis ouvrez « Mon compte », « Enfants », "
                "« Regrouper des comptes » et saisissez l’identifiant et le mot de passe de chacun "
                "des autres : ceux de la notification, ou ceux que vous utilisez déjà. La liste "
                "des enfants rattachés s’affiche ensuite. Les comptes doivent être au même nom ; "
                "sinon, demandez au secrétariat de l’établissement de le corriger. Un regroupement "
                "s’annule pendant {undo_life}, au même endroit."
            )
        ),
        frozenset({Audience.GUARDIAN}),
        promises=("F18", "F19"),
    ),
    HelpEntry(
        "core.matches",
        lambda: _("Mon enfant apparaît deux fois, ou j’ai reçu deux notifications à mon nom."),
        _said(
            lambda: _(
                "La base de l’établissement décrit peut-être la même personne deux fois : un nom "
                "corrigé, un identifiant national mal recopié. Tant que rien n’est certain, les "
                "fiches restent séparées et personne ne voit ce qui n’est pas à lui. "
                "Signalez-le au secrétariat : il compare les deux fiches et les réunit si c’est la "
                "même personne ; entre deux établissements, l’académie s’en charge. Une réunion "
                "faite par erreur s’annule, et chacun retrouve ce qui était à lui."
            )
        ),
        _FAMILIES,
    ),
    HelpEntry(
        "core.no_mail",
        lambda: _("Je n’ai pas reçu le message de confirmation."),
        _said(
            lambda: _(
                "Regardez dans les dossiers « indésirables », « spam » et dans la corbeille de "
                "votre messagerie. Le lien est valable {link_life} ; la page d’attente permet d’en "
                "demander un autre ou de corriger l’adresse. Si rien n’arrive, appelez {hotline}."
            )
        ),
        promises=("F20",),
    ),
    HelpEntry(
        "core.cannot_sign_in",
        lambda: _("Je n’arrive pas à me connecter."),
        _said(
            lambda: _(
                "Vérifiez que votre compte est activé, puis votre identifiant et votre mot de "
                "passe, majuscules comprises ; la page de connexion peut afficher ce que vous "
                "tapez. Après plusieurs erreurs, attendez le délai indiqué, ou choisissez un autre "
                "mot de passe par « Mot de passe oublié ». Si le problème persiste, appelez "
                "{hotline}."
            )
        ),
        promises=("F30",),
    ),
    HelpEntry(
        "core.went_back",
        lambda: _("Le service est revenu à une sauvegarde. Qu’est-ce que cela change pour moi ?"),
        _said(
            lambda: _(
                "Après une panne grave, le service peut revenir à ce qu’il était lors de sa "
                "dernière sauvegarde ; ce qui a été fait depuis est à refaire. Par sécurité, "
                "chacun est déconnecté, et les liens reçus par message comme les notifications qui "
                "n’avaient pas servi ne servent plus. Si vous aviez changé votre mot de passe "
                "entre-temps, choisissez-en un autre par « Mot de passe oublié ? » ; si vous aviez "
                "changé d’adresse électronique, demandez une nouvelle notification au secrétariat "
                "de l’établissement. Ce qui avait été effacé le reste."
            )
        ),
        _FAMILIES,
    ),
    HelpEntry(
        "core.new_device",
        lambda: _("J’ai reçu un message « Nouvelle connexion à votre compte »."),
        _said(
            lambda: _(
                "Votre compte vient d’être ouvert sur un appareil que nous ne connaissions pas : "
                "un nouveau téléphone, un autre navigateur, une fenêtre de navigation privée. Si "
                "c’était vous, vous n’avez rien à faire. Sinon, changez tout de suite de mot de "
                "passe : toutes les autres connexions seront fermées. « Mon compte », puis "
                "« Connexions et appareils », montre où votre compte est ouvert."
            )
        ),
    ),
    HelpEntry(
        "core.must_renew",
        lambda: _("On me demande de changer de mot de passe. Pourquoi ?"),
        _said(
            lambda: _(
                "L’académie le demande quand des mots de passe ont pu être connus d’autres "
                "personnes. Connectez-vous comme d’habitude, puis choisissez-en un nouveau d’au "
                "moins {password_min} caractères, que vous n’utilisez nulle part ailleurs. Votre "
                "identifiant et vos données ne changent pas."
            )
        ),
    ),
    HelpEntry(
        "core.identity",
        lambda: _("Puis-je me connecter avec mon compte ENT ou EduConnect ?"),
        _said(
            lambda: _(
                "Oui, quand l’établissement ou l’académie l’a prévu : {host} vous connecte alors "
                "ici sans autre mot de passe. La première fois, le site peut vous demander de "
                "relier votre compte : saisissez une seule fois l’identifiant et le mot de passe "
                "de votre notification, ou ceux que vous utilisez déjà. « Mon compte » permet de "
                "délier."
            )
        ),
    ),
    HelpEntry(
        "core.closing",
        lambda: _("Mon compte peut-il être supprimé ?"),
        _said(
            lambda: _(
                "Oui, s’il n’est pas activé ou confirmé en {unclaimed} jours, ou s’il ne sert pas "
                "pendant {unused} jours. Avec une adresse électronique, vous êtes prévenu "
                "{closing_warnings} jours avant : connectez-vous alors pour le garder. "
                "Après une suppression, demandez une nouvelle notification au secrétariat de "
                "l’établissement. Les données scolaires ne sont pas touchées."
            )
        ),
        promises=("F31", "F32"),
    ),
    HelpEntry(
        "core.lost_login",
        lambda: _("J’ai perdu mon identifiant."),
        _said(
            lambda: _(
                "Sur la page de connexion, choisissez « Identifiant oublié » : il est envoyé à "
                "l’adresse confirmée de votre compte. Sans adresse, demandez une nouvelle "
                "notification au secrétariat de l’établissement."
            )
        ),
        promises=("F33",),
    ),
    HelpEntry(
        "core.lost_password",
        lambda: _("J’ai perdu mon mot de passe."),
        _said(
            lambda: _(
                "Sur la page de connexion, choisissez « Mot de passe oublié » et saisissez votre "
                "identifiant : un lien valable {reset_life} est envoyé à l’adresse de votre "
                "compte. Il permet de choisir un nouveau mot de passe ; l’ancien reste valable "
                "jusque-là."
            )
        ),
        promises=("F34", "F35"),
    ),
    HelpEntry(
        "core.change_email",
        lambda: _("Puis-je changer d’adresse électronique ?"),
        _said(
            lambda: _(
                "Oui, dans « Mon compte ». Un lien est envoyé à la nouvelle adresse, qui compte "
                "une fois ce lien ouvert ; l’ancienne en est avertie."
            )
        ),
        promises=("F37",),
    ),
    HelpEntry(
        "core.my_data",
        lambda: _("Que sait le site de moi, et qui l’a consulté ?"),
        _said(
            lambda: _(
                "Dans « Mon compte », « Télécharger mes données » donne une copie de tout ce que "
                "le site conserve sur vous, et « Qui a consulté ? » liste ce que l’établissement, "
                "l’assistance et l’académie ont regardé ou changé. Le détail des données et de "
                "leur durée est au bas de chaque page, sous « Données personnelles »."
            )
        ),
    ),
    HelpEntry(
        "core.which_services",
        lambda: _("Quels téléservices propose l’établissement de mon enfant ?"),
        _said(
            lambda: _(
                "Une page publique dit, pour chaque établissement, ce qui est ouvert, à qui, et ce "
                "qui va ouvrir. Une fois connecté, votre page d’accueil montre tout, enfant par "
                "enfant ; un téléservice fermé affiche la raison et ce que vous pouvez faire. "
                "C’est en général le chef d’établissement qui décide de l’ouverture."
            )
        ),
        _FAMILIES,
        promises=("F03", "F04"),
        link=HelpLink(lambda: _("Chercher un établissement"), "core.establishments"),
    ),
    HelpEntry(
        "core.kept",
        lambda: _("Un téléservice a fermé. Ce que j’y avais vu est-il perdu ?"),
        _said(
            lambda: _(
                "Non. Ce qu’il vous avait montré reste lisible, tel qu’au moment de la fermeture : "
                "sur votre page d’accueil, choisissez le téléservice fermé, puis « Lire ce qui est "
                "conservé ». Rien n’y est ajouté depuis. C’est aussi dans la copie de vos données, "
                "années passées comprises. Cela cesse si vous n’avez plus de droit sur l’élève, ou "
                "quand les données sont effacées : leur durée est sous « Données personnelles »."
            )
        ),
        _FAMILIES,
    ),
    HelpEntry(
        "core.new_school",
        lambda: _("Mon enfant change d’établissement. Faut-il un nouveau compte ?"),
        _said(
            lambda: _(
                "Non, tant qu’il reste dans l’académie : les comptes de l’enfant et de ses "
                "responsables sont conservés, avec le même identifiant et le même mot de passe. La "
                "page d’accueil dit ce que propose le nouvel établissement."
            )
        ),
        _FAMILIES,
        promises=("F40", "F41"),
    ),
    HelpEntry(
        "core.new_year",
        lambda: _("Faut-il créer un compte chaque année ?"),
        _said(
            lambda: _(
                "Non. Les comptes restent d’une année à l’autre ; les téléservices s’ouvrent dès "
                "que l’établissement les active pour la nouvelle année scolaire."
            )
        ),
        _FAMILIES,
        promises=("F42",),
    ),
    HelpEntry(
        "core.browsers",
        lambda: _("La page s’affiche mal."),
        _said(
            lambda: _(
                "Le site fonctionne sur téléphone, tablette et ordinateur avec les versions "
                "actuelles de Firefox, Chrome, Edge et Safari. Mettez votre navigateur à jour."
            )
        ),
        promises=("F02", "F36"),
        link=HelpLink(lambda: _("Liens utiles"), "core.useful_links"),
    ),
    HelpEntry(
        "core.jobs",
        lambda: _("Personnel : où en est le travail que j’ai demandé ?"),
        _said(
            lambda: _(
                "Les notifications d’un établissement entier et les gros fichiers de notes sont "
                "des « travaux » : ils se font pendant que vous faites autre chose, page fermée ou "
                "non. Dans la console de l’établissement, « Notifications », « Mes travaux » dit "
                "où en est chacun ; vous seul voyez les vôtres. « Arrêter » garde ce qui est fait, "
                "« Reprendre » continue où il en était. Les documents se téléchargent pendant "
                "{result_life}, puis sont effacés. Un travail qui n’avance pas, ou qui échoue "
                "encore après « Reprendre » : appelez {hotline}."
            )
        ),
        _STAFF,
    ),
    HelpEntry(
        "core.second_factor",
        lambda: _("Personnel : comment protéger mon compte par un code de téléphone ou une clé ?"),
        _said(
            lambda: _(
                "Ouvrez « Mon compte », « Double authentification ». « Installer un téléphone » : "
                "une application de codes du téléphone scanne l’image affichée, puis donne six "
                "chiffres à chaque connexion. « Ajouter une clé » : une clé à brancher, ou "
                "l’empreinte, le visage ou le code d’un appareil, en tient lieu ; le navigateur "
                "doit être récent, avec JavaScript. Gardez sur papier les dix codes de secours : "
                "chacun remplace une fois l’un ou l’autre. Une page qui engage d’autres que vous "
                "peut vous le redemander au bout d’un moment. Téléphone changé, clé à retirer : au "
                "même endroit. Tout est perdu : appelez {hotline} ; l’académie vérifie qui vous "
                "êtes, puis retire la double authentification. Un nouveau mot de passe n’y suffit "
                "pas."
            )
        ),
        _STAFF,
    ),
)
