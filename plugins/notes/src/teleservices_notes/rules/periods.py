"""Which part of the year a page is about. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from teleservices_notes.model import GradingPeriod, PublicationPlan
from teleservices_notes.rules.publication import Shown

YEAR: Final = "annee"
"""What an address says instead of a period's number for the whole year."""


def chosen_period(
    plan: PublicationPlan, asked: str, today: date, shown: Iterable[Shown]
) -> GradingPeriod | None:
    """The period that an address asks for; None for the year.

    Without a word, the one under way, once a mark of it is shown.
    """
    if asked:
        return next((each for each in plan.periods if str(each.number) == asked), None)
    current = plan.period_of(today)
    if current is None or not any(each.assessment.given_on in current for each in shown):
        return None
    return current


def told_periods(
    plan: PublicationPlan, today: date, shown: Iterable[Shown]
) -> tuple[GradingPeriod, ...]:
    """The periods to choose from: those begun, and those of which something is shown."""
    last = max((each.assessment.given_on for each in shown), default=today)
    return tuple(each for each in plan.periods if each.starts_on <= max(today, last))


def outside(plan: PublicationPlan, shown: Iterable[Shown]) -> list[Shown]:
    """Marks of days that are in no period, which count in the year only."""
    if not plan.periods:
        return []
    return [each for each in shown if plan.period_of(each.assessment.given_on) is None]
