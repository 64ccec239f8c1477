"""Who somebody is with regard to the persons of a sheet, and what follows."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import add_months
from teleservices_core.domain.roster import Level
from teleservices_fiche.model import (
    Catalogue,
    FicheOptions,
    FieldDef,
    Person,
    PersonKind,
    Standing,
)


@frozen
class Part:
    """One person of a sheet, as one reader may know him."""

    person: Person
    standing: Standing
    fields: tuple[FieldDef, ...]
    """What the reader sees, in order."""

    @property
    def editable(self) -> tuple[FieldDef, ...]:
        """What he may change."""
        return tuple(each for each in self.fields if self.standing in each.edited_by)

    def may_edit(self, code: str) -> bool:
        """Whether he may change a field."""
        return any(each.code == code for each in self.editable)


def standings(child: Child, at: datetime, zone: ZoneInfo) -> dict[Person, Standing]:
    """The persons of the sheet for who looks: himself if he is a guardian, and the student.

    From the eighteenth birthday, local midnight, guardians may no longer change
    what concerns the student; what concerns themselves stays theirs.
    """
    student = Person(PersonKind.STUDENT, child.student.id)
    is_adult = child.student.is_adult(at, zone)
    if child.link is None:
        return {student: Standing.ADULT_SELF if is_adult else Standing.MINOR_SELF}
    guardian = Person(PersonKind.GUARDIAN, child.link.adult_id)
    if child.link.level is not Level.LEGAL:
        return {guardian: Standing.IN_CHARGE_SELF, student: Standing.IN_CHARGE_CHILD}
    about = Standing.IN_CHARGE_CHILD if is_adult else Standing.LEGAL_CHILD
    return {guardian: Standing.LEGAL_SELF, student: about}


def born_by(today: date) -> date:
    """The latest day of birth of who is of age."""
    return add_months(today, -12 * 18)


def parts(
    child: Child, at: datetime, zone: ZoneInfo, catalogue: Catalogue, options: FicheOptions
) -> tuple[Part, ...]:
    """The sheet of a child for who looks, the reader himself first."""
    return tuple(
        Part(
            person,
            standing,
            tuple(f for f in catalogue.seen_by(person.kind, standing) if options.asks(f)),
        )
        for person, standing in standings(child, at, zone).items()
    )
