"""The core's reasons in words, for families and for staff.

In a next step, ``{contact}`` reaches who can change the answer; ``{instead}``
reaches the same office for doing without the téléservice, whoever closed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message, Words
from teleservices_core.domain.establishments import Establishment
from teleservices_core.i18n import _, show_phone


def _without_it() -> str:
    return _("L’établissement vous dira comment faire sans ce téléservice{instead}.")


def _noted(text: Message) -> Words:
    """Words of a vote that neither opens nor closes: in the trace only."""
    return Words(family=lambda: "", next_step=lambda: "", staff=text)


CORE_WORDS: Final[Mapping[str, Words]] = {
    "core.not_taking_part": Words(
        family=lambda: _("L’établissement ne propose pas les téléservices."),
        next_step=lambda: _("Pour toute démarche, adressez-vous à son secrétariat{contact}."),
        staff=lambda: _("L’établissement n’adhère pas aux téléservices."),
    ),
    "core.other_audience": Words(
        family=lambda: _("Ce téléservice ne s’adresse pas à votre type de compte."),
        next_step=lambda: _("Vous n’avez rien à faire."),
        staff=lambda: _("Le module n’est pas destiné à ce public."),
    ),
    "core.other_kind": Words(
        family=lambda: _("Ce téléservice n’existe pas dans ce type d’établissement."),
        next_step=lambda: _("Vous n’avez rien à faire."),
        staff=lambda: _("Le module n’est pas destiné à ce type d’établissement."),
    ),
    "core.other_level": Words(
        family=lambda: _("Ce téléservice ne concerne pas les classes de {level}."),
        next_step=lambda: _("Vous n’avez rien à faire."),
        staff=lambda: _("Le module ne concerne pas les classes de {level}."),
    ),
    "core.level_unknown": Words(
        family=lambda: _("La classe de {student} n’est pas encore connue du site."),
        next_step=lambda: _(
            "Revenez après la rentrée ; si rien ne change, adressez-vous au secrétariat{contact}."
        ),
        staff=lambda: _("Formation (MEF) inconnue : importez la base élèves de l’établissement."),
    ),
    "core.student_of_age": Words(
        family=lambda: _("{student} est majeur : ces démarches lui reviennent."),
        next_step=lambda: _(
            "{student} s’en occupe avec son propre compte ; vous pouvez en parler ensemble."
        ),
        staff=lambda: _("Élève majeur : le module ne s’adresse plus à ses responsables."),
    ),
    "core.no_link": Words(
        family=lambda: _("Votre lien avec cet élève n’est plus en vigueur."),
        next_step=lambda: _("En cas d’erreur, adressez-vous au secrétariat{contact}."),
        staff=lambda: _("Le lien de responsabilité n’est pas en vigueur à cette date."),
    ),
    "core.weak_link": Words(
        family=lambda: _("Ce téléservice est réservé aux représentants légaux de l’élève."),
        next_step=lambda: _("En cas d’erreur, adressez-vous au secrétariat{contact}."),
        staff=lambda: _("Le niveau de responsabilité est insuffisant pour ce module."),
    ),
    "core.left": Words(
        family=lambda: _("{student} a quitté l’établissement le {left_on}."),
        next_step=lambda: _(
            "Les téléservices du nouvel établissement s’affichent dès qu’il y est inscrit."
        ),
        staff=lambda: _("Élève sorti de l’établissement le {left_on}."),
    ),
    "core.imposed": Words(
        family=lambda: _("Ouvert par l’académie."),
        next_step=lambda: "",
        staff=lambda: _("Ouverture imposée par l’académie{by}."),
    ),
    "core.forbidden": Words(
        family=lambda: _("L’académie ne propose pas ce téléservice pour {year}."),
        next_step=_without_it,
        staff=lambda: _("Interdit par l’académie{by} : seul le rectorat peut l’autoriser."),
    ),
    "core.closed_by_academie": Words(
        family=lambda: _("L’académie n’a pas ouvert ce téléservice pour {year}."),
        next_step=_without_it,
        staff=lambda: _("Fermé par l’académie{by} : seul le rectorat peut l’ouvrir."),
    ),
    "core.automatic": Words(
        family=lambda: _("Ouvert à toutes les familles concernées."),
        next_step=lambda: "",
        staff=lambda: _("Ouverture automatique : aucun acte du chef d’établissement."),
    ),
    "core.opened": Words(
        family=lambda: _("Ouvert par l’établissement."),
        next_step=lambda: "",
        staff=lambda: _("Ouvert par {whom}."),
    ),
    "core.closed_by_head": Words(
        family=lambda: _("L’établissement a fermé ce téléservice pour {year}."),
        next_step=lambda: _("Pour en savoir plus, adressez-vous au secrétariat{contact}."),
        staff=lambda: _("Fermé{by} : le chef d’établissement peut le rouvrir."),
    ),
    "core.opened_for_class": Words(
        family=lambda: _("Ouvert par l’établissement."),
        next_step=lambda: "",
        staff=lambda: _("Ouvert pour {part}{by}."),
    ),
    "core.closed_for_class": Words(
        family=lambda: _("L’établissement a fermé ce téléservice pour cette classe ({part})."),
        next_step=lambda: _("Pour en savoir plus, adressez-vous au secrétariat{contact}."),
        staff=lambda: _("Fermé pour {part}{by} : le chef d’établissement peut le rouvrir."),
    ),
    "core.open_by_default": Words(
        family=lambda: _("Ouvert par défaut dans les établissements de l’académie."),
        next_step=lambda: "",
        staff=lambda: _("Ouvert par défaut : le chef d’établissement peut le fermer."),
    ),
    "core.not_opened": Words(
        family=lambda: _("L’établissement n’a pas encore ouvert ce téléservice pour {year}."),
        next_step=lambda: _(
            "C’est le chef d’établissement qui en décide. Pour en savoir plus, "
            "adressez-vous au secrétariat{contact}."
        ),
        staff=lambda: _("Pas encore ouvert : le chef d’établissement peut l’ouvrir."),
    ),
    "core.campaign_coming": Words(
        family=lambda: _("La campagne ouvre {when}."),
        next_step=lambda: _("Revenez à partir de cette date."),
        staff=lambda: _("Campagne à venir : {when}."),
    ),
    "core.campaign_over": Words(
        family=lambda: _("La campagne s’est terminée {ended}."),
        next_step=_without_it,
        staff=lambda: _(
            "Campagne terminée {ended}, sans autre à venir : l’académie fixe les dates."
        ),
    ),
    "core.no_campaign": Words(
        family=lambda: _("Les dates de la campagne {year} ne sont pas encore connues."),
        next_step=lambda: _(
            "Elles s’afficheront ici dès que l’académie les aura fixées. D’ici là, "
            "l’établissement vous dira comment faire sans ce téléservice{instead}."
        ),
        staff=lambda: _("Aucune campagne : l’académie fixe les dates."),
    ),
    "core.requires_closed": Words(
        family=lambda: _("Ce téléservice a besoin de « {required} », qui n’est pas ouvert."),
        next_step=_without_it,
        staff=lambda: _("Ouvrez d’abord « {required} »."),
    ),
    "core.nobody_opened": Words(
        family=lambda: _("Ce téléservice n’est pas ouvert pour {year}."),
        next_step=_without_it,
        staff=lambda: _("Aucune règle n’ouvre ce module."),
    ),
    "core.suspended": Words(
        family=lambda: _("Ce téléservice est momentanément suspendu par l’académie."),
        next_step=lambda: _(
            "Revenez plus tard : vos données ne sont pas touchées. Pour une démarche urgente, "
            "adressez-vous au secrétariat{instead}."
        ),
        staff=lambda: _("Extension coupée{by} : {why}"),
    ),
    "core.rule_failed": Words(
        family=lambda: _("Ce téléservice est momentanément indisponible."),
        next_step=lambda: _("Réessayez plus tard. Vos données ne sont pas touchées."),
        staff=lambda: _("La règle {rule} a échoué ({error}) : voir l’état des modules."),
    ),
    "core.not_concerned_by_rule": _noted(lambda: _("Sans objet.")),
    "core.link_holds": _noted(lambda: _("Le lien de responsabilité est en vigueur{until}.")),
    "core.minor": _noted(lambda: _("L’élève est mineur{until}.")),
    "core.present": _noted(lambda: _("L’élève est dans l’établissement{until}.")),
    "core.campaign_running": _noted(lambda: _("Campagne en cours{until}.")),
    "core.requires_open": _noted(lambda: _("« {required} », nécessaire, est ouvert.")),
}

AUDIT_WORDS: Final[Mapping[str, Message]] = {
    "account.signed_in": lambda: _("Connexion"),
    "account.claimed": lambda: _("Compte activé, mot de passe choisi"),
    "account.email_given": lambda: _("Adresse électronique indiquée"),
    "account.email_skipped": lambda: _("Activation sans adresse électronique"),
    "account.email_confirmed": lambda: _("Adresse électronique confirmée"),
    "account.reset_asked": lambda: _("Nouveau mot de passe demandé"),
    "account.password_reset": lambda: _("Mot de passe changé par le lien reçu"),
    "account.renewal_opened": lambda: _("Lien de nouveau mot de passe ouvert"),
    "account.password_renewed": lambda: _("Mot de passe renouvelé"),
    "account.password_changed": lambda: _("Mot de passe changé"),
    "account.email_undone": lambda: _("Ancienne adresse électronique rétablie"),
    "account.warned": lambda: _("Suppression du compte annoncée par message"),
    "account.password_ended": lambda: _(
        "Mot de passe éteint : une sauvegarde a été remise en place"
    ),
    "account.closed": lambda: _("Compte supprimé faute d’utilisation"),
    "incident.renewal": lambda: _("Renouvellement des mots de passe imposé"),
    "incident.sessions_closed": lambda: _("Connexions fermées d’autorité"),
    "plugin.cut": lambda: _("Extension coupée"),
    "plugin.restored": lambda: _("Extension remise en service"),
    "account.factor_set": lambda: _("Double authentification installée"),
    "account.factor_removed": lambda: _("Double authentification retirée"),
    "account.factor_reset": lambda: _("Double authentification retirée par l’académie"),
    "account.telephone_removed": lambda: _("Téléphone retiré de la double authentification"),
    "account.key_added": lambda: _("Clé de sécurité ajoutée"),
    "account.key_removed": lambda: _("Clé de sécurité retirée"),
    "account.key_copied": lambda: _("Clé de sécurité refusée : elle semble copiée"),
    "account.recovery_codes_made": lambda: _("Nouveaux codes de secours demandés"),
    "account.recovery_code_used": lambda: _("Code de secours utilisé"),
    "account.session_closed": lambda: _("Connexion fermée à distance"),
    "account.sessions_closed": lambda: _("Autres connexions fermées"),
    "site.many_failures": lambda: _("Connexions manquées en très grand nombre sur le site"),
    "consulted.account": lambda: _("Fiche du compte consultée"),
    "consulted.accounts": lambda: _("Liste de comptes consultée"),
    "consulted.attachments": lambda: _("Rattachements consultés"),
    "consulted.import": lambda: _("Personnes qu’une importation a amenées consultées"),
    "consulted.match": lambda: _("Rapprochement avec une autre fiche consulté"),
    "consulted.matches": lambda: _("Liste de rapprochements consultée"),
    "consulted.many": lambda: _("Plus de personnes consultées en un jour que d’habitude"),
    "hotline.viewed": lambda: _("Page d’accueil consultée par l’assistance"),
    "hotline.resend": lambda: _("Message de confirmation renvoyé par l’assistance"),
    "hotline.reset": lambda: _("Lien de mot de passe envoyé par l’assistance"),
    "hotline.unlock": lambda: _("Compte débloqué par l’assistance"),
    "hotline.lock": lambda: _("Compte bloqué par précaution par l’assistance"),
    "data.given": lambda: _("Copie des données remise"),
    "data.expired": lambda: _("Données effacées, leur durée passée"),
    "site.restored": lambda: _("Sauvegarde remise en place"),
    "journal.erased": lambda: _("Lignes du journal effacées, leur durée passée"),
    "data.erased": lambda: _("Données effacées sur demande écrite"),
    "data.left_exported": lambda: _("Données d’une extension retirée exportées"),
    "data.left_dropped": lambda: _("Données d’une extension retirée supprimées"),
    "identity.linked": lambda: _("Compte relié à l’ENT"),
    "identity.unlinked": lambda: _("Compte délié de l’ENT"),
    "account.gathered": lambda: _("Autre compte regroupé avec celui-ci"),
    "account.grouped": lambda: _("Compte regroupé avec un autre"),
    "account.gathering_undone": lambda: _("Regroupement annulé, enfants rendus à l’autre compte"),
    "account.ungrouped": lambda: _("Regroupement annulé, compte rétabli"),
    "account.reissued": lambda: _("Nouvelle notification éditée, ancien mot de passe supprimé"),
    "account.link_resent": lambda: _("Message de confirmation renvoyé"),
    "account.unlocked": lambda: _("Compte débloqué"),
    "link.denied": lambda: _("Rattachement contesté : « Je ne suis pas le responsable »"),
    "link.ended": lambda: _("Rattachement erroné, écarté par l’établissement"),
    "link.restored": lambda: _("Rattachement rétabli par l’établissement"),
    "match.same": lambda: _("Rapprochement : dit être la même personne qu’une autre fiche"),
    "match.different": lambda: _("Rapprochement : dit être une autre personne"),
    "match.reopened": lambda: _("Rapprochement : réponse reprise"),
    "match.postponed": lambda: _("Rapprochement remis à plus tard"),
    "letters.issued": lambda: _("Notifications éditées"),
    "job.asked": lambda: _("Travail demandé"),
    "job.done": lambda: _("Travail terminé"),
    "job.stopped": lambda: _("Travail arrêté"),
    "job.failed": lambda: _("Travail échoué"),
    "job.resumed": lambda: _("Travail repris"),
    "job.refused": lambda: _("Travail refusé : le droit était perdu"),
    "job.fetched": lambda: _("Résultat d’un travail téléchargé"),
    "module.options": lambda: _("Options d’un module changées"),
    "school.page_saved": lambda: _("Message d’accueil et contacts changés"),
    "delegation.given": lambda: _("Délégation donnée"),
    "delegation.ended": lambda: _("Délégation retirée"),
    "letters.handed": lambda: _("Notifications notées comme remises"),
    "letters.taken_back": lambda: _("Remises annulées"),
    "module.open": lambda: _("Module ouvert"),
    "module.closed": lambda: _("Module fermé"),
    "module.allowed": lambda: _("Module laissé au choix"),
    "module.imposed": lambda: _("Module imposé"),
    "module.forbidden": lambda: _("Module interdit"),
    "module.inherited": lambda: _("Module rendu au réglage hérité"),
    "campaign.added": lambda: _("Tour de campagne ajouté"),
    "campaign.changed": lambda: _("Tour de campagne changé"),
    "campaign.cancelled": lambda: _("Tour de campagne annulé"),
    "establishment.joined": lambda: _("Adhésion aux téléservices"),
    "establishment.left": lambda: _("Fin de l’adhésion aux téléservices"),
    "establishments.imported": lambda: _("Établissements importés"),
    "staff.imported": lambda: _("Personnels importés"),
    "roster.imported": lambda: _("Base élèves importée"),
    "roster.undone": lambda: _("Importation annulée"),
}
"""What the core's own actions in the audit trail are called; plugins add theirs."""

LIFECYCLE_WORDS: Final[Mapping[str, Message]] = {
    "warned": lambda: _("comptes prévenus par message"),
    "unclaimed": lambda: _("comptes supprimés, jamais activés"),
    "unconfirmed": lambda: _("comptes supprimés, adresse jamais confirmée"),
    "unused": lambda: _("comptes supprimés, inutilisés"),
    "grouped": lambda: _("comptes supprimés, regroupés avec un autre"),
    "links": lambda: _("liens périmés effacés"),
    "mails": lambda: _("anciens messages effacés"),
    "imports": lambda: _("anciens changements d’importations oubliés"),
    "sessions": lambda: _("sessions finies effacées"),
    "jobs": lambda: _("anciens travaux et leurs résultats effacés"),
    "waits": lambda: _("délais d’attente effacés"),
    "erasures_failed": lambda: _("rubriques dont l’extension n’a pas pu effacer les données"),
}
"""What a daily run counts."""


def show_act(action: str, known: Mapping[str, Message]) -> str:
    """An action of the audit trail in words; one that no plugin names any more, by its code."""
    words = known.get(action)
    return words() if words else _("Autre acte ({action})").format(action=action)


UNKNOWN: Final = Words(
    family=lambda: _("Ce téléservice n’est pas ouvert."),
    next_step=_without_it,
    staff=lambda: _("Motif {reason} (règle {rule})."),
)
"""For a reason without words, or whose words fail."""


def contact(school: Establishment) -> str:
    """How to reach the school's office: telephone and address, or nothing."""
    phone = show_phone(school.phone)
    if phone and school.office_hours:
        phone = f"{phone}, {school.office_hours}"
    return ", ".join(filter(None, (phone, school.email)))
