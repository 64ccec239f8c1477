"""Builders and Hypothesis strategies for tests that need marks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4

from hypothesis import strategies as st

from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_notes.model import Assessment, Entry, Mark, MarkStatus, Subject

MATHS: Final = Subject("MATHS", "Mathématiques")
FRENCH: Final = Subject("FRANC", "Français")
HISTORY: Final = Subject("HIGEO", "Histoire-géographie")
SOME_STUDENT: Final = UUID(int=1)


def an_assessment(**changes: Any) -> Assessment:
    """A test in mathematics, out of 20, with weight 1."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "uai": COLLEGE,
        "school_year": YEAR,
        "class_group": "6 B",
        "subject": MATHS,
        "title": "Contrôle 1 : Fractions",
        "given_on": date(2026, 10, 5),
        "teacher": "Mme R. Petit",
    }
    return Assessment(**{**values, **changes})


def an_entry(
    value: Decimal | str | int | None = 12,
    *,
    status: MarkStatus | None = None,
    student_id: UUID = SOME_STUDENT,
    entered_at: datetime = datetime(2026, 10, 7, 16, 20, tzinfo=UTC),
    **assessment: Any,
) -> Entry:
    """A mark at an assessment; the other arguments are the assessment's."""
    given = an_assessment(**assessment)
    status = status or (MarkStatus.UNMARKED if value is None else MarkStatus.MARK)
    figure = None if value is None else Decimal(value)
    return Entry(given, Mark(given.id, student_id, status, figure, entered_at))


def hundredths(least: int, most: int) -> st.SearchStrategy[Decimal]:
    """Numbers with two decimals between two whole ones."""
    return st.integers(least * 100, most * 100).map(lambda n: Decimal(n).scaleb(-2))


@st.composite
def entries(draw: st.DrawFn, around: date = date(2026, 11, 24)) -> Entry:
    """Any mark, entered and to be published within a week of a day."""
    out_of = draw(st.sampled_from([Decimal(20), Decimal(10), Decimal(15), Decimal("7.5")]))
    status = draw(st.sampled_from([MarkStatus.MARK] * 4 + list(MarkStatus)))
    days = st.integers(-7, 7).map(lambda number: around + timedelta(days=number))
    noon = datetime(around.year, around.month, around.day, 12, tzinfo=UTC)
    minutes = draw(st.integers(-7 * 1440, 7 * 1440))
    return an_entry(
        draw(st.integers(0, int(out_of * 100)).map(lambda n: Decimal(n).scaleb(-2)))
        if status is MarkStatus.MARK
        else None,
        status=status,
        entered_at=noon + timedelta(minutes=minutes),
        id=draw(st.uuids()),
        subject=draw(st.sampled_from([MATHS, FRENCH, HISTORY])),
        title=draw(st.sampled_from(["Contrôle", "Devoir maison", "Oral"])),
        given_on=draw(days),
        out_of=out_of,
        weight=draw(hundredths(0, 4)),
        is_optional=draw(st.booleans()),
        publish_on=draw(st.none() | days),
    )
