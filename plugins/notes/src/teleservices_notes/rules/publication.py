"""Which outcome of a mark a reader may see at an instant, and under which rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import define, evolve, field, frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import end_of_day, local_date, midnight
from teleservices_core.errors import InvalidValueError
from teleservices_notes.model import (
    Assessment,
    Entry,
    Mark,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)

_IMMEDIATE: Final = PublicationMode.IMMEDIATE
_ROLLING: Final = PublicationMode.ROLLING


def succeed(mark: Mark, outcome: Outcome, entered_by: str, zone: ZoneInfo) -> Mark:
    """The mark once another outcome is entered.

    What stood when the day of entry began is kept beside it: families under
    « au fil de l'eau » see that until midnight. Raises :exc:`InvalidValueError`
    for an outcome older than the one that stands.
    """
    stood = mark.outcome
    if outcome.entered_at < stood.entered_at:
        raise InvalidValueError("outcome", outcome.entered_at, "older than the one that stands")
    stood_at_midnight = local_date(stood.entered_at, zone) < local_date(outcome.entered_at, zone)
    prior = stood if stood_at_midnight else mark.prior
    return evolve(mark, outcome=outcome, prior=prior, entered_by=entered_by)


def winning_rule(
    plan: PublicationPlan,
    audience: Audience,
    class_group: str,
    own_rules: Iterable[PublicationRule] = (),
) -> PublicationRule:
    """The rule that holds for a reader: the narrowest chosen.

    An assessment's own over its class's, a class's over the establishment's;
    at the same reach, an audience's over everybody's.
    """
    exceptions = plan.exceptions
    for rules, group in ((own_rules, None), (exceptions, class_group), (exceptions, None)):
        found = _narrowest([each for each in rules if each.class_group == group], audience)
        if found is not None:
            return found
    return PublicationRule(plan.default)


def rule_for(
    plan: PublicationPlan,
    audience: Audience,
    class_group: str,
    own_rules: Iterable[PublicationRule] = (),
) -> Publication:
    """The publication that holds for a reader: that of the winning rule."""
    return winning_rule(plan, audience, class_group, own_rules).publication


def _narrowest(rules: Iterable[PublicationRule], audience: Audience) -> PublicationRule | None:
    everybody = None
    for each in rules:
        if each.audience is audience:
            return each
        if each.audience is None:
            everybody = each
    return everybody


def publication_day(
    assessment: Assessment, publication: Publication, plan: PublicationPlan
) -> date | None:
    """The day whose local midnight publishes an assessment, in the modes that set one.

    None: no such day is known yet, and nothing is shown.
    """
    if publication.mode is PublicationMode.SCHEDULED:
        return publication.on or assessment.publish_on
    period = plan.period_of(assessment.given_on)
    return None if period is None else period.ends_on + timedelta(days=publication.days + 1)


def visible_from(
    assessment: Assessment,
    outcome: Outcome,
    publication: Publication,
    plan: PublicationPlan,
    zone: ZoneInfo,
) -> datetime | None:
    """The instant from which a reader sees an outcome, if none follows; None while nobody knows.

    At once: its entry. « Au fil de l'eau »: local midnight that begins the day after
    (F50). « À échéance »: local midnight that begins the publication date, and never
    without such a date (F51). After the period: local midnight that follows the days
    left to the school. Nothing is seen before it was entered.
    """
    if publication.mode is _IMMEDIATE:
        return outcome.entered_at
    if publication.mode is _ROLLING:
        return end_of_day(local_date(outcome.entered_at, zone), zone)
    day = publication_day(assessment, publication, plan)
    return None if day is None else max(outcome.entered_at, midnight(day, zone))


@frozen
class Shown:
    """What a reader sees of a mark. Pages, averages and copies are made of these alone."""

    assessment: Assessment
    outcome: Outcome
    is_corrected: bool
    """Whether the reader could already see an earlier outcome."""
    since: datetime
    """Its entry, or its publication if later: what orders the latest."""
    own: Publication | None = None
    """The rule of this assessment alone, where it has one for this reader."""


@define
class Viewpoint:
    """The eyes of one audience at one instant.

    Consults the time zone for the page, not for each mark: only a corrected mark,
    or a new publication date, costs another look at it.
    """

    plan: PublicationPlan
    audience: Audience
    at: datetime
    zone: ZoneInfo
    _today: date = field(init=False)
    _midnight_at: datetime = field(init=False)
    _just_after_at: datetime = field(init=False)
    _rules: dict[str, Publication] = field(init=False, factory=dict)
    _midnights: dict[date, datetime] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self._today = local_date(self.at, self.zone)
        self._midnight_at = midnight(self._today, self.zone)
        self._just_after_at = self.at + timedelta.resolution

    def rule(self, class_group: str) -> Publication:
        """The rule of a class's marks, but for assessments that have their own."""
        found = self._rules.get(class_group)
        if found is None:
            found = self._rules[class_group] = rule_for(self.plan, self.audience, class_group)
        return found

    def publication_of(self, assessment: Assessment) -> Publication:
        """The rule of an assessment."""
        return self._own(assessment) or self.rule(assessment.class_group)

    def look(self, entries: Iterable[Entry]) -> list[Shown]:
        """What may be seen of some entries, in their order."""
        seen = (self.seen(entry.assessment, entry.mark) for entry in entries)
        return [each for each in seen if each is not None]

    def seen(self, assessment: Assessment, mark: Mark) -> Shown | None:
        """What may be seen of one mark: its outcome, the one before, or nothing."""
        own = self._own(assessment)
        publication = own or self.rule(assessment.class_group)
        published_at, before_at = None, self._just_after_at
        if publication.mode is _ROLLING:
            before_at = self._midnight_at
        elif publication.mode is not _IMMEDIATE:
            published_at = self.published_at(assessment, publication)
            if published_at is None:
                return None
        outcome: Outcome | None = (
            mark.outcome if mark.outcome.entered_at < before_at else mark.prior
        )
        if outcome is None or outcome.entered_at >= before_at:
            return None
        entered_at = outcome.entered_at
        return Shown(
            assessment,
            outcome,
            mark.first_entered_at < entered_at
            and self._follows(mark.first_entered_at, entered_at, publication.mode, published_at),
            entered_at if published_at is None else max(entered_at, published_at),
            own,
        )

    def _own(self, assessment: Assessment) -> Publication | None:
        own_rules = assessment.own_rules
        found = _narrowest(own_rules, self.audience) if own_rules else None
        return None if found is None else found.publication

    def published_at(self, assessment: Assessment, publication: Publication) -> datetime | None:
        """In a mode that sets a day, its midnight; None if it has not come."""
        day = publication_day(assessment, publication, self.plan)
        if day is None or day > self._today:
            return None
        found = self._midnights.get(day)
        if found is None:
            found = self._midnights[day] = midnight(day, self.zone)
        return found

    def _follows(
        self,
        first_at: datetime,
        entered_at: datetime,
        mode: PublicationMode,
        published_at: datetime | None,
    ) -> bool:
        """Whether an outcome replaced another before the reader's eyes."""
        if published_at is not None:
            return published_at < entered_at
        if mode is _IMMEDIATE:
            return True
        return local_date(first_at, self.zone) < local_date(entered_at, self.zone)
