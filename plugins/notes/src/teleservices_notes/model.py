"""Assessments, marks and how an establishment publishes them.

Figures are :class:`~decimal.Decimal` with at most two places, so that they are
stored as whole hundredths and averages stay exact.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

from attrs import field, frozen

from teleservices_core.domain.localtime import SchoolYear, instant
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError

LARGEST: Final = Decimal(1000)
"""No scale and no weight reaches it."""
_LEAST_SCALE: Final = Decimal("0.01")
_ZERO: Final = Decimal(0)
_ASSESSMENTS: Final = UUID("5c0e3d0e-3a55-5a0c-9d53-7d1b0c1f4a7e")
_SUBJECT_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z _.-]{0,19}")


class PublicationMode(StrEnum):
    """When families see marks; the establishment's choice for a school year (F52)."""

    ROLLING = "rolling"
    """« Au fil de l'eau »: the day after entry (F50). The default."""
    SCHEDULED = "scheduled"
    """« À échéance »: from the assessment's own publication date (F51)."""


class MarkStatus(StrEnum):
    """What stands where a figure would."""

    MARK = "mark"
    ABSENT = "absent"
    EXEMPT = "exempt"
    UNMARKED = "unmarked"
    NOT_SUBMITTED = "not_submitted"


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


@frozen(order=True)
class Subject:
    """A taught subject; its code stands in addresses."""

    code: str = field()
    label: str

    @code.validator
    def _validate(self, _attribute: object, code: str) -> None:
        if not _SUBJECT_CODE.fullmatch(code):
            raise InvalidValueError("subject code", code, "expected up to 20 letters or digits")


@lru_cache(maxsize=10_000)
def _hundredths(what: str, value: Decimal, least: Decimal) -> None:
    # Remembered: a page has some 500 figures, of which few are different.
    exponent = value.as_tuple().exponent
    # NaN and infinities have a letter for exponent, and compare with nothing.
    if not isinstance(exponent, int) or exponent < -2:
        raise InvalidValueError(what, value, "expected a number with at most two decimals")
    if not least <= value < LARGEST:
        raise InvalidValueError(what, value, f"expected between {least} and {LARGEST}")


@frozen
class Assessment:
    """Work that a class was given, marked out of a scale."""

    id: UUID
    uai: Uai
    school_year: SchoolYear
    class_group: str
    subject: Subject
    title: str
    given_on: date
    teacher: str = ""
    out_of: Decimal = field(default=Decimal(20))
    """The scale: the mark that a perfect work gets."""
    weight: Decimal = field(default=Decimal(1))
    """Coefficient in the subject's average; 0 counts for nothing."""
    is_optional: bool = False
    """Counts only where it raises the average (« facultative »)."""
    publish_on: date | None = None
    """The date of « à échéance »; None: not to be published in that mode."""

    @out_of.validator
    def _validate_out_of(self, _attribute: object, out_of: Decimal) -> None:
        _hundredths("scale", out_of, _LEAST_SCALE)

    @weight.validator
    def _validate_weight(self, _attribute: object, weight: Decimal) -> None:
        _hundredths("weight", weight, _ZERO)

    @staticmethod
    def key(
        uai: Uai,
        school_year: SchoolYear,
        class_group: str,
        subject_code: str,
        title: str,
        given_on: date,
    ) -> UUID:
        """The identifier of an assessment known by what it is.

        Mark software exports no identifier: the same words on the same day, for
        the same class and subject, are the same assessment. Files may be imported
        again and again.
        """
        parts = (uai.code, str(school_year), class_group, subject_code, title, given_on.isoformat())
        return uuid5(_ASSESSMENTS, "\x1f".join(parts))


@frozen
class Mark:
    """What one student got: a figure, or the reason why there is none."""

    assessment_id: UUID
    student_id: UUID
    status: MarkStatus
    value: Decimal | None = field()
    """On the assessment's scale; None unless the status is MARK."""
    entered_at: datetime = field(converter=instant)
    """When the value was last entered or changed."""

    @value.validator
    def _validate(self, _attribute: object, value: Decimal | None) -> None:
        if (value is None) is (self.status is MarkStatus.MARK):
            raise InvalidValueError("mark", value, f"does not go with the status {self.status}")
        if value is not None:
            _hundredths("mark", value, _ZERO)


@frozen
class Entry:
    """A student's mark with the assessment it belongs to."""

    assessment: Assessment
    mark: Mark
