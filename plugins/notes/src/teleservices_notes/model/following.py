"""What each reader knows of a student's marks, and when to write to him."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from attrs import field, frozen

from teleservices_core.domain.localtime import SchoolYear, optional_instant
from teleservices_core.errors import InvalidValueError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LOW: Final = (1 << 64) - 1
_NOTHING: Final[Mapping[int, int]] = MappingProxyType({})


@frozen
class Known:
    """The outcomes that somebody knows of: at each assessment, when the latest was entered.

    Exact whatever becomes of the publication rules meanwhile, which a mere
    date would not be: marks that a new rule shows at once are still news.
    """

    latest: Mapping[int, int] = field(default=_NOTHING, hash=False)
    """Microseconds since 1970, by the lower half of the assessment's identifier."""

    @staticmethod
    def item(assessment_id: UUID, entered_at: datetime) -> tuple[int, int]:
        """One outcome, as it is noted."""
        # The lower half is random, whether the identifier is of version 5 or 7.
        return assessment_id.int & _LOW, (entered_at - _EPOCH) // _MICROSECOND


class Frequency(StrEnum):
    """How often somebody wants to read of new marks."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


SATURDAY: Final = 5
"""The marks of Friday are there under « au fil de l'eau », and families have time."""


@frozen
class DigestChoice:
    """How often somebody wants to be written to; once a week unless he says otherwise."""

    frequency: Frequency = Frequency.WEEKLY
    weekday: int = field(default=SATURDAY)
    """WEEKLY: the day, 0 for Monday; kept, but not looked at, otherwise."""

    @weekday.validator
    def _validate(self, _attribute: object, weekday: int) -> None:
        if not 0 <= weekday <= 6:
            raise InvalidValueError("weekday", weekday, "expected 0 to 6")


@frozen
class Reader:
    """An account's knowledge of a student's marks in a school year."""

    student_id: UUID
    account_id: UUID
    school_year: SchoolYear
    seen: Known = Known()
    """What it said to have seen."""
    seen_at: datetime | None = field(default=None, converter=optional_instant)
    """When it said so last; None: never."""
    told: Known = Known()
    """What it was written of."""
