"""The Python API of a site: one decision, and what an establishment offers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from uuid6 import uuid7

from teleservices_core import Audience
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.offers import OfferState
from teleservices_core.domain.policy import Campaign, Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.errors import InvalidValueError, NotFoundError
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import World
from teleservices_core.usecases.opening import set_opening

GUIDE = Path(__file__).parents[2] / "docs/how-to/draw-your-own-tiles.md"


@pytest.fixture
def family(services):
    """A mother and her child, in a school that opened « Notes » to guardians."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    account = world.account(mother, Audience.GUARDIAN)
    set_opening(
        services.site, None, Scope.establishment(COLLEGE), "notes", Audience.GUARDIAN, Stance.OPEN
    )
    return child, account


def test_for_a_child(services, family):
    """The account, its id and its login name ask the same question."""
    child, account = family
    for asked in (account, account.id, account.login_name):
        assert services.decide("notes", account=asked, student=child.id).is_open
    own = World(services).account(child, Audience.STUDENT)
    answer = services.decide("notes", account=own, student=child.id)
    assert not answer.is_open
    assert answer.told.next_step


def test_for_a_school(services, family):
    """As a whole, for one audience."""
    for school in (COLLEGE, COLLEGE.code, COLLEGE.code.lower()):
        asked = services.decide("notes", establishment=school, audience=Audience.GUARDIAN)
        assert asked.is_open
    students = services.decide("notes", establishment=COLLEGE, audience=Audience.STUDENT)
    assert students.decision.reason.reason == "core.not_opened"


def test_at_another_instant(services, family, clock):
    """Rules, campaigns and rights are those of the instant asked for."""
    child, account = family
    opens = clock.now() + timedelta(days=2)
    campaign = Campaign("notes", YEAR, Window(opens, opens + timedelta(days=1)), id=uuid7())
    with services.site.database.writing() as tx:
        tx.policy.add_campaign(campaign)
    answer = services.decide("notes", account=account, student=child.id)
    assert not answer.is_open
    assert answer.flips_at == opens
    assert services.decide("notes", account=account, student=child.id, at=opens).is_open
    next_year = datetime.fromisoformat("2027-10-01T12:00:00+02:00")
    assert not services.decide(
        "notes", establishment=COLLEGE, audience=Audience.GUARDIAN, at=next_year
    ).is_open
    states = {
        at: {m.module.id: m.state for m in services.catalogue(COLLEGE, at=at).modules}["notes"]
        for at in (None, opens, next_year)
    }
    assert states == {
        None: OfferState.COMING,
        opens: OfferState.OPEN,
        next_year: OfferState.CLOSED,
    }
    for ask in (
        lambda at: services.decide("notes", account=account, student=child.id, at=at),
        lambda at: services.catalogue(COLLEGE, at=at),
    ):
        with pytest.raises(InvalidValueError, match="no time zone"):
            ask(datetime(2026, 11, 24))


def test_what_does_not_exist_or_is_not_theirs(services, family):
    """One error for another's child, a mere contact, an unknown account, module or school."""
    child, account = family
    world = World(services)
    other = a_student(first_name="Zoé")
    world.student(other, a_schooling(other.id))
    contact = an_adult(first_name="Luc")
    world.adult(contact, evolve(a_link(child.id, contact.id), level=Level.CONTACT))
    uncle = world.account(contact, Audience.GUARDIAN)
    for module_id, asked in (
        ("notes", {"account": account, "student": other.id}),
        ("notes", {"account": account, "student": uuid7()}),
        ("notes", {"account": uncle, "student": child.id}),
        ("notes", {"account": "nobody", "student": child.id}),
        ("notes", {"account": uuid7(), "student": child.id}),
        ("nothing", {"account": account, "student": child.id}),
        ("nothing", {"establishment": COLLEGE, "audience": Audience.GUARDIAN}),
        ("notes", {"establishment": LYCEE, "audience": Audience.GUARDIAN}),
    ):
        with pytest.raises(NotFoundError):
            services.decide(module_id, **asked)
    with pytest.raises(NotFoundError):
        services.catalogue(LYCEE)
    with pytest.raises(InvalidValueError):
        services.catalogue("0219999A")


@pytest.mark.parametrize(
    "missing", ["account", "student", "establishment", "audience", "both", "all"]
)
def test_one_question_at_a_time(services, family, missing):
    """A family's child or a school: a mix is a mistake of who calls, named as such."""
    child, account = family
    everything = {
        "account": account,
        "student": child.id,
        "establishment": COLLEGE,
        "audience": Audience.GUARDIAN,
    }
    asked = {
        "both": everything,
        "all": {},
    }.get(missing, {k: v for k, v in everything.items() if k != missing})
    with pytest.raises(TypeError, match="give account and student"):
        services.decide("notes", **asked)


def test_the_guide_runs(services, family, capsys, monkeypatch):
    """The guide's own lines, with the site of the test."""
    child, _account = family
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    monkeypatch.setattr("teleservices_core.app.Teleservices.from_file", lambda _path: services)
    exec(compile(code, str(GUIDE), "exec"), {"student_id": child.id})
    assert "Notes open" in capsys.readouterr().out
