"""When a child's marks appear, in words for its family (F52)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.families import Child
from teleservices_core.i18n import _, show_date
from teleservices_notes.model import Publication, PublicationMode, PublicationPlan
from teleservices_notes.publication_words import (
    period_name,
    publication_name,
    publication_sentence,
    reach_words,
)
from teleservices_notes.rules import rule_for, winning_rule
from teleservices_notes.usecases import audience_of

_PATIENCE: Final[Mapping[PublicationMode, Message]] = {
    PublicationMode.IMMEDIATE: lambda: _(
        "Pas d’inquiétude : une note s’affichera ici dès qu’un enseignant l’aura saisie."
    ),
    PublicationMode.ROLLING: lambda: _(
        "Pas d’inquiétude : une note saisie aujourd’hui par un enseignant s’affichera ici demain."
    ),
    PublicationMode.SCHEDULED: lambda: _(
        "Pas d’inquiétude : les notes s’afficheront ici une à une, à leur date de publication."
    ),
    PublicationMode.AFTER_PERIOD: lambda: _(
        "Pas d’inquiétude : les notes s’afficheront ici ensemble, après la fin de la période."
    ),
}


@frozen
class PublicationWords:
    """The rule that holds for a child's class and for who reads."""

    name: str
    words: str
    chosen: str
    """Who chose it, and for whom."""
    dates: tuple[str, ...]
    """When each period is published."""
    other: str
    """What holds for the child's other readers, where it is not the same."""
    patience: str
    """Instead of marks while there are none."""


def publication_words(plan: PublicationPlan, child: Child) -> PublicationWords:
    """In words, the rule that holds for a child's marks in the eyes of who reads."""
    audience, group = audience_of(child), child.schooling.class_group
    rule = winning_rule(plan, audience, group)
    publication = rule.publication
    reach = reach_words(rule)
    return PublicationWords(
        name=publication_name(publication),
        words=publication_sentence(publication),
        chosen=_("C’est l’établissement qui l’a choisi pour {reach}.").format(reach=reach)
        if reach
        else _("C’est l’établissement qui a choisi ce mode pour l’année."),
        dates=_dates(plan, publication),
        other=_other(plan, audience, group, publication),
        patience=_PATIENCE[publication.mode](),
    )


def _dates(plan: PublicationPlan, publication: Publication) -> tuple[str, ...]:
    if publication.mode is not PublicationMode.AFTER_PERIOD:
        return ()
    said = _("{period} : à partir du {day}")
    wait = timedelta(days=publication.days + 1)
    found = tuple(
        said.format(period=period_name(each), day=show_date(each.ends_on + wait))
        for each in plan.periods
    )
    return found or (_("L’établissement n’a pas encore donné les dates des périodes."),)


def _other(plan: PublicationPlan, audience: Audience, group: str, publication: Publication) -> str:
    is_guardian = audience is Audience.GUARDIAN
    found = rule_for(plan, Audience.STUDENT if is_guardian else Audience.GUARDIAN, group)
    if found == publication:
        return ""
    said = (
        _("Sur le compte de l’élève, la publication est différente : {name}.")
        if is_guardian
        else _("Pour vos responsables, la publication est différente : {name}.")
    )
    return said.format(name=publication_name(found))
