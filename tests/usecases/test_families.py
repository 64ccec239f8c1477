"""Many accounts at once: the same children as one by one, in a fixed number of statements."""

from __future__ import annotations

from datetime import date

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import World
from teleservices_core.usecases.home import children_with, family_of
from teleservices_core.usecases.opening import set_opening


@pytest.fixture
def accounts(services):
    """Two parents of one child, one of them a mere contact of his sister, and the child himself."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée"))
    camille, lou, gone = (
        a_student(),
        a_student(first_name="Lou", born_on=date(2010, 1, 1)),
        a_student(),
    )
    world.student(camille, a_schooling(camille.id))
    world.student(lou, a_schooling(lou.id, LYCEE))
    world.student(gone, a_schooling(gone.id))
    mother, father = an_adult(), an_adult(first_name="Luc")
    world.adult(
        mother,
        a_link(camille.id, mother.id),
        a_link(lou.id, mother.id),
        a_link(gone.id, mother.id, until_on=date(2026, 9, 1)),
    )
    world.adult(
        father, a_link(camille.id, father.id), a_link(lou.id, father.id, level=Level.CONTACT)
    )
    return [
        world.account(mother, Audience.GUARDIAN),
        world.account(father, Audience.GUARDIAN),
        world.account(camille, Audience.STUDENT),
        world.account(lou, Audience.STUDENT),
    ]


def test_many_accounts_have_the_children_of_each(services, accounts):
    """Eldest first, at their best schooling, with the link that is theirs."""
    with services.site.database.reading() as tx:
        assert {each.id: each for each in tx.accounts.several([a.id for a in accounts])} == {
            each.id: each for each in accounts
        }
        families = tx.roster.families(accounts, YEAR)
        for account in accounts:
            assert families[account.id] == tx.roster.children(account, YEAR)


def test_a_module_is_open_to_many_as_it_is_to_each(services, accounts):
    """The decision is that of the home page, for who may know of the child."""
    set_opening(
        services.site,
        None,
        Scope.establishment(COLLEGE),
        "notes",
        Audience.GUARDIAN,
        Stance.OPEN,
    )
    with services.site.database.reading() as tx:
        with counted(services.engine) as statements:
            found = children_with(services.site, tx, accounts, "notes")
        assert len(statements) == 3
        for account in accounts:
            open_ = [
                answer.child
                for answer in family_of(services.site, tx, account)
                for module in answer.modules
                if module.is_open and module.decision.module.id == "notes"
            ]
            assert found[account.id] == open_
        assert [len(found[each.id]) for each in accounts] == [1, 1, 0, 0]
        assert not any(children_with(services.site, tx, accounts, "unknown").values())
