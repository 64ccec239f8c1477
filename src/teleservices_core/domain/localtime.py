"""School years, windows and the local time of an académie.

Instants are aware and in UTC (names end in ``_at``), dates are local
(``_on``). A day begins at local midnight; durations in months are calendar
months. Arithmetic on instants is done in UTC only, since subtracting two
local times across a change of hour is wrong by that hour.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import field, frozen

from teleservices_core.errors import InvalidValueError


def instant(value: datetime) -> datetime:
    """Convert an aware datetime to UTC.

    Raises :exc:`InvalidValueError` for a naive one, whose zone nobody knows.
    """
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise InvalidValueError("instant", value, "it has no time zone")
    return value.astimezone(UTC)


def optional_instant(value: datetime | None) -> datetime | None:
    """:func:`instant`, or None."""
    return None if value is None else instant(value)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """The civil date of an instant in a zone."""
    return at.astimezone(zone).date()


def midnight(on: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins.

    Where the change of hour skips midnight, the first instant that exists.
    """
    return datetime.combine(on, time.min, tzinfo=zone).astimezone(UTC)


def end_of_day(on: date, zone: ZoneInfo) -> datetime:
    """The first instant after a local day: "until the 3rd included"."""
    return midnight(on + timedelta(days=1), zone)


def readings(local: datetime, zone: ZoneInfo) -> int:
    """How many times a clock of the zone shows a local time: once, but for two nights a year.

    0 for a time skipped in spring, 2 for one that comes back in autumn.
    """
    instants = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    shown = [at for at in instants if at.astimezone(zone).replace(tzinfo=None) == local]
    return len(shown)


def add_months(on: date, months: int) -> date:
    """The same day some calendar months later, or the month's last day.

    >>> add_months(date(2026, 11, 30), 3)
    datetime.date(2027, 2, 28)
    """
    year, month0 = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month0 + 1, min(on.day, calendar.monthrange(year, month0 + 1)[1]))


def birthday(born_on: date, age: int) -> date:
    """The date on which an age is reached.

    Somebody born on 29 February reaches it on 1 March of a common year: the
    day of birth has not come before.
    """
    try:
        return born_on.replace(year=born_on.year + age)
    except ValueError:
        return date(born_on.year + age, 3, 1)


@frozen(order=True)
class SchoolYear:
    """A school year by the year it starts in; shown as "2026-2027"."""

    start: int = field()

    @start.validator
    def _validate(self, _attribute: object, start: int) -> None:
        if not 1900 <= start <= 2200:
            raise InvalidValueError("school year", start, "expected a year such as 2026")

    @classmethod
    def on(cls, day: date, *, starts: tuple[int, int] = (9, 1)) -> SchoolYear:
        """The school year of a day, for a calendar starting on (month, day).

        The calendar belongs to the académie: Nouvelle-Calédonie starts in
        February. Days of the summer belong to the year that ends.
        """
        return cls(day.year if (day.month, day.day) >= starts else day.year - 1)

    @classmethod
    def parse(cls, text: str) -> SchoolYear:
        """Read "2026" or "2026-2027"."""
        start, _, end = text.strip().partition("-")
        if not re.fullmatch("[0-9]{4}", start) or (end and end != str(int(start) + 1)):
            raise InvalidValueError("school year", text, "expected 2026 or 2026-2027")
        return cls(int(start))

    @property
    def next(self) -> SchoolYear:
        """The year after."""
        return SchoolYear(self.start + 1)

    def __str__(self) -> str:
        return f"{self.start}-{self.start + 1}"


@frozen
class Window:
    """A span of time, open at its start, closed to the instant of its end.

    ``until_at`` is exclusive; None means without end (or without start).
    """

    from_at: datetime | None = field(default=None, converter=optional_instant)
    until_at: datetime | None = field(default=None, converter=optional_instant)

    @until_at.validator
    def _validate(self, _attribute: object, until_at: datetime | None) -> None:
        if until_at is not None and self.from_at is not None and until_at <= self.from_at:
            raise InvalidValueError("window", (self.from_at, until_at), "it ends before it begins")

    @classmethod
    def local(cls, opens: datetime, closes: datetime, zone: ZoneInfo) -> Window:
        """A window between two local times given to the minute, both included.

        A closing time of 23:59 holds to the last second of that minute (F71). Of
        a time that the clock shows twice, the window opens at the first and
        closes at the second; see :func:`readings`.
        """
        last = max(closes.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return cls(opens.replace(tzinfo=zone), last + timedelta(minutes=1))

    def __contains__(self, at: datetime) -> bool:
        return not self.is_before(at) and not self.is_after(at)

    def is_before(self, at: datetime) -> bool:
        """Whether the instant comes before the window opens."""
        return self.from_at is not None and at < self.from_at

    def is_after(self, at: datetime) -> bool:
        """Whether the window is over at the instant."""
        return self.until_at is not None and at >= self.until_at
