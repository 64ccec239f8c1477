"""Who is given a letter, and what a new letter undoes."""

from __future__ import annotations

import pytest

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.standing import LetterChoice
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import World
from teleservices_core.usecases.claiming import choose_password
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.signing_in import resume, sign_in

CHOSEN = "quatre chats sur le toit"
NEVER = {"state": AccountState.NEW, "password_hash": None, "email": None}


@pytest.fixture
def world(services):
    """A school."""
    world = World(services)
    world.establishment()
    return world


def family(world, name="MARTIN", class_group="6 B", **state):
    """A child and a mother, never given a letter unless said otherwise; the two accounts."""
    child, mother = a_student(last_name=name), an_adult(last_name=name)
    world.student(child, a_schooling(child.id, class_group=class_group))
    world.adult(mother, a_link(child.id, mother.id))
    state = state or NEVER
    return (
        world.account(child, Audience.STUDENT, **state),
        world.account(mother, Audience.GUARDIAN, **state),
    )


def claim(services, letter):
    """First login up to the password; the viewer."""
    login_name = letter.candidate.account.login_name
    signed_in = sign_in(services.site, login_name, letter.code, source="home")
    viewer = resume(services.site, signed_in.secret)
    return resume(services.site, choose_password(services.site, viewer, CHOSEN).secret)


def test_an_account_claimed_since_the_plan_keeps_its_password(services, world):
    """It is left out and named; the others are issued."""
    student, mother = family(world)
    first = {
        each.candidate.account.id: each
        for each in issue_letters(services.site, plan_letters(services.site, COLLEGE))
    }
    plan = plan_letters(services.site, COLLEGE, which=LetterChoice.UNUSED)
    claim(services, first[mother.id])
    left_out, numbers = [], []
    issued = issue_letters(services.site, plan, left_out=left_out.append, progress=numbers.append)
    assert [each.candidate.account.id for each in issued] == [student.id]
    assert [each.account.id for each in left_out] == [mother.id]
    assert numbers == [2]
    assert sign_in(services.site, mother.login_name, CHOSEN, source="home")
    with services.site.database.reading() as tx:
        assert tx.audit.latest(2)[1].detail["number"] == 1, "the audit counts what was done"
