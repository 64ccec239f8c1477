"""A family and its school, invented, with what each needs to come in."""

from __future__ import annotations

from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.world import World
from teleservices_core.usecases.letters import issue_letters, plan_letters

NOT_CLAIMED = {"state": AccountState.NEW, "password_hash": None, "email": None}


def make_people(services: Teleservices) -> tuple[str, str]:
    """Fill an empty site; returns the identifier and the provisional password of the father."""
    world, year = World(services), services.site.school_year()
    world.establishment(an_establishment())
    child, mother = a_student(), an_adult()
    father = an_adult(title="M.", first_name="Paul")
    world.student(child, a_schooling(child.id, school_year=year))
    world.siecle_key(child, "1001")
    for adult in (mother, father):
        world.adult(adult, a_link(child.id, adult.id))
    world.account(mother, Audience.GUARDIAN, **NOT_CLAIMED)
    return _letter(services, world.account(father, Audience.GUARDIAN, **NOT_CLAIMED))


def _letter(services: Teleservices, account: Account) -> tuple[str, str]:
    plan = plan_letters(services.site, COLLEGE)
    only = tuple(each for each in plan.candidates if each.account.id == account.id)
    (letter,) = issue_letters(services.site, evolve(plan, candidates=only))
    return account.login_name, letter.code
