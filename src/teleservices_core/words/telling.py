"""A decision in words: for a family, a head, and whoever must explain it on the telephone."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import field, frozen

from teleservices_core.contributions import Message, Words
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import (
    Actor,
    Decision,
    Effect,
    Lever,
    LeverKind,
    Question,
    Vote,
)
from teleservices_core.domain.offers import Reach
from teleservices_core.domain.scopes import Rank
from teleservices_core.failures import trace
from teleservices_core.i18n import _, ngettext, show_date, show_instant
from teleservices_core.words.reasons import UNKNOWN, contact

log = logging.getLogger(__name__)

_MINUTE: Final = timedelta(minutes=1)


@frozen
class TracedVote:
    """One line of the full trace: what a rule said, in words."""

    rule: str
    effect: Effect
    reason: str
    """The code of the reason."""
    words: str
    lever: str
    """What would change it, and where."""
    since: str
    until: str
    is_decisive: bool
    """Whether it made the answer."""


@frozen
class Told:
    """A decision in words, each made when it is read."""

    decision: Decision
    question: Question
    words: Mapping[str, Words] = field(repr=False)
    flips_at: datetime | None = None
    """When time alone turns the answer, as :func:`.activation.flips_at` says."""

    @property
    def family(self) -> str:
        """What it means, in a sentence."""
        return self._fill(self.decision.reason, "family")

    @property
    def next_step(self) -> str:
        """What the family can do, or when to come back; never empty when closed."""
        return self._fill(self._actionable, "next_step")

    @property
    def staff(self) -> str:
        """What it is, for the head and the help line."""
        return self._fill(self.decision.reason, "staff")

    @property
    def lever(self) -> str:
        """Which switch turns it, and where that switch is."""
        return _lever(self.decision.reason, self.question)

    @property
    def decider(self) -> str:
        """Who decides, for a visitor; nothing where nobody does."""
        vote = self._actionable
        if vote.lever.kind not in {LeverKind.SETTING, LeverKind.CAMPAIGN}:
            return ""
        if vote.lever.actor is Actor.SCHOOL:
            return _("C’est le chef d’établissement qui en décide.")
        return _("C’est l’académie qui en décide.")

    @property
    def state(self) -> str:
        """In a word or two: "Ouvert", "Ouvert jusqu’au…", "Fermé" or "Ouvre le…"."""
        if self.flips_at is None:
            return _("Ouvert") if self.decision.is_open else _("Fermé")
        said = _("Ouvert {until}") if self.decision.is_open else _("Ouvre {until}")
        return said.format(until=self.until)

    @property
    def since(self) -> str:
        """Since when: "depuis le mardi 24 novembre 2026 à 10 h 30", or nothing."""
        return _since(self.decision.since_at, self.question.zone)

    @property
    def until(self) -> str:
        """The last minute of what is open, the first of what will be; or nothing."""
        zone = self.question.zone
        return _until(self.flips_at, zone) if self.decision.is_open else _on(self.flips_at, zone)

    @property
    def trace(self) -> tuple[TracedVote, ...]:
        """Every vote, those that made the answer first."""
        zone, decisive = self.question.zone, self.decision.reasons
        ordered = sorted(self.decision.votes, key=lambda v: (v not in decisive, v.rule))
        return tuple(
            TracedVote(
                rule=vote.rule,
                effect=vote.effect,
                reason=vote.reason,
                words=self._fill(vote, "staff"),
                lever=_lever(vote, self.question),
                since=_since(vote.since_at, zone),
                until=_until(vote.changes_at, zone),
                is_decisive=vote in decisive,
            )
            for vote in ordered
        )

    @property
    def _actionable(self) -> Vote:
        # Another module's lever is pulled where that module says.
        vote = self.decision.reason
        while vote.cause is not None:
            vote = vote.cause
        return vote

    def _fill(self, vote: Vote, reader: str) -> str:
        fields = defaultdict(str, _fields(vote, self.question))
        message: Message = getattr(self.words.get(vote.reason, UNKNOWN), reader)
        try:
            return message().format_map(fields)
        except Exception as error:  # noqa: BLE001 - a plugin's sentence must not take the page with it
            log.error("the words of %s fail\n%s", vote.reason, trace(error))
            message = getattr(UNKNOWN, reader)
            return message().format_map(fields)


def tell(
    decision: Decision,
    question: Question,
    words: Mapping[str, Words],
    flips_at: datetime | None = None,
) -> Told:
    """Word a decision for each reader."""
    return Told(decision, question, words, flips_at)


def _fields(vote: Vote, question: Question) -> Mapping[str, str]:
    school, zone = question.establishment, question.zone
    reach = contact(school)
    reach = f" ({reach})" if reach else ""
    fields = {
        "school": school.name,
        "year": str(question.school_year),
        "student": question.student.first_name if question.student else _("L’élève"),
        "contact": reach,
        "instead": reach,
        "whom": vote.set_by or _("l’établissement"),
        "by": _(" par {who}").format(who=vote.set_by) if vote.set_by else "",
        "when": _on(vote.changes_at, zone),
        "ended": _on(vote.since_at - _MINUTE if vote.since_at else None, zone),
        "until": f" {until}" if (until := _until(vote.changes_at, zone)) else "",
        "reason": vote.reason,
        "rule": vote.rule,
        **vote.detail,
    }
    # Another plugin's detail of that name may be no day.
    with suppress(KeyError, ValueError):
        fields["left_on"] = show_date(date.fromisoformat(vote.detail["left_on"]))
    return fields


def _on(at: datetime | None, zone: ZoneInfo) -> str:
    return _("le {date}").format(date=show_instant(at, zone)) if at else ""


def _since(at: datetime | None, zone: ZoneInfo) -> str:
    return _("depuis le {date}").format(date=show_instant(at, zone)) if at else ""


def _until(at: datetime | None, zone: ZoneInfo) -> str:
    # The last minute that counts: a campaign ends « à 23 h 59 », not at midnight.
    return _("jusqu’au {date}").format(date=show_instant(at - _MINUTE, zone)) if at else ""


def _lever(vote: Vote, question: Question) -> str:
    lever = vote.lever
    match lever.kind:
        case LeverKind.SETTING:
            return _setting(lever)
        case LeverKind.CAMPAIGN:
            return _("Les dates de campagne se règlent au rectorat.")
        case LeverKind.TIME:
            return _("Change tout seul {when}.").format(when=_on(vote.changes_at, question.zone))
        case LeverKind.ROSTER:
            return _("Se corrige dans la base élèves de l’établissement, puis par un import.")
        case LeverKind.PARTICIPATION:
            return _("L’adhésion de l’établissement se règle avec le rectorat.")
        case LeverKind.MODULE:
            return _("Se règle par « {required} ».").format_map(vote.detail)
        case LeverKind.FAULT:
            return _("À signaler à qui tient le site.")
    return _("Rien à régler.")


def _setting(lever: Lever) -> str:
    scope = lever.scope
    if scope is None:
        return ""
    said = {
        Rank.ACADEMIE: _("Se règle au rectorat, pour toute l’académie."),
        Rank.DEPARTEMENT: _("Se règle au rectorat, pour le département {label}."),
        Rank.NAMED: _("Se règle au rectorat, pour cet établissement."),
        Rank.ESTABLISHMENT: _("Se règle par le chef d’établissement, pour tout l’établissement."),
        Rank.LEVEL: _("Se règle par le chef d’établissement, pour les classes de {label}."),
        Rank.DIVISION: _("Se règle par le chef d’établissement, pour la classe {label}."),
    }
    return said[scope.rank].format(label=scope.label)


def tell_audiences(audiences: Collection[Audience]) -> str:
    """Whom a module is for: "les responsables et les élèves"."""
    said = {Audience.GUARDIAN: _("les responsables"), Audience.STUDENT: _("les élèves")}
    return listed([words for audience, words in said.items() if audience in audiences])


def tell_reach(reach: Reach) -> str:
    """Which classes: "classes de 6e et 5e, sauf 6 B"; nothing when it is all of them."""
    parts = []
    if reach.levels:
        levels = listed([level.label for level in reach.levels])
        parts.append(_("classes de {levels}").format(levels=levels))
    if reach.classes:
        one = ngettext("classe {names}", "classes {names}", len(reach.classes))
        parts.append(one.format(names=listed(reach.classes)))
    said = listed(parts)
    if reach.but:
        said += (", " if said else "") + _("sauf {names}").format(names=listed(reach.but))
    return said


def listed(words: Sequence[str]) -> str:
    """Words in a sentence: "6e, 5e et 4e"."""
    *first, last = words or [""]
    return _("{first} et {last}").format(first=", ".join(first), last=last) if first else last
