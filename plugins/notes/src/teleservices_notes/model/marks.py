"""Marks: what one student got, since when, and what stood there before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from attrs import field, frozen

from teleservices_core.domain.localtime import instant
from teleservices_core.errors import InvalidValueError
from teleservices_notes.model.assessments import Assessment
from teleservices_notes.model.figures import ZERO, check_hundredths

LONGEST_REMARK: Final = 300
NO_LEVELS: Final[Mapping[str, int]] = MappingProxyType({})


class MarkStatus(StrEnum):
    """What stands where a figure would."""

    MARK = "mark"
    ABSENT = "absent"
    EXEMPT = "exempt"
    UNMARKED = "unmarked"
    NOT_SUBMITTED = "not_submitted"


_MARK: Final = MarkStatus.MARK
"""Asked of each mark: a member of an enumeration is slow to look up."""


@frozen
class Outcome:
    """A figure, or the reason why there is none, with what the teacher says of it."""

    status: MarkStatus
    value: Decimal | None
    """On the assessment's scale; None unless the status is MARK."""
    entered_at: datetime = field(converter=instant)
    remark: str = ""
    levels: Mapping[str, int] = field(default=NO_LEVELS, hash=False)
    """Level reached in a competency, by its code, from 1."""

    def __attrs_post_init__(self) -> None:
        # One look at the whole, since a page makes 180 of them.
        value = self.value
        if (value is None) is (self.status is _MARK):
            raise InvalidValueError("mark", value, f"does not go with the status {self.status}")
        if value is not None:
            check_hundredths("mark", value, ZERO)
        if len(self.remark) > LONGEST_REMARK:
            raise InvalidValueError("remark", self.remark, f"longer than {LONGEST_REMARK}")
        if self.levels is not NO_LEVELS:
            for code, level in self.levels.items():
                if not code or not 1 <= level <= 9:
                    raise InvalidValueError(
                        "level", level, f"of competency {code!r}: expected 1 to 9"
                    )

    @property
    def is_levels_only(self) -> bool:
        """Whether it judges the work by levels, without a mark."""
        return self.status is MarkStatus.UNMARKED and bool(self.levels)


@frozen
class Mark:
    """A student's outcome at an assessment, and enough of its past to show it honestly.

    Two outcomes are kept: a correction of today hides nothing of what families
    saw yesterday, whichever rule they are under. See :func:`.rules.succeed`.
    """

    assessment_id: UUID
    student_id: UUID
    outcome: Outcome
    """What stands now."""
    first_entered_at: datetime = field(converter=instant)
    """When the first outcome was entered, whatever became of it."""
    prior: Outcome | None = None
    """What stood at the local midnight before the day of the outcome's entry."""
    entered_by: str = ""
    """Who entered the outcome; empty for mark software."""

    @classmethod
    def first(
        cls, assessment_id: UUID, student_id: UUID, outcome: Outcome, entered_by: str = ""
    ) -> Mark:
        """The mark of a student who had none."""
        return cls(assessment_id, student_id, outcome, outcome.entered_at, entered_by=entered_by)


@frozen
class Entry:
    """A student's mark with the assessment it belongs to."""

    assessment: Assessment
    mark: Mark
