"""What a change of publication makes visible, or hides. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_notes.model import FAMILIES, Assessment, PublicationMode, PublicationPlan
from teleservices_notes.rules.publication import Viewpoint


@frozen
class Tally:
    """An assessment and its marks at an instant, counted."""

    assessment: Assessment
    marks: int
    before_today: int
    """Of which some outcome stood when the local day began."""


@frozen
class Flip:
    """Marks of an assessment that turn visible for an audience, or hidden."""

    audience: Audience
    assessment: Assessment
    marks: int
    """How many more are visible; below zero, how many fewer."""


def flips(
    tallies: Sequence[Tally],
    plan: PublicationPlan,
    changed: Sequence[Tally],
    changed_plan: PublicationPlan,
    at: datetime,
    zone: ZoneInfo,
) -> list[Flip]:
    """What turns at an instant when a plan or the own rules of assessments change.

    ``changed`` are the same assessments in the same order, with the rules that
    they would have.
    """
    found = []
    for audience in FAMILIES:
        before, after = (Viewpoint(each, audience, at, zone) for each in (plan, changed_plan))
        for was, would in zip(tallies, changed, strict=True):
            more = _visible(would, after) - _visible(was, before)
            if more:
                found.append(Flip(audience, was.assessment, more))
    return found


def _visible(tally: Tally, eyes: Viewpoint) -> int:
    publication = eyes.publication_of(tally.assessment)
    if publication.mode is PublicationMode.ROLLING:
        return tally.before_today
    is_open = (
        publication.mode is PublicationMode.IMMEDIATE
        or eyes.published_at(tally.assessment, publication) is not None
    )
    return tally.marks if is_open else 0
