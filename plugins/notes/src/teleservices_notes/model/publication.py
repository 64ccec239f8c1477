"""When families see marks: the rules that a school chooses for a year."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from attrs import field, frozen, validators

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, add_months
from teleservices_core.errors import InvalidValueError

FAMILIES: Final = (Audience.GUARDIAN, Audience.STUDENT)
MOST_DAYS: Final = 60
"""Between the end of a grading period and its publication."""
_SOCLE_LEVELS: Final = (
    "Maîtrise insuffisante",
    "Maîtrise fragile",
    "Maîtrise satisfaisante",
    "Très bonne maîtrise",
)


class PublicationMode(StrEnum):
    """When families see a mark (F50, F51)."""

    IMMEDIATE = "immediate"
    """As soon as it is entered."""
    ROLLING = "rolling"
    """« Au fil de l'eau »: the day after entry (F50). The default."""
    SCHEDULED = "scheduled"
    """« À échéance »: from the assessment's own publication date (F51)."""
    AFTER_PERIOD = "after_period"
    """Some days after the end of the grading period that holds the assessment."""


@frozen
class Publication:
    """A mode, with the figure it needs."""

    mode: PublicationMode = PublicationMode.ROLLING
    days: int = field(default=0)
    """AFTER_PERIOD: whole days left to the school between the period and its publication."""
    on: date | None = field(default=None)
    """SCHEDULED: this date, whatever the assessments' own."""

    @days.validator
    def _validate_days(self, _attribute: object, days: int) -> None:
        if not 0 <= days <= MOST_DAYS:
            raise InvalidValueError("days", days, f"expected 0 to {MOST_DAYS}")
        if days and self.mode is not PublicationMode.AFTER_PERIOD:
            raise InvalidValueError("days", days, f"does not go with the mode {self.mode}")

    @on.validator
    def _validate_on(self, _attribute: object, on: date | None) -> None:
        if on is not None and self.mode is not PublicationMode.SCHEDULED:
            raise InvalidValueError("on", on, f"does not go with the mode {self.mode}")


@frozen
class PublicationRule:
    """A publication, and for whom it is chosen: an audience or all, a class or all."""

    publication: Publication
    audience: Audience | None = field(
        default=None, validator=validators.optional(validators.in_(FAMILIES))
    )
    class_group: str | None = field(
        default=None, validator=validators.optional(validators.min_len(1))
    )


class GradingPeriodKind(StrEnum):
    """How an establishment cuts its year: T or S in the LSL's imports."""

    TRIMESTER = "T"
    SEMESTER = "S"

    @property
    def per_year(self) -> int:
        """How many of them make a school year."""
        return 3 if self is GradingPeriodKind.TRIMESTER else 2


@frozen
class GradingPeriod:
    """A trimester or semester, both days included."""

    kind: GradingPeriodKind
    number: int = field()
    starts_on: date
    ends_on: date = field()

    @number.validator
    def _validate_number(self, _attribute: object, number: int) -> None:
        if not 1 <= number <= self.kind.per_year:
            raise InvalidValueError("grading period", number, f"a year has {self.kind.per_year}")

    @ends_on.validator
    def _validate_end(self, _attribute: object, ends_on: date) -> None:
        if ends_on < self.starts_on:
            raise InvalidValueError("grading period", ends_on, "it ends before it begins")

    def __contains__(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def proposed_periods(
    kind: GradingPeriodKind, school_year: SchoolYear, year_starts: tuple[int, int]
) -> tuple[GradingPeriod, ...]:
    """The usual cut of a school year, for a school to correct: dates are its own decision.

    Of a year that starts on 1 September: trimesters end on 30 November, 15 March
    and 7 July; semesters on 31 January and 7 July.
    """
    first = date(school_year.start, *year_starts)
    last = add_months(first, 10) + timedelta(days=6)
    inner = {
        GradingPeriodKind.TRIMESTER: [
            add_months(first, 3) - timedelta(days=1),
            add_months(first, 6) + timedelta(days=14),
        ],
        GradingPeriodKind.SEMESTER: [add_months(first, 5) - timedelta(days=1)],
    }
    ends = [*inner[kind], last]
    starts = [first, *(end + timedelta(days=1) for end in ends[:-1])]
    return tuple(
        GradingPeriod(kind, number, *days)
        for number, days in enumerate(zip(starts, ends, strict=True), 1)
    )


@frozen
class Competency:
    """What an assessment may judge beside its mark."""

    code: str = field(validator=[validators.min_len(1), validators.max_len(20)])
    label: str = field(validator=validators.max_len(200))


@frozen
class PublicationPlan:
    """What an establishment chooses for a school year."""

    default: Publication = Publication()
    exceptions: tuple[PublicationRule, ...] = field(default=())
    periods: tuple[GradingPeriod, ...] = field(default=())
    """In order; a day between two, or after the last, is in none."""
    competencies: tuple[Competency, ...] = field(default=())
    levels: tuple[str, ...] = field(default=_SOCLE_LEVELS)
    """The words of levels 1, 2…"""

    @exceptions.validator
    def _validate_exceptions(
        self, _attribute: object, exceptions: tuple[PublicationRule, ...]
    ) -> None:
        check_rules(exceptions)
        if any(each.audience is None and each.class_group is None for each in exceptions):
            raise InvalidValueError("exceptions", None, "a rule for all is the default")

    @periods.validator
    def _validate_periods(self, _attribute: object, periods: tuple[GradingPeriod, ...]) -> None:
        numbers = [each.number for each in periods]
        if len({each.kind for each in periods}) > 1 or numbers != list(range(1, len(periods) + 1)):
            raise InvalidValueError("periods", numbers, "expected 1, 2… of one kind")
        for before, after in pairwise(periods):
            if after.starts_on <= before.ends_on:
                raise InvalidValueError("periods", after.starts_on, "two periods overlap")

    def period_of(self, day: date) -> GradingPeriod | None:
        """The grading period that holds a day."""
        return next((each for each in self.periods if day in each), None)

    def competency_label(self, code: str) -> str:
        """What the establishment calls a competency; empty where it says nothing of it."""
        return next((each.label for each in self.competencies if each.code == code), "")


def check_rules(rules: Iterable[PublicationRule]) -> None:
    """Refuse two rules for the same readers. Raises :exc:`InvalidValueError`."""
    seen = set()
    for each in rules:
        key = (each.audience, each.class_group)
        if key in seen:
            raise InvalidValueError("rules", key, "chosen twice")
        seen.add(key)
