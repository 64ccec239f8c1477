"""The parts of a year to choose from, as links."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from teleservices_core.domain.families import Child
from teleservices_core.web.context import Context
from teleservices_notes.explaining import span_name
from teleservices_notes.model import GradingPeriod, PublicationPlan
from teleservices_notes.rules import YEAR, Shown, told_periods


@frozen
class Span:
    """A grading period, or the whole year."""

    name: str
    href: str
    is_current: bool


def asked_period(context: Context) -> str:
    """What the address asks for: see :func:`.rules.chosen_period`."""
    return context.request.args.get("periode", "")


def address_of(plan: PublicationPlan, period: GradingPeriod | None) -> dict[str, str]:
    """A period, or the year, as an address says it; nothing where there is no choice."""
    if not plan.periods:
        return {}
    return {"periode": YEAR if period is None else str(period.number)}


def spans(
    context: Context,
    route: str,
    plan: PublicationPlan,
    shown: tuple[Shown, ...],
    current: GradingPeriod | None,
    **values: Any,
) -> list[Span]:
    """The periods begun and the year; nothing where there is no choice."""
    today = context.site.academie.today(context.site.now())
    periods = told_periods(plan, today, shown)
    if not periods:
        return []
    return [
        Span(
            span_name(each),
            context.urls.to(route, **values, **address_of(plan, each)),
            each == current,
        )
        for each in (*periods, None)
    ]


def child_of(context: Context) -> Child:
    """The student of the address."""
    if context.child is None:
        raise RuntimeError("the route is not about a child")
    return context.child
