"""Who reads and changes what of a sheet: by link, by age, by what the school asks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import midnight
from teleservices_core.domain.roster import Level
from teleservices_core.testing.builders import (
    DIJON,
    a_link,
    a_schooling,
    a_student,
    an_establishment,
)
from teleservices_fiche.model import FicheOptions, Person, PersonKind, Standing
from teleservices_fiche.rules.catalogue import catalogue
from teleservices_fiche.rules.standings import born_by, parts, standings
from teleservices_fiche.testing import SOME_GUARDIAN

OF_AGE_AT = midnight(date(2026, 11, 24), DIJON.zone)
BEFORE = OF_AGE_AT - timedelta.resolution


def a_child(level):
    student = a_student(born_on=date(2008, 11, 24))
    link = None if level is None else a_link(student.id, SOME_GUARDIAN, level=level)
    return Child(student, a_schooling(student.id), an_establishment(), link)


@pytest.mark.parametrize(
    ("level", "at", "own", "about"),
    [
        (None, BEFORE, None, Standing.MINOR_SELF),
        (None, OF_AGE_AT, None, Standing.ADULT_SELF),
        (Level.LEGAL, BEFORE, Standing.LEGAL_SELF, Standing.LEGAL_CHILD),
        (Level.LEGAL, OF_AGE_AT, Standing.LEGAL_SELF, Standing.IN_CHARGE_CHILD),
        (Level.IN_CHARGE, BEFORE, Standing.IN_CHARGE_SELF, Standing.IN_CHARGE_CHILD),
        (Level.IN_CHARGE, OF_AGE_AT, Standing.IN_CHARGE_SELF, Standing.IN_CHARGE_CHILD),
    ],
)
def test_standings(level, at, own, about):
    """From local midnight of the birthday, a guardian no longer changes the student's data."""
    child = a_child(level)
    student = Person(PersonKind.STUDENT, child.student.id)
    guardian = Person(PersonKind.GUARDIAN, SOME_GUARDIAN)
    expected = {student: about} if own is None else {guardian: own, student: about}
    found = standings(child, at, DIJON.zone)
    assert list(found.items()) == list(expected.items()), "the reader himself first"


@pytest.mark.parametrize(
    ("today", "born_on"),
    [
        (date(2026, 11, 24), date(2008, 11, 24)),
        (date(2026, 2, 28), date(2008, 2, 28)),
        (date(2026, 3, 1), date(2008, 3, 1)),
    ],
)
def test_who_is_of_age(today, born_on):
    """Eighteen calendar years ago, to the day."""
    assert born_by(today) == born_on


def shown(options, level=Level.LEGAL):
    found = parts(a_child(level), BEFORE, DIJON.zone, catalogue(), options)
    return {f"{part.person.kind}.{field.code}" for part in found for field in part.fields}


def test_what_the_school_does_not_ask_is_not_shown():
    """Image and associations are on the sheet where the school chose so, and only there."""
    everything = shown(FicheOptions(asks_image=True, asks_associations=True))
    image, associations = "student.image_consent", "guardian.shares_contact"
    assert everything - shown(FicheOptions(asks_associations=True)) == {image}
    assert everything - shown(FicheOptions(asks_image=True, asks_associations=False)) == {
        associations
    }


def test_what_may_be_changed():
    """A part names what its reader edits, and nothing that he only reads."""
    own, about = parts(a_child(Level.LEGAL), BEFORE, DIJON.zone, catalogue(), FicheOptions())
    assert own.may_edit("phone_mobile")
    assert not own.may_edit("last_name")
    assert not own.may_edit("no_such_field")
    assert not about.may_edit("birth_place")
    assert {each.code for each in own.editable} == {
        each.code for each in own.fields if own.may_edit(each.code)
    }
    reads = parts(a_child(Level.IN_CHARGE), BEFORE, DIJON.zone, catalogue(), FicheOptions())[1]
    assert not reads.editable
