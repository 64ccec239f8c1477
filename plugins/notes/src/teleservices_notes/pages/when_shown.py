"""When families will see a mark entered now, in words for who enters it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.i18n import _, show_instant
from teleservices_notes.model import (
    FAMILIES,
    Assessment,
    MarkStatus,
    Outcome,
    PublicationMode,
    PublicationPlan,
)
from teleservices_notes.publication_words import TO_READERS
from teleservices_notes.rules import rule_for, visible_from


def when_shown(
    assessment: Assessment,
    plan: PublicationPlan,
    shut: Collection[Audience],
    at: datetime,
    zone: ZoneInfo,
) -> list[str]:
    """A sentence for all, or one for each audience where the school chose differently.

    ``shut`` are the audiences to which the module is closed.
    """
    found = {
        audience: None if audience in shut else _from(assessment, plan, audience, at, zone)
        for audience in FAMILIES
    }
    if len(set(found.values())) == 1:
        return [_said(None, found[FAMILIES[0]], at, zone)]
    return [_said(audience, each, at, zone) for audience, each in found.items()]


def _from(
    assessment: Assessment,
    plan: PublicationPlan,
    audience: Audience,
    at: datetime,
    zone: ZoneInfo,
) -> tuple[PublicationMode, datetime | None]:
    publication = rule_for(plan, audience, assessment.class_group, assessment.own_rules)
    entered_now = Outcome(MarkStatus.UNMARKED, None, at)
    return publication.mode, visible_from(assessment, entered_now, publication, plan, zone)


def _said(
    audience: Audience | None,
    found: tuple[PublicationMode, datetime | None] | None,
    at: datetime,
    zone: ZoneInfo,
) -> str:
    to = TO_READERS[audience]()
    if found is None:
        return _(
            "Rien de ce que vous enregistrez ici n’est montré {to} : le téléservice « Notes » leur "
            "est fermé. La direction peut l’ouvrir."
        ).format(to=to)
    mode, from_at = found
    if from_at is None:
        return _NEVER[mode]().format(to=to)
    if from_at <= at:
        return _("Ce que vous enregistrez ici est montré {to} aussitôt.").format(to=to)
    return _("Rien de ce que vous enregistrez ici n’est montré {to} avant le {instant}.").format(
        to=to, instant=show_instant(from_at, zone)
    )


_NEVER: Final[Mapping[PublicationMode, Message]] = {
    PublicationMode.SCHEDULED: lambda: _(
        "Rien n’est montré {to} tant que l’évaluation n’a pas de date de publication."
    ),
    PublicationMode.AFTER_PERIOD: lambda: _(
        "Rien n’est montré {to} : la date de l’évaluation n’est dans aucune période de l’année."
    ),
}
