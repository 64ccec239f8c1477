"""People and the links between them: names to show, and the days on which rights begin and end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from teleservices_core.domain.roster import Level, StudentDetails
from teleservices_core.testing.builders import a_link, a_schooling, a_student, an_adult

DAY = date(2026, 11, 24)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
ONE = UUID(int=1)
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("from_on", "until_on", "holds"),
    [
        (None, None, True),
        (BEFORE, None, True),
        (DAY, None, True),
        (AFTER, None, False),
        (None, BEFORE, False),
        (None, DAY, False),
        (None, AFTER, True),
        (DAY, AFTER, True),
        (BEFORE, DAY, False),
    ],
)
def test_days_of_a_link(from_on, until_on, holds):
    """From its first day included to its last day excluded; barred, on none."""
    link = a_link(ONE, ONE, from_on=from_on, until_on=until_on)
    assert link.holds_on(DAY) is holds
    assert not evolve(link, is_barred=True).holds_on(DAY)


def test_levels_are_the_codes_of_the_school_base():
    """NIVEAU_RESPONSABILITE: 1 legal representative, 2 in charge of the student, 3 contact."""
    assert [*Level] == [1, 2, 3]
    assert [each.name for each in Level] == ["LEGAL", "IN_CHARGE", "CONTACT"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "Pacific/Noumea", "America/Cayenne"])
@pytest.mark.parametrize(
    ("born_on", "of_age_on"),
    [(date(2008, 11, 24), date(2026, 11, 24)), (date(2008, 2, 29), date(2026, 3, 1))],
)
def test_of_age_at_local_midnight(zone, born_on, of_age_on):
    """At the first instant of the eighteenth birthday, and not one before."""
    zone, student = ZoneInfo(zone), a_student(born_on=born_on)
    midnight = datetime(of_age_on.year, of_age_on.month, of_age_on.day, tzinfo=zone)
    assert student.adult_at(zone) == midnight
    assert student.is_adult(midnight, zone)
    assert not student.is_adult(midnight - timedelta.resolution, zone)


@pytest.mark.parametrize("make", [a_student, an_adult])
def test_names_to_show(make):
    """The usage name takes the place of the family name; a service has no first name."""
    assert make(first_name="Anne", last_name="MARTIN").full_name == "Anne MARTIN"
    known = make(first_name="Anne", last_name="MARTIN", usage_name="PETIT")
    assert known.full_name == "Anne PETIT"


def test_a_service_has_one_name():
    assert an_adult(first_name="", last_name="ASE 21").full_name == "ASE 21"


def test_levels_are_those_of_the_school_base():
    """NIVEAU_RESPONSABILITE: the strongest is the least."""
    assert [(each.name, each.value) for each in sorted(Level)] == [
        ("LEGAL", 1),
        ("IN_CHARGE", 2),
        ("CONTACT", 3),
    ]


def test_what_nobody_said_is_no():
    """Neither fees, aid, lodging, messages nor a second year, unless the school says so."""
    schooling = a_schooling(ONE)
    assert not any((schooling.repeats, schooling.uses_transport, StudentDetails().accepts_sms))
    link = a_link(ONE, ONE)
    assert not any(
        (link.pays_fees, link.receives_aid, link.lodges, link.contact_first, link.is_barred)
    )
    assert not an_adult().accepts_sms
    assert not an_adult().shares_contact
