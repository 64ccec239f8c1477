"""What was decided about modules and campaigns, by whom and where, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.i18n import _, show_instant
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.words.reasons import show_act

STANCE_WORDS: Final[Mapping[Stance, Message]] = {
    Stance.ALLOWED: lambda: _("Au choix"),
    Stance.OPEN: lambda: _("Ouvert par défaut"),
    Stance.CLOSED: lambda: _("Fermé par défaut"),
    Stance.IMPOSED: lambda: _("Imposé"),
    Stance.FORBIDDEN: lambda: _("Interdit"),
}
"""What the rectorat decided."""
STANCE_HINTS: Final[Mapping[Stance, Message]] = {
    Stance.ALLOWED: lambda: _("Le réglage d’origine du module vaut ; les établissements décident."),
    Stance.OPEN: lambda: _("Ouvert tant que l’établissement ne le ferme pas."),
    Stance.CLOSED: lambda: _("Fermé tant que l’établissement ne l’ouvre pas."),
    Stance.IMPOSED: lambda: _("Ouvert, sans que l’établissement puisse le fermer."),
    Stance.FORBIDDEN: lambda: _("Fermé, sans que l’établissement puisse l’ouvrir."),
}
AUDIENCES_WORDS: Final[Mapping[Audience, Message]] = {
    Audience.GUARDIAN: lambda: _("responsables"),
    Audience.STUDENT: lambda: _("élèves"),
}
OPENING_WORDS: Final[Mapping[OpeningMode, Message]] = {
    OpeningMode.AUTOMATIC: lambda: _("ouverture automatique"),
    OpeningMode.DEFAULT_OPEN: lambda: _("ouvert sauf décision contraire"),
    OpeningMode.HEAD_DECIDES: lambda: _("au choix du chef d’établissement"),
}
"""What holds for a module when nobody decides."""
KIND_WORDS: Final[Mapping[EstablishmentKind, Message]] = {
    EstablishmentKind.COLLEGE: lambda: _("Collège"),
    EstablishmentKind.LYCEE: lambda: _("Lycée général et technologique"),
    EstablishmentKind.LYCEE_PRO: lambda: _("Lycée professionnel"),
    EstablishmentKind.LYCEE_POLYVALENT: lambda: _("Lycée polyvalent"),
    EstablishmentKind.EREA: lambda: _("EREA"),
}
_CORSE: Final = {"620": "2A", "720": "2B"}
_HEADS_WORDS: Final[Mapping[Stance, Message]] = {
    Stance.OPEN: lambda: _("ouvert"),
    Stance.CLOSED: lambda: _("fermé"),
}


def show_stance(stance: Stance | None, rank: Rank = Rank.ACADEMIE) -> str:
    """What stands at a scope: "Imposé"; a head only opens and closes."""
    if stance is None:
        return _("Aucune décision")
    words = _HEADS_WORDS if rank.is_heads and stance in _HEADS_WORDS else STANCE_WORDS
    said = words[stance]()
    return said[0].upper() + said[1:]


def show_departement(code: str) -> str:
    """The number that people know of a UAI's three digits: "21", "2A", "974"."""
    return _CORSE.get(code, code.removeprefix("0"))


def departement_code(number: str) -> str:
    """The three digits of a département's number: "021" for "21", "620" for "2A"."""
    text = number.strip().upper()
    return {shown: code for code, shown in _CORSE.items()}.get(text, text.zfill(3))


def show_scope(scope: Scope, schools: Mapping[str, str]) -> str:
    """Where something is decided; ``schools`` names establishments by UAI."""
    name = schools.get(scope.place, scope.place)
    match scope.rank:
        case Rank.ACADEMIE:
            return _("toute l’académie")
        case Rank.DEPARTEMENT:
            return _("le département {code}").format(code=show_departement(scope.place))
        case Rank.LEVEL:
            level = ClassLevel(scope.part).label
            return _("{school}, classes de {level}").format(school=name, level=level)
        case Rank.DIVISION:
            return _("{school}, classe {code}").format(school=name, code=scope.part)
    return name


@frozen
class Names:
    """What identifiers in the audit trail are called."""

    modules: Mapping[str, str]
    schools: Mapping[str, str]
    zone: ZoneInfo
    acts: Mapping[str, Message]


def describe_act(entry: AuditEntry, names: Names) -> str:
    """What was done, in a sentence: enough to understand without the code of the action."""
    group = entry.action.partition(".")[0]
    if group == "module" and "rank" in entry.detail:
        return _module_act(entry, names)
    if group == "campaign" and "until_at" in entry.detail:
        return _campaign_act(entry, names)
    return show_act(entry.action, names.acts)


def _module_act(entry: AuditEntry, names: Names) -> str:
    detail = entry.detail
    scope = Scope(Rank[detail["rank"].upper()], detail["place"], detail["part"])
    stance = entry.action.partition(".")[2]
    kept = {each.value: each for each in Stance}
    said = _("« {module} » pour les {audience}, {where}, {year} : {stance}")
    text = said.format(
        module=names.modules.get(detail["module"], detail["module"]),
        audience=AUDIENCES_WORDS[Audience(detail["audience"])](),
        where=show_scope(scope, names.schools),
        year=detail["school_year"],
        stance=_lower(show_stance(kept[stance], scope.rank))
        if stance in kept
        else _("décision annulée, ce qui est hérité vaut de nouveau"),
    )
    before = kept.get(detail.get("before", ""))
    if before is None:
        return text
    return _("{text} (avant : {before})").format(
        text=text, before=_lower(show_stance(before, scope.rank))
    )


def _campaign_act(entry: AuditEntry, names: Names) -> str:
    detail = entry.detail
    done = {
        "campaign.added": _("ajouté, {span}"),
        "campaign.changed": _("changé, désormais {span}"),
        "campaign.cancelled": _("annulé, il était prévu {span}"),
    }.get(entry.action, entry.action)
    where = names.schools.get(entry.uai.code, entry.uai.code) if entry.uai else ""
    said = _("Tour « {title} » de « {module} »{where} {done}")
    return said.format(
        title=detail["title"] or detail["school_year"],
        module=names.modules.get(detail["module"], detail["module"]),
        where=_(" pour {school}").format(school=where) if where else "",
        done=done.format(
            span=show_span(_instant(detail["from_at"]), _instant(detail["until_at"]), names.zone)
        ),
    )


def show_span(from_at: datetime | None, until_at: datetime | None, zone: ZoneInfo) -> str:
    """A span to the minute, both ends included: "du … à 14 h 30 au … à 23 h 59"."""
    opens = show_instant(from_at, zone) if from_at else ""
    closes = show_instant(until_at - timedelta(minutes=1), zone) if until_at else ""
    if opens and closes:
        return _("du {opens} au {closes}").format(opens=opens, closes=closes)
    if opens:
        return _("à partir du {opens}").format(opens=opens)
    return _("jusqu’au {closes}").format(closes=closes) if closes else _("sans limite")


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def _skipped() -> str:
    return _(
        "Cette heure n’existe pas : on passe ce jour-là à l’heure d’été. Choisissez une heure "
        "plus tôt ou plus tard."
    )


DOUBT_WORDS: Final[Mapping[str, Message]] = {
    "past": lambda: _("Ce tour est déjà terminé."),
    "long": lambda: _("Ce tour dure plus de 200 jours."),
    "other_year": lambda: _("Ces dates sortent de l’année scolaire choisie."),
    "opens_twice": lambda: _(
        "À l’ouverture, l’heure choisie existe deux fois (passage à l’heure d’hiver) : "
        "la première compte."
    ),
    "closes_twice": lambda: _(
        "À la fermeture, l’heure choisie existe deux fois (passage à l’heure d’hiver) : "
        "la seconde compte."
    ),
    "overlaps": lambda: _("Ce tour en touche un autre : ils ne feront qu’un pour les familles."),
    "restricts": lambda: _(
        "Ce module n’avait pas de campagne : il ne sera plus ouvert que pendant ses tours."
    ),
}
"""What may be a mistake in the dates of a round."""
REFUSAL_WORDS: Final[Mapping[str, tuple[str, Message]]] = {
    "opens_skipped": ("ouvre", _skipped),
    "closes_skipped": ("ferme", _skipped),
    "ends_before": ("ferme", lambda: _("Le tour se termine avant de commencer.")),
    "not_later": ("ferme", lambda: _("Choisissez une fin plus tardive que l’actuelle.")),
    "over": (
        "ferme",
        lambda: _(
            "Ce tour est terminé : ajoutez un nouveau tour, ou prolongez-le pour un seul "
            "établissement."
        ),
    ),
}
"""The field that each refusal is about, and its words."""
