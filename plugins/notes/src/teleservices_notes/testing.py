"""Builders and Hypothesis strategies for tests that need marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from attrs import evolve
from hypothesis import strategies as st

from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_notes.model import (
    FAMILIES,
    NO_LEVELS,
    Assessment,
    Counting,
    Entry,
    GradingPeriod,
    GradingPeriodKind,
    Mark,
    MarkStatus,
    Outcome,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
    Subject,
)
from teleservices_notes.rules import Shown, succeed

MATHS: Final = Subject("MATHS", "Mathématiques")
FRENCH: Final = Subject("FRANC", "Français")
HISTORY: Final = Subject("HIGEO", "Histoire-géographie")
SOME_STUDENT: Final = UUID(int=1)
LARGE: Final = 9_500_000
"""Bytes: as large a file as a page takes."""


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
    return Entry(given, Mark.first(given.id, student_id, Outcome(status, figure, entered_at)))


def a_shown(value: Decimal | str | int | None = 12, **options: Any) -> Shown:
    """A mark in the eyes of somebody who may see it; arguments as for :func:`an_entry`."""
    return as_shown(an_entry(value, **options))


def as_shown(entry: Entry) -> Shown:
    """What stands, seen."""
    outcome = entry.mark.outcome
    return Shown(entry.assessment, outcome, False, outcome.entered_at)


def mark_of(history: Sequence[Outcome], zone: ZoneInfo, *, student_id: UUID = SOME_STUDENT) -> Mark:
    """The mark that some outcomes leave, entered one after the other."""
    mark = Mark.first(UUID(int=2), student_id, history[0])
    for outcome in history[1:]:
        mark = succeed(mark, outcome, "", zone)
    return mark


def hundredths(least: int, most: int) -> st.SearchStrategy[Decimal]:
    """Numbers with two decimals between two whole ones."""
    return st.integers(least * 100, most * 100).map(lambda n: Decimal(n).scaleb(-2))


@st.composite
def outcomes(draw: st.DrawFn, entered_at: datetime, out_of: Decimal = Decimal(20)) -> Outcome:
    """Any outcome of an instant."""
    status = draw(st.sampled_from([MarkStatus.MARK] * 4 + list(MarkStatus)))
    figures = st.integers(0, int(out_of * 100)).map(lambda n: Decimal(n).scaleb(-2))
    return Outcome(
        status,
        draw(figures) if status is MarkStatus.MARK else None,
        entered_at,
        draw(st.sampled_from(["", "", "Bien.", "À revoir : l’énoncé"])),
        draw(st.sampled_from([NO_LEVELS, NO_LEVELS, {"C1": 3}, {"C1": 1, "C2": 4}])),
    )


@st.composite
def histories(
    draw: st.DrawFn, around: date = date(2026, 11, 24), out_of: Decimal = Decimal(20)
) -> list[Outcome]:
    """One to four outcomes of a mark, each entered after the one before, within a week of a day.

    Often within minutes of each other: so that days and midnights are met.
    """
    noon = datetime(around.year, around.month, around.day, 12, tzinfo=UTC)
    at = noon + timedelta(minutes=draw(st.integers(-7 * 1440, 5 * 1440)))
    found = [draw(outcomes(at, out_of))]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2, 3]))):
        at += timedelta(minutes=draw(st.integers(0, 90) | st.integers(0, 2 * 1440)))
        found.append(draw(outcomes(at, out_of)))
    return found


@st.composite
def publications(draw: st.DrawFn, around: date = date(2026, 11, 24)) -> Publication:
    """Any publication."""
    mode = draw(st.sampled_from(PublicationMode))
    if mode is PublicationMode.AFTER_PERIOD:
        return Publication(mode, days=draw(st.integers(0, 3)))
    on = draw(st.none() | _days(around)) if mode is PublicationMode.SCHEDULED else None
    return Publication(mode, on=on)


@st.composite
def rules(draw: st.DrawFn, groups: Sequence[str | None] = (None,)) -> PublicationRule:
    """Any rule, for the classes given."""
    audience = draw(st.sampled_from([None, *FAMILIES]))
    return PublicationRule(draw(publications()), audience, draw(st.sampled_from(groups)))


def _own(rule: PublicationRule) -> tuple[object, ...]:
    return rule.audience, rule.class_group


@st.composite
def plans(draw: st.DrawFn, around: date = date(2026, 11, 24)) -> PublicationPlan:
    """Any plan, for the classes « 6 A » and « 6 B », with periods that end around a day."""
    exceptions = rules((None, "6 A", "6 B")).filter(lambda each: _own(each) != (None, None))
    kind = draw(st.sampled_from(GradingPeriodKind))
    first_end = draw(_days(around))
    ends = [first_end, first_end + timedelta(days=draw(st.integers(1, 9)))]
    return PublicationPlan(
        draw(publications()),
        tuple(draw(st.lists(exceptions, max_size=4, unique_by=_own))),
        (
            GradingPeriod(kind, 1, date(2026, 9, 1), ends[0]),
            GradingPeriod(kind, 2, ends[0] + timedelta(days=1), ends[1]),
        )[: draw(st.integers(0, 2))],
    )


def _days(around: date) -> st.SearchStrategy[date]:
    return st.integers(-7, 7).map(lambda number: around + timedelta(days=number))


@st.composite
def entries(
    draw: st.DrawFn, around: date = date(2026, 11, 24), zone: ZoneInfo = DIJON.zone
) -> Entry:
    """Any mark with its past, entered and to be published within a week of a day."""
    out_of = draw(st.sampled_from([Decimal(20), Decimal(10), Decimal(15), Decimal("7.5")]))
    assessment = an_assessment(
        id=draw(st.uuids()),
        class_group=draw(st.sampled_from(["6 A", "6 B"])),
        subject=draw(st.sampled_from([MATHS, FRENCH, HISTORY])),
        title=draw(st.sampled_from(["Contrôle", "Devoir maison", "Oral"])),
        given_on=draw(_days(around)),
        out_of=out_of,
        weight=draw(hundredths(0, 4)),
        counting=draw(st.sampled_from(Counting)),
        publish_on=draw(st.none() | _days(around)),
        description=draw(st.sampled_from(["", "Chapitres 1 et 2"])),
        competencies=draw(st.sampled_from([(), ("C1", "C2")])),
        own_rules=tuple(draw(st.lists(rules(), max_size=2, unique_by=_own))),
    )
    mark = mark_of(draw(histories(around, out_of)), zone)
    return Entry(assessment, evolve(mark, assessment_id=assessment.id))


def filled(unit: bytes) -> bytes:
    """A unit again and again, up to :data:`LARGE`."""
    return unit * (LARGE // len(unit))


HOSTILE_FILES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "lines of nothing": lambda h: h + filled(b"x;\n"),
    "the same without a header": lambda _h: filled(b"x;\n"),
    "the same in UTF-16": lambda h: (h + filled(b"x;\n")[: LARGE // 2]).decode().encode("utf-16"),
    "ends of lines of an old Mac": lambda h: h.replace(b"\n", b"\r") + filled(b"x;\r"),
    "blank lines": lambda h: h + filled(b"\n"),
    "blank lines first": lambda h: filled(b"\n") + h,
    "one line": lambda h: h + filled(b"x"),
    "one line of two million columns": lambda h: h + filled(b"x;x;"),
    "a header of two million columns": lambda _h: filled(b"x;x;"),
    "a hundred thousand headers": lambda _h: b";".join(b"colonne%06d" % n for n in range(500_000)),
    "quotes never closed": lambda h: h + filled(b'"' + b"x" * 40 + b"\n"),
    "one quote never closed": lambda h: h + b'"' + filled(b"x" * 40 + b"\n"),
    "nothing but quotes": lambda h: h + filled(b'"";'),
    "NULs": lambda _h: filled(b"\0"),
    "lines of NULs": lambda h: h + filled(b"\0;\0\n"),
    "NULs in UTF-16": lambda _h: b"\xff\xfe" + filled(b"\0\0"),
    "half a character in UTF-16": lambda _h: b"\xfe\xff" + filled(b"\xd8\x00"),
    "long lines": lambda h: h + filled(b"x" * 5_000 + b"\n"),
    "accents that cannot be": lambda h: h + filled(b"\xff\xfe\xfd\n"),
}
"""Files that used to take half a minute and a gigabyte, and their neighbours, by their header."""
