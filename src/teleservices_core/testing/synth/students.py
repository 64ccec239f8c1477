"""Drawing students: identity, birth, boarding and the oddities of real bases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Sex
from teleservices_core.testing.synth.model import FRANCE, SynthStudent
from teleservices_core.testing.synth.numbering import Serials, email, mobile, old_ine
from teleservices_core.testing.synth.seats import Seat
from teleservices_core.testing.synth.words import BIRTHPLACES, BOYS, GIRLS

_BOARDING: Final = ("24", "24", "24", "24", "24", "25", "25", "0", "0", "1", "35")
_ABROAD: Final = (
    ("350", "Casablanca"),
    ("352", "Oran"),
    ("139", "Braga"),
    ("335", "Bamako"),
    ("131", "Liège"),
    ("212", "Kaboul"),
    ("208", "Izmir"),
)
"""Births abroad: INSEE code of the country and a large town."""
_ONCE_IN: Final = {"left": 90, "no_class": 140, "no_ine": 250, "late": 60, "abroad": 20}
"""How rare the oddities are: one student in so many."""


@frozen
class StudentMaker:
    """Makes ELEVE records for one academy and year."""

    rng: Random
    serials: Serials
    year: SchoolYear
    exported_at: datetime
    _file_numbers: dict[str, int] = field(init=False, factory=dict)

    @property
    def starts_on(self) -> date:
        """First day of class."""
        return date(self.year.start, 9, 1)

    def make(
        self,
        seat: Seat,
        last_name: str,
        *,
        odd: bool = True,
        first_name: str = "",
        sex: Sex | None = None,
        born_on: date | None = None,
    ) -> SynthStudent:
        """A student for a seat; ``odd`` allows a missing class, number or departure."""
        rng = self.rng
        if sex is None:
            sex = Sex.FEMALE if rng.random() < 0.5 else Sex.MALE
        names = GIRLS if sex is Sex.FEMALE else BOYS
        first_name = first_name or rng.choice(names)
        repeats = born_on is None and rng.random() < 0.04
        born_on = born_on or self.birth_date(seat.grade.age + repeats)
        identifier = self.serials.student()
        ine = None if odd and self._once_in("no_ine") else self.serials.ine()
        left_on = self._day() if odd and self._once_in("left") else None
        unassigned = odd and self._once_in("no_class")
        country, town = rng.choice(_ABROAD) if odd and self._once_in("abroad") else (FRANCE, "")
        reachable = rng.random() < (0.3 if seat.grade.age >= 15 else 0.06)
        return SynthStudent(
            id=identifier,
            file_number=self._file_number(seat.establishment.uai.code),
            last_name=last_name,
            first_name=first_name,
            other_first_names=(rng.choice(names),) if rng.random() < 0.4 else (),
            born_on=born_on,
            sex=sex,
            ine=ine,
            old_ine=old_ine(ine) if ine is not None and rng.random() < 0.05 else None,
            birth_country=country,
            birth_town=town,
            birth_insee="" if town else rng.choice(BIRTHPLACES),
            nationality=country if rng.random() < 0.5 else FRANCE,
            repeats=repeats,
            boarding=rng.choice(_BOARDING),
            mef=seat.grade.mef,
            class_group="" if unassigned else seat.class_group,
            groups=() if unassigned else seat.groups,
            options=seat.options,
            entered_on=self._day()
            if odd and self._once_in("late") and not left_on
            else self.starts_on,
            left_on=left_on,
            exit_reason="11" if left_on else "",
            email=email(first_name, last_name, identifier) if reachable else "",
            mobile=mobile(identifier) if reachable else "",
            last_year=seat.last_year,
        )

    def birth_date(self, age: int) -> date:
        """Some day of the year in which the age is reached in the school year's first year."""
        return date(self.year.start - age, 1, 1) + timedelta(int(self.rng.random() * 365))

    def _once_in(self, oddity: str) -> bool:
        return self.rng.random() * _ONCE_IN[oddity] < 1

    def _day(self) -> date:
        """A day between mid-September and the day before the export."""
        first = date(self.year.start, 9, 14)
        span = (self.exported_at.date() - first).days
        return first + timedelta(int(self.rng.random() * max(1, span)))

    def _file_number(self, uai: str) -> int:
        number = self._file_numbers.get(uai, 5000) + 1
        self._file_numbers[uai] = number
        return number
