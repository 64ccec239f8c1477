"""What a restore did, and what is still to do, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from teleservices_core.contributions import Message
from teleservices_core.i18n import _, show_timestamp
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.words.reasons import AUDIT_WORDS, show_act

_SCHOOLS: Final = 20
"""Named one by one."""
RESTORED_WORDS: Final[Mapping[str, Message]] = {
    "sessions": lambda: _("connexions fermées"),
    "devices": lambda: _("appareils oubliés"),
    "links": lambda: _("liens reçus par message périmés"),
    "letters": lambda: _("notifications non utilisées périmées"),
    "mails": lambda: _("messages en attente retirés, pour la plupart déjà partis"),
    "passwords": lambda: _("mots de passe éteints, à choisir de nouveau par un lien ou une lettre"),
    "to_renew": lambda: _("mots de passe à renouveler à la prochaine connexion"),
    "identities": lambda: _("liens avec un compte de l’ENT retirés, car défaits depuis"),
    "closed": lambda: _("comptes supprimés de nouveau"),
    "readdressed": lambda: _("comptes fermés, car leur adresse a changé depuis"),
    "ungrouped": lambda: _("regroupements annulés de nouveau"),
    "factors": lambda: _("doubles authentifications retirées, car changées depuis"),
    "recovery_codes": lambda: _("codes de secours éteints, à demander de nouveau"),
    "locked": lambda: _("comptes bloqués de nouveau"),
    "links_ended": lambda: _("rattachements écartés de nouveau"),
    "delegations": lambda: _("délégations retirées de nouveau"),
    "plugins": lambda: _("extensions coupées de nouveau"),
    "erased": lambda: _("lignes effacées de nouveau"),
}
"""What a restore counts."""


def show_restored(detail: Mapping[str, Any], at: datetime, zone: ZoneInfo) -> str:
    """What was done, in a paragraph."""
    taken_at = datetime.fromisoformat(detail["taken_at"])
    counts = detail["counts"]
    done = "".join(
        _(" ; {what} : {n}").format(n=counts[name], what=words())
        for name, words in RESTORED_WORDS.items()
        if counts.get(name)
    )
    said = _("Sauvegarde du {taken} remise en place le {at}{done}.")
    return said.format(taken=show_timestamp(taken_at, zone), at=show_timestamp(at, zone), done=done)


def show_went_back(entry: AuditEntry, zone: ZoneInfo) -> str:
    """What everybody may know of it, in a sentence."""
    taken_at = datetime.fromisoformat(entry.detail["taken_at"])
    said = _("Après un incident, le service est revenu le {at} à son état du {taken}.")
    return said.format(at=show_timestamp(entry.at, zone), taken=show_timestamp(taken_at, zone))


def show_to_academy(detail: Mapping[str, Any]) -> str:
    """What the académie has to see to, in a paragraph; its operators have more in doctor."""
    said = _(
        "Ce qui a été fait entre les deux est perdu{acts} : refaites vos propres décisions, et "
        "faites revoir aux établissements leurs ouvertures, leurs rattachements et leurs "
        "imports{schools}. Les notifications qui n’avaient pas servi sont périmées. Qui avait "
        "changé de mot de passe passe par « Mot de passe oublié » ; qui avait changé d’adresse "
        "électronique demande une nouvelle notification."
    )
    return said.format(acts=_acts(detail["lost"]), schools=_named(detail["schools"]))


def show_to_school() -> str:
    """What a school has to see to."""
    return _(
        "Ce qui a été fait entre les deux est perdu : vérifiez vos ouvertures, vos rattachements "
        "et vos délégations, et importez de nouveau votre base élèves. Les notifications qui "
        "n’avaient pas servi sont périmées : éditez-les de nouveau."
    )


def show_to_family() -> str:
    """What who does not get in has to do."""
    return _(
        "Si vous aviez changé votre mot de passe entre-temps, demandez-en un autre par « Mot de "
        "passe oublié ? ». Si cela ne suffit pas, demandez une nouvelle notification au "
        "secrétariat de l’établissement."
    )


def show_to_do(detail: Mapping[str, Any]) -> str:
    """What people must still do, in a paragraph."""
    steps = [_lost(detail)]
    if detail["counts"].get("letters") or detail["counts"].get("readdressed"):
        steps.append(
            _("Rééditez les notifications périmées : teleservices letters --which expired.")
        )
    if not detail["is_complete"]:
        steps.append(
            _(
                "La base remplacée n’a pas pu être lue : qui a une adresse électronique doit "
                "passer par « Mot de passe oublié », les autres renouvellent le leur à la "
                "prochaine connexion. Prévenez-en les familles et l’assistance."
            )
        )
    if detail["not_erased"]:
        steps.append(
            _(
                "N’ont pas pu être effacés de nouveau, leur extension n’étant pas chargée : "
                "{names}. Installez-la, puis lancez de nouveau restore."
            ).format(names=", ".join(detail["not_erased"]))
        )
    steps.append(_("Puis : teleservices lifecycle run. Ce rappel s’efface au bout de 30 jours."))
    return " ".join(steps)


def _lost(detail: Mapping[str, Any]) -> str:
    if detail["is_complete"] and not detail["lost"]:
        return _("Aucun acte d’un établissement ou de l’académie n’a été perdu.")
    said = _(
        "Ce que les établissements et l’académie ont fait depuis la sauvegarde est perdu{acts}. "
        "Avant de rouvrir, importez de nouveau le personnel et les fichiers des établissements, "
        "pour que les droits retirés depuis le soient encore ; faites revoir aux établissements "
        "leurs ouvertures et rattachements{schools}."
    )
    return said.format(acts=_acts(detail["lost"]), schools=_named(detail["schools"]))


def _acts(lost: Mapping[str, int]) -> str:
    if not lost:
        return ""
    named = [
        _("{what} : {n}").format(what=show_act(action, AUDIT_WORDS), n=number)
        for action, number in sorted(lost.items())
    ]
    return _(" ({acts})").format(acts=" ; ".join(named))


def _named(schools: list[str]) -> str:
    if not schools:
        return ""
    first = ", ".join(schools[:_SCHOOLS])
    if len(schools) > _SCHOOLS:
        said = _(" ({names} et {n} autres)")
        return said.format(names=first, n=len(schools) - _SCHOOLS)
    return _(" ({names})").format(names=first)
