"""Rows to values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_notes.model import (
    NO_LEVELS,
    Assessment,
    Counting,
    Mark,
    MarkStatus,
    Outcome,
    Subject,
)
from teleservices_notes.store.tables import from_hundredths, to_hundredths
from teleservices_notes.usecases.plans import rules_from_json

STATUSES: Final[Mapping[str, MarkStatus]] = {each.value: each for each in MarkStatus}
COUNTINGS: Final[Mapping[str, Counting]] = {each.value: each for each in Counting}


def to_assessment(row: Row[Any]) -> Assessment:
    """The value of a whole row."""
    return Assessment(
        id=row.id,
        uai=Uai(row.uai),
        school_year=SchoolYear(row.school_year),
        class_group=row.class_group,
        subject=Subject(row.subject_code, row.subject_label),
        title=row.title,
        given_on=row.given_on,
        teacher=row.teacher,
        out_of=row.out_of,
        weight=row.weight,
        counting=COUNTINGS[row.counting],
        publish_on=row.publish_on,
        description=row.description,
        competencies=tuple(row.competencies or ()),
        own_rules=rules_from_json(row.own_rules),
    )


def assessment_row(each: Assessment) -> dict[str, Any]:
    """What describes an assessment: all of it but its own publication rules."""
    return {
        "id": each.id,
        "uai": each.uai.code,
        "school_year": each.school_year.start,
        "class_group": each.class_group,
        "subject_code": each.subject.code,
        "subject_label": each.subject.label,
        "teacher": each.teacher,
        "title": each.title,
        "given_on": each.given_on,
        "out_of": each.out_of,
        "weight": each.weight,
        "counting": each.counting.value,
        "publish_on": each.publish_on,
        "description": each.description,
        "competencies": list(each.competencies) or None,
    }


def to_mark(
    assessment_id: UUID,
    student_id: UUID,
    status: str,
    value: Decimal | None,
    entered_at: datetime,
    remark: str = "",
    levels: Mapping[str, int] | None = None,
    first_entered_at: datetime | None = None,
    prior: Mapping[str, Any] | None = None,
    entered_by: str = "",
) -> Mark:
    """The value of a row, its columns in order."""
    outcome = Outcome(STATUSES[status], value, entered_at, remark, levels or NO_LEVELS)
    return Mark(
        assessment_id,
        student_id,
        outcome,
        first_entered_at or entered_at,
        to_outcome(prior) if prior else None,
        entered_by,
    )


def mark_row(each: Mark) -> dict[str, Any]:
    """The row of a mark."""
    now, first_at = each.outcome, each.first_entered_at
    return {
        "student_id": each.student_id,
        "assessment_id": each.assessment_id,
        "status": now.status.value,
        "value": now.value,
        "entered_at": now.entered_at,
        "remark": now.remark,
        "levels": dict(now.levels) or None,
        "first_entered_at": None if first_at == now.entered_at else first_at,
        "prior": None if each.prior is None else _outcome_told(each.prior),
        "entered_by": each.entered_by,
    }


def _outcome_told(outcome: Outcome) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": outcome.status.value,
        "entered_at": outcome.entered_at.isoformat(),
        "value": to_hundredths(outcome.value),
        "remark": outcome.remark,
        "levels": dict(outcome.levels),
    }
    return {name: each for name, each in told.items() if each not in (None, "", {})}


def to_outcome(told: Mapping[str, Any]) -> Outcome:
    """The value of an outcome kept as plain values."""
    return Outcome(
        STATUSES[told["status"]],
        from_hundredths(told.get("value")),
        datetime.fromisoformat(told["entered_at"]),
        told.get("remark", ""),
        told.get("levels", NO_LEVELS),
    )
