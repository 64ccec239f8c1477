"""Drawing whole families, child by child, until an academy's establishments are full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from attrs import evolve, frozen

from teleservices_core.testing.synth.family import Family, Figure
from teleservices_core.testing.synth.model import SynthStudent
from teleservices_core.testing.synth.numbering import email
from teleservices_core.testing.synth.people import PeopleMaker
from teleservices_core.testing.synth.seats import Room, Seat
from teleservices_core.testing.synth.shapes import SHAPES
from teleservices_core.testing.synth.students import StudentMaker

_WEIGHTS = tuple(shape.weight for shape in SHAPES)
_OF_AGE_FROM = 17
"""Age of the youngest grade in which a student may be his own guardian."""


@frozen
class FamilyMaker:
    """Makes families for the rooms of one sector."""

    people: PeopleMaker
    students: StudentMaker

    def family(self, rooms: Sequence[Room]) -> Family:
        """A family whose one to four children take seats in the rooms.

        There must be a place left.
        """
        rng = self.people.rng
        shape = rng.choices(SHAPES, _WEIGHTS)[0]
        seats = self._seats(rooms, 1 if shape.only_child else self._children())
        if shape.adult_child and seats[0].grade.age < _OF_AGE_FROM:
            shape = SHAPES[0]
        adults = shape.adults(self.people, len(seats))
        born: dict[str, date] = {}
        children: list[SynthStudent] = []
        for rank, seat in enumerate(seats):
            of_age = self.students.birth_date(19) if shape.adult_child else None
            # Two children in one grade are twins.
            born_on = born.get(seat.grade.short, of_age)
            student = self.students.make(seat, adults.surname(rank), born_on=born_on)
            born[seat.grade.short] = student.born_on
            children.append(student)
        schools = (seat.establishment for seat in seats)
        return Family(
            tuple(zip(schools, children, strict=True)),
            (self._himself(adults.figures[0], children[0]),)
            if shape.adult_child
            else adults.figures,
        )

    def _children(self) -> int:
        return self.people.rng.choices((1, 2, 3, 4), (66, 26, 7, 1))[0]

    def _seats(self, rooms: Sequence[Room], wanted: int) -> list[Seat]:
        seats: list[Seat] = []
        near = self._catchment(rooms)
        for _ in range(wanted):
            places = [room.left for room in near]
            if not any(places):
                break
            room = self.people.rng.choices(near, places)[0]
            seat = room.seat(self.people.rng, avoiding=[other.grade for other in seats])
            if seat is not None:
                seats.append(seat)
        return seats

    def _catchment(self, rooms: Sequence[Room]) -> list[Room]:
        """One collège and every lycée: brothers and sisters share the collège."""
        lycees = [room for room in rooms if room.plot.establishment.kind.is_lycee]
        colleges = [room for room in rooms if not room.plot.establishment.kind.is_lycee]
        places = [room.left for room in colleges]
        if not any(places):
            return lycees
        return [self.people.rng.choices(colleges, places)[0], *lycees]

    def _himself(self, figure: Figure, student: SynthStudent) -> Figure:
        title = "MME" if student.sex == "2" else "M."
        address = student.email or email(
            student.first_name, student.last_name, self.people.serials.contact()
        )
        return evolve(
            figure,
            last_name=student.last_name,
            first_name=student.first_name,
            title=title,
            email=address,
        )
