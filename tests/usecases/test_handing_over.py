"""Letters ticked as handed over, and the funnels they make."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, update
from uuid6 import uuid7

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.funnel import Funnel
from teleservices_core.domain.staff import Role
from teleservices_core.errors import NotAllowedError, NotFoundError
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.handing_over import class_progress, class_sheet, note_handed
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.signing_in import resume, sign_in

NEVER = {"state": AccountState.NEW, "password_hash": None, "email": None}


@pytest.fixture
def world(services):
    """A school with two classes of one family each."""
    world = World(services)
    world.establishment()
    for class_group, name in (("6 B", "MARTIN"), ("3 A", "PETIT")):
        child, mother = a_student(last_name=name), an_adult(last_name=name)
        world.student(child, a_schooling(child.id, class_group=class_group))
        world.adult(mother, a_link(child.id, mother.id))
        world.account(mother, Audience.GUARDIAN, **NEVER)
        world.account(child, Audience.STUDENT, **NEVER)
    return world


def viewer(services, world, role=Role.SCHOOL_OFFICE, uai=COLLEGE):
    """Somebody of a school, signed in."""
    account = world.staff(role, uai)
    signed_in = sign_in(services.site, account.login_name, PASSWORD, source="school")
    return resume(services.site, signed_in.secret)


def letters_of(services, class_group):
    """The letters that may be ticked in a class."""
    return [
        line.tickable
        for line in class_sheet(services.site, COLLEGE, class_group).lines
        if line.tickable
    ]


def test_the_funnel_of_a_class(services, world, clock):
    """From nothing to the confirmed address, for each audience; a used letter was handed over."""
    office = viewer(services, world)
    assert [each.class_group for each in class_progress(services.site, COLLEGE)] == ["3 A", "6 B"]
    assert class_progress(services.site, COLLEGE)[0].whole == Funnel(total=2)
    list(issue_letters(services.site, plan_letters(services.site, COLLEGE, class_group="3 A")))
    (guardian, student) = letters_of(services, "3 A")
    note_handed(services.site, office, COLLEGE, ticked=[guardian], unticked=[])
    third, sixth = class_progress(services.site, COLLEGE)
    assert third.guardians == Funnel(1, 1, 1)
    assert third.students == Funnel(1, 1)
    assert sixth.whole.to_issue == 2
    with services.site.database.writing() as tx:
        assert tx.letters.use(student, clock.now())
        tx.connection.execute(
            update(t.accounts)
            .where(t.accounts.c.audience == "student", t.accounts.c.state == "issued")
            .values(state="active", email="c@example.org", claimed_at=clock.now())
        )
    third, _sixth = class_progress(services.site, COLLEGE)
    assert third.students == Funnel(1, 1, 1, 1, 1)
    clock.advance(days=100)
    third, _sixth = class_progress(services.site, COLLEGE)
    assert third.expired == 1, "the guardian's; the student's has served"


def test_ticks_are_noted_and_undone(services, world, clock):
    """With the day and the name; what a colleague ticked meanwhile stays hers."""
    first, second = viewer(services, world), viewer(services, world, Role.DEPUTY)
    list(issue_letters(services.site, plan_letters(services.site, COLLEGE)))
    ids = letters_of(services, "3 A")
    assert note_handed(services.site, first, COLLEGE, ticked=ids, unticked=[]) == (2, 0)
    clock.advance(hours=1)
    assert note_handed(services.site, second, COLLEGE, ticked=ids, unticked=[]) == (0, 0)
    lines = class_sheet(services.site, COLLEGE, "3 A").lines
    assert {line.account.letter.handed_at for line in lines} == {clock.now() - timedelta(hours=1)}
    assert {line.account.letter.handed_by for line in lines} == {first.name}
    assert note_handed(services.site, second, COLLEGE, ticked=[], unticked=ids[:1]) == (0, 1)
    assert [line.is_handed for line in class_sheet(services.site, COLLEGE, "3 A").lines] == [
        False,
        True,
    ]
    with services.site.database.reading() as tx:
        acts = [(e.action, e.detail["number"]) for e in tx.audit.latest(2, uai=COLLEGE)]
    assert acts == [("letters.taken_back", 1), ("letters.handed", 2)], "nothing done, nothing said"


def test_only_letters_of_the_school_are_ticked(services, world, clock):
    """Not another school's, not a replaced one, not by who has no role."""
    office = viewer(services, world)
    world.establishment(an_establishment(LYCEE))
    list(issue_letters(services.site, plan_letters(services.site, COLLEGE, class_group="3 A")))
    mine, replaced = letters_of(services, "3 A")
    with services.site.database.writing() as tx:
        where = t.letters.c.id == replaced
        tx.connection.execute(update(t.letters).where(where).values(replaced_at=clock.now()))
        account_id = next(
            line.account.id
            for line in class_sheet(services.site, COLLEGE, "6 B").lines
            if line.account.audience is Audience.GUARDIAN
        )
        theirs = uuid7()
        tx.connection.execute(
            insert(t.letters).values(
                id=theirs,
                account_id=account_id,
                uai=LYCEE.code,
                code_hash="x",
                issued_at=clock.now(),
                expires_at=clock.now() + timedelta(days=92),
            )
        )
        tx.connection.execute(
            update(t.accounts).where(t.accounts.c.id == account_id).values(state="issued")
        )
    assert letters_of(services, "6 B") == []
    ids = [mine, replaced, theirs]
    with pytest.raises(NotAllowedError):
        stranger = viewer(services, world, uai=LYCEE)
        note_handed(services.site, stranger, COLLEGE, ticked=ids, unticked=[])
    assert note_handed(services.site, office, COLLEGE, ticked=ids, unticked=[]) == (1, 0)
    with services.site.database.writing() as tx:
        tx.connection.execute(update(t.assignments).values(until_on=date(2026, 11, 24)))
    with pytest.raises(NotAllowedError):
        note_handed(services.site, office, COLLEGE, ticked=[], unticked=ids)


def test_unknown_class(services, world):
    """It has no sheet; without a name, the first class's is shown."""
    with pytest.raises(NotFoundError):
        class_sheet(services.site, COLLEGE, "9 Z")
    assert class_sheet(services.site, COLLEGE).class_group == "3 A"
    assert class_sheet(services.site, COLLEGE).classes == ("3 A", "6 B")
