"""The rows of a student's page to values: 180 of them in a request.

Columns come as the driver gives them. What describes an assessment is the same for
a whole class: its value is made once and kept, found again by the very content of
the row, so that nothing kept is ever out of date.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_notes.model import (
    NO_LEVELS,
    Assessment,
    Entry,
    Mark,
    Outcome,
    PublicationPlan,
    Subject,
)
from teleservices_notes.store.rows import COUNTINGS, STATUSES, to_outcome
from teleservices_notes.store.tables import figure, from_hundredths
from teleservices_notes.usecases.plans import plan_from_json, rules_from_json

NO_PLAN: Final = PublicationPlan()
_KEPT: Final = 20_000
"""Assessments: some 20 MB, the year of a large lycée."""


def gather(
    rows: Iterable[Any], student_id: UUID, uai: Uai, school_year: SchoolYear
) -> tuple[PublicationPlan, list[Entry]]:
    """The plan and the marks of the rows of :data:`.statements.OF_STUDENT`."""
    plan, entries, code, year = NO_PLAN, [], uai.code, school_year.start
    for row in rows:
        if row[1] is None:
            plan = plan_from_json(row[0]) if row[0] else plan
            continue
        assessment = _assessment(code, year, *row[1:15])
        status, value, entered, remark, levels, first_entered, prior = row[15:22]
        entered_at = to_instant(entered)
        outcome = Outcome(
            STATUSES[status],
            from_hundredths(value),
            entered_at,
            remark,
            json.loads(levels) if levels else NO_LEVELS,
        )
        mark = Mark(
            assessment.id,
            student_id,
            outcome,
            to_instant(first_entered) if first_entered else entered_at,
            to_outcome(json.loads(prior)) if prior else None,
        )
        entries.append(Entry(assessment, mark))
    return plan, entries


@lru_cache(maxsize=_KEPT)
def _assessment(
    uai: str,
    year: int,
    id_: str | UUID,
    group: str,
    code: str,
    label: str,
    title: str,
    given_on: str | date,
    teacher: str,
    out_of: int,
    weight: int,
    counting: str,
    publish_on: str | date | None,
    description: str,
    competencies: str | None,
    own_rules: str | None,
) -> Assessment:
    return Assessment(
        id_ if isinstance(id_, UUID) else UUID(id_),
        Uai(uai),
        SchoolYear(year),
        group,
        Subject(code, label),
        title,
        _date(given_on),
        teacher,
        figure(out_of),
        figure(weight),
        COUNTINGS[counting],
        None if publish_on is None else _date(publish_on),
        description,
        tuple(json.loads(competencies)) if competencies else (),
        rules_from_json(json.loads(own_rules)) if own_rules else (),
    )


def _date(written: str | date) -> date:
    return written if isinstance(written, date) else date.fromisoformat(written)


def to_instant(written: str | datetime) -> datetime:
    """An instant as the driver gives it; SQLite keeps a text without its zone, which is UTC."""
    if isinstance(written, str):
        return datetime.fromisoformat(f"{written}+00:00")
    return written.astimezone(UTC)
