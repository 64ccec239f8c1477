"""An import in words, for the staff of a school."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from teleservices_core.domain.differences import Difference, FieldChange
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import FormerSchooling
from teleservices_core.i18n import _, show_short_date


def sort_titles() -> Mapping[str, str]:
    """The counts of a report that are shown, in order, with their titles."""
    return {
        "student.added": _("élèves ajoutés"),
        "student.changed": _("élèves modifiés"),
        "student.moved": _("élèves changés de classe, d’année ou d’établissement"),
        "student.left": _("élèves sortis"),
        "adult.added": _("personnes ajoutées"),
        "adult.changed": _("personnes modifiées"),
        "link.added": _("liens ajoutés"),
        "link.changed": _("liens modifiés"),
        "link.ended": _("liens terminés"),
        "class_groups": _("divisions et groupes"),
        "nomenclature": _("codes de nomenclature"),
        "matches": _("rapprochements à vérifier"),
        "accounts": _("comptes à créer ou créés"),
        "rejected": _("enregistrements écartés"),
        "alerts": _("points à vérifier"),
    }


def _fields() -> Mapping[str, str]:
    return {
        "last_name": _("nom"),
        "first_name": _("prénom"),
        "usage_name": _("nom d’usage"),
        "born_on": _("date de naissance"),
        "sex": _("sexe"),
        "ine": _("identifiant national"),
        "uai": _("établissement"),
        "school_year": _("année scolaire"),
        "class_group": _("classe"),
        "mef": _("formation"),
        "status": _("statut"),
        "boarding": _("régime"),
        "from_on": _("depuis le"),
        "left_on": _("sortie le"),
        "until_on": _("jusqu’au"),
        "title": _("civilité"),
        "email": _("courriel"),
        "mobile": _("portable"),
        "phone": _("téléphone"),
        "address": _("adresse"),
        "work_phone": _("téléphone professionnel"),
        "accepts_sms": _("accepte les SMS"),
        "shares_contact": _("coordonnées communiquées aux associations"),
        "occupation": _("profession"),
        "birth_country": _("pays de naissance"),
        "birth_town": _("ville de naissance"),
        "birth_insee": _("commune de naissance"),
        "nationality": _("nationalité"),
        "repeats": _("doublement"),
        "uses_transport": _("transport scolaire"),
        "former": _("scolarité de l’an dernier"),
        "level": _("niveau de responsabilité"),
        "kinship": _("lien de parenté"),
        "pays_fees": _("paie les frais"),
        "receives_aid": _("perçoit les aides"),
        "lodges": _("héberge l’élève"),
        "contact_first": _("à contacter en priorité"),
    }


def describe_difference(difference: Difference) -> str:
    """One line for one difference."""
    told = ", ".join(_describe_change(change) for change in difference.changes)
    return f"{difference.label} : {told}" if told else difference.label


def _describe_change(change: FieldChange) -> str:
    name = _fields().get(change.field, change.field)
    return f"{name} {_show(change.before)} → {_show(change.after)}"


def _show(value: Any) -> str:
    if value is True or value is False:
        return _("oui") if value else _("non")
    if isinstance(value, date):
        return show_short_date(value)
    if isinstance(value, PostalAddress):
        value = ", ".join(value.label())
    if isinstance(value, FormerSchooling):
        value = " ".join(filter(None, (value.uai, value.class_group)))
    return str(value) if value not in {None, ""} else "–"


def describe_blocked(code: str, number: int, of: int) -> str:
    """Why an import is refused as it is, by the code of its refusal."""
    if code == "too_many_departures":
        reason = _(
            "{number} élèves présents sur {of} ne sont plus dans le fichier : "
            "est-ce le bon fichier, complet et récent ?"
        )
    else:
        reason = _(
            "{number} liens avec des responsables sur {of} ne sont plus dans le fichier : "
            "est-ce le bon fichier, complet et récent ?"
        )
    return reason.format(number=number, of=of)
