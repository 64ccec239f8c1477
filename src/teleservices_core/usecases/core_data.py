"""What the core keeps about people: the same words for the public page and for the copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from teleservices_core.contributions import DataScope, Figured, Message, PersonalData
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.families import Child
from teleservices_core.domain.jobs import LISTED, Job
from teleservices_core.domain.roster import Adult, Level, Responsibility, Student, StudentDetails
from teleservices_core.factor_mails import FACTOR_MAILS
from teleservices_core.i18n import _
from teleservices_core.identity_mails import IDENTITY_MAILS
from teleservices_core.mails import MAILS
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.devices import DEVICE_LIFE
from teleservices_core.words.jobs import JOB_STATES
from teleservices_core.words.matching import ANSWER_WORDS
from teleservices_core.words.people import (
    AUDIENCE_WORDS,
    KINSHIP_WORDS,
    LEVEL_WORDS,
    SEX_WORDS,
    show_actor,
)
from teleservices_core.words.reasons import show_act

_STATES: Final[Mapping[AccountState, Message]] = {
    AccountState.NEW: lambda: _("notification à éditer"),
    AccountState.ISSUED: lambda: _("notification éditée, compte à activer"),
    AccountState.CLAIMED: lambda: _("mot de passe choisi, adresse à confirmer"),
    AccountState.ACTIVE: lambda: _("actif"),
    AccountState.LOCKED: lambda: _("bloqué"),
    AccountState.GROUPED: lambda: _("regroupé dans un autre compte"),
    AccountState.CLOSED: lambda: _("fermé"),
}
_TITLES: Final = {mail.kind: mail.subject for mail in (*MAILS, *IDENTITY_MAILS, *FACTOR_MAILS)}


def _account(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    account = scope.account
    return {
        _("identifiant"): account.login_name,
        _("nom affiché"): account.display_name,
        _("type de compte"): AUDIENCE_WORDS[account.audience](),
        _("état"): _STATES[account.state](),
        _("adresse électronique"): account.email,
        _("adresse à confirmer"): account.pending_email,
        _("mot de passe"): _("choisi ; seule son empreinte est conservée, illisible")
        if account.password_hash
        else _("aucun"),
        _("double authentification depuis le"): account.factor_since,
        _("clés de sécurité"): [
            {
                _("nom"): key.name,
                _("ajoutée le"): key.added_at,
                _("utilisée le"): key.used_at,
            }
            for key in tx.factors.keys(account.id)
        ],
        _("créé le"): account.created_at,
        _("activé le"): account.claimed_at,
        _("dernière utilisation"): account.last_used_at,
        _("notifications"): [
            {
                _("éditée le"): letter.issued_at,
                _("établissement"): letter.uai,
                _("valable jusqu’au"): letter.expires_at,
                _("remise le"): letter.handed_at,
                _("utilisée le"): letter.used_at,
                _("remplacée le"): letter.replaced_at,
            }
            for letter in tx.letters.of_account(account.id)
        ],
        _("comptes regroupés dans celui-ci"): [
            {_("depuis le"): grouping.at, _("annulable jusqu’au"): grouping.until_at}
            for grouping in tx.groupings.into(account.id)
        ],
    }


def _sessions(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    return {
        _("connexions ouvertes"): [
            {
                _("appareil"): session.device,
                _("ouverte le"): session.created_at,
                _("vue le"): session.seen_at,
                _("se ferme le"): session.expires_at,
            }
            for session in tx.sessions.of_account(scope.account.id, scope.at)
        ],
        _("appareils reconnus"): [
            {
                _("appareil"): device.label,
                _("depuis le"): device.first_at,
                _("vu le"): device.last_at,
            }
            for device in tx.devices.of_account(scope.account.id)
        ],
        _("connexion par un autre service"): [
            {
                _("service"): identity.issuer,
                _("identifiant dans ce service"): identity.subject,
                _("relié le"): identity.linked_at,
                _("vu le"): identity.seen_at,
            }
            for identity in tx.identities.of_accounts([scope.account.id])
        ],
    }


def _persons(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    account = scope.account
    if account.audience is Audience.STUDENT:
        details = tx.roster.student_details([child.student.id for child in scope.children])
        return {
            _("élève"): [
                {
                    **_civil(child.student),
                    _("INE"): _ine(child.student),
                    **_details(details[child.student.id]),
                }
                for child in scope.children
            ]
        }
    adults = sorted(tx.roster.adults(account.holder_ids), key=lambda adult: adult.full_name)
    return {_("personnes"): [_adult(adult) for adult in adults]}


def _adult(adult: Adult) -> Mapping[str, Any]:
    return {
        _("civilité"): adult.title,
        _("nom"): adult.last_name,
        _("nom d’usage"): adult.usage_name,
        _("prénom"): adult.first_name,
        _("adresse électronique connue de l’établissement"): adult.email,
        _("téléphone mobile"): adult.mobile,
        _("téléphone"): adult.phone,
        _("téléphone professionnel"): adult.work_phone,
        _("accepte les SMS"): adult.accepts_sms,
        _("adresse postale"): list(adult.address.label()),
        _("coordonnées communiquées aux associations"): adult.shares_contact,
        _("profession (code)"): adult.occupation,
    }


def _details(details: StudentDetails) -> Mapping[str, Any]:
    return {
        _("pays de naissance (code)"): details.birth_country,
        _("ville de naissance"): details.birth_town,
        _("commune de naissance (code)"): details.birth_insee,
        _("nationalité (code)"): details.nationality,
        _("adresse électronique connue de l’établissement"): details.email,
        _("téléphone mobile"): details.mobile,
        _("téléphone"): details.phone,
        _("téléphone professionnel"): details.work_phone,
        _("accepte les SMS"): details.accepts_sms,
        _("adresse postale"): list(details.address.label()),
    }


def _civil(student: Student) -> Mapping[str, Any]:
    return {
        _("nom"): student.last_name,
        _("nom d’usage"): student.usage_name,
        _("prénom"): student.first_name,
        _("né le"): student.born_on,
        _("sexe"): SEX_WORDS[student.sex](),
    }


def _family(_tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    return {_("élèves"): [_child(child) for child in scope.children]}


def _ine(student: Student) -> str | None:
    return student.ine.code if student.ine else None


def _child(child: Child) -> Mapping[str, Any]:
    schooling, link = child.schooling, child.link
    told: dict[str, Any] = {
        _("élève"): child.student.full_name,
        _("établissement"): f"{child.establishment.name} ({child.establishment.uai})",
        _("année scolaire"): str(schooling.school_year),
        _("classe"): schooling.class_group,
        _("formation (MEF)"): schooling.mef.code if schooling.mef else None,
        _("entré le"): schooling.from_on,
        _("sorti le"): schooling.left_on,
    }
    if link is not None:
        told |= {**_civil(child.student), _("votre lien"): _link(link)}
        if link.level is Level.LEGAL:
            told[_("INE")] = _ine(child.student)
    return told


def _link(link: Responsibility) -> Mapping[str, Any]:
    return {
        _("vous êtes"): KINSHIP_WORDS[link.kinship](),
        _("responsabilité"): LEVEL_WORDS[link.level](),
        _("vous payez les frais scolaires"): link.pays_fees,
        _("vous percevez les aides"): link.receives_aid,
        _("l’élève habite chez vous"): link.lodges,
        _("à contacter en priorité"): link.contact_first,
        _("depuis le"): link.from_on,
        _("jusqu’au"): link.until_on,
    }


def _identities(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    linked = tx.identities.of_accounts([scope.account.id])
    return {
        _("liens"): [
            {
                _("fournisseur d’identité"): each.issuer,
                _("identité"): each.subject,
                _("relié le"): each.linked_at,
                _("dernière connexion"): each.seen_at,
            }
            for each in linked
        ]
    }


def _mails(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    return {_("messages"): [_mail(each) for each in tx.outbox.of_account(scope.account.id)]}


def _mail(parcel: Parcel) -> Mapping[str, Any]:
    title = _TITLES.get(parcel.kind)
    return {
        _("objet"): title() if title else parcel.kind,
        _("adresse"): parcel.to_address,
        _("demandé le"): parcel.created_at,
        _("envoyé le"): parcel.sent_at,
        _("non remis le"): parcel.failed_at,
    }


def _journal(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    acts = tx.audit.about(scope.account.id)
    return {_("actes"): [_entry(each, scope) for each in acts]}


def _entry(entry: AuditEntry, scope: DataScope) -> Mapping[str, Any]:
    is_own = entry.actor_id == scope.account.id
    return {
        _("date"): entry.at,
        _("acte"): show_act(entry.action, scope.audit_words),
        _("par"): scope.account.display_name if is_own else show_actor(entry),
        _("motif"): entry.detail.get("reason"),
        _("à l’appel de"): entry.detail.get("caller"),
    }


def _jobs(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    return {
        _("travaux"): [
            {
                _("travail"): _job(each, scope.job_words),
                _("établissement"): each.uai.code,
                _("demandé le"): each.asked_at,
                _("état"): JOB_STATES[each.state](),
                _("terminé le"): each.ended_at,
            }
            for each in tx.jobs.of_account(scope.account.id)
        ]
    }


def _job(job: Job, words: Mapping[str, Message]) -> str:
    label = words.get(job.kind)
    return label() if label else job.kind


def _corrections(tx: Transaction, scope: DataScope) -> Mapping[str, Any]:
    account_id = scope.account.id
    return {
        _("comptes regroupés avec le vôtre"): [
            {_("regroupé le"): each.at, _("annulable jusqu’au"): each.until_at}
            for each in tx.groupings.into(account_id)
        ],
        _("rattachements contestés"): [
            {
                _("établissement"): each.uai.code,
                _("contesté le"): each.at,
                _("réponse le"): each.handled_at,
                _("par"): each.handled_by,
            }
            for each in tx.attachments.reports(account_id)
        ],
        _("rapprochements avec une autre fiche"): [
            {
                _("établissement"): each.uai.code,
                _("demandé le"): each.asked_at,
                _("réponse"): ANSWER_WORDS[each.state](),
                _("réponse le"): each.answered_at,
            }
            for each in tx.matches.about(
                [*scope.account.holder_ids, *(child.student.id for child in scope.children)]
            )
        ],
    }


_IMPORTED: Final[Figured] = lambda figures: _(  # noqa: E731 - the words of two headings
    "Tant que l’établissement les connaît : elles viennent de sa base élèves et suivent ses "
    "importations. Elles sont effacées {former_days} jours après la fin de la dernière année "
    "scolaire de l’élève, une fois que le compte ne sert plus et qu’aucun téléservice ne conserve "
    "rien à son sujet."
).format_map(figures)

CORE_DATA: Final = (
    PersonalData(
        "core.account",
        lambda: _("Votre compte"),
        lambda _figures: _(
            "Identifiant, empreinte du mot de passe, adresse électronique, dates d’activation et "
            "de dernière utilisation, notifications remises ; pour le personnel, double "
            "authentification : téléphone, et nom, dates et partie publique des clés de sécurité."
        ),
        lambda figures: _(
            "Tant que le compte sert. Il est fermé et effacé s’il n’est pas activé ou confirmé en "
            "{unclaimed} jours, ou pas utilisé pendant {unused} jours."
        ).format_map(figures),
        _account,
    ),
    PersonalData(
        "core.sessions",
        lambda: _("Vos connexions et vos appareils"),
        lambda _figures: _(
            "Navigateurs où votre compte est ouvert, appareils déjà utilisés et identifiants d’un "
            "autre service qui l’ouvrent, avec leurs dates."
        ),
        lambda figures: _(
            "Une connexion se ferme après {idle_minutes} minutes sans usage, et {session_hours} "
            "heures au plus. Un appareil est oublié après {device_days} jours sans connexion."
        ).format_map({**figures, "device_days": str(DEVICE_LIFE.days)}),
        _sessions,
    ),
    PersonalData(
        "core.identities",
        lambda: _("Connexion par l’ENT"),
        lambda _figures: _("Sous quelle identité l’ENT ouvre votre compte, et depuis quand."),
        lambda _figures: _("Jusqu’à une nouvelle notification, ou la fermeture du compte."),
        _identities,
    ),
    PersonalData(
        "core.persons",
        lambda: _("Votre identité"),
        lambda _figures: _(
            "Nom, prénoms et coordonnées connues de l’établissement ; pour un élève, naissance et "
            "nationalité ; pour un responsable, profession."
        ),
        _IMPORTED,
        _persons,
    ),
    PersonalData(
        "core.family",
        lambda: _("Vos enfants, votre scolarité"),
        lambda _figures: _(
            "Élèves auxquels vous avez droit, leur établissement, leur classe et votre lien avec "
            "eux."
        ),
        _IMPORTED,
        _family,
    ),
    PersonalData(
        "core.corrections",
        lambda: _("Regroupements, rattachements contestés, rapprochements"),
        lambda _figures: _(
            "Comptes que vous avez regroupés ; élèves dont vous avez dit ne pas être responsable, "
            "et la réponse de l’établissement ; fiches qui vous ressemblent, ou ressemblent à vos "
            "enfants, et ce qui en a été dit."
        ),
        lambda _figures: _("Aussi longtemps que votre identité : ils expliquent vos droits."),
        _corrections,
    ),
    PersonalData(
        "core.mails",
        lambda: _("Messages envoyés"),
        lambda _figures: _(
            "Objet, adresse et date de chaque message, sans son texte ni ses liens."
        ),
        lambda figures: _("{old_mails_days} jours après leur envoi.").format_map(figures),
        _mails,
    ),
    PersonalData(
        "core.jobs",
        lambda: _("Travaux demandés"),
        lambda _figures: _(
            "Pour le personnel : les éditions et les imports longs que vous avez demandés, quand, "
            "et comment ils ont fini. Les documents produits sont chiffrés."
        ),
        lambda figures: _(
            "Les documents {result_life} après leur fin, la ligne du travail {listed_days} jours ; "
            "tout, à la fermeture du compte."
        ).format_map({**figures, "listed_days": str(LISTED.days)}),
        _jobs,
    ),
    PersonalData(
        "core.journal",
        lambda: _("Journal"),
        lambda _figures: _(
            "Qui a fait quoi sur votre compte et quand : vos propres actes, ceux de "
            "l’établissement, de l’assistance et de l’académie."
        ),
        lambda figures: _("{journal_life} : personne ne peut y changer une ligne.").format_map(
            figures
        ),
        _journal,
    ),
)
