"""Pages cost a fixed small number of SQL statements, whatever the family."""

from __future__ import annotations

import types
from datetime import timedelta

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.hookspecs import HOOK_API, hookimpl
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    YEAR,
    a_link,
    a_module,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World


def ten_modules():
    """A plugin of ten modules, open to all."""
    plugin = types.ModuleType("ten")
    plugin.HOOK_API = HOOK_API

    @hookimpl
    def teleservices_modules():
        return [a_module(f"ten_{n}", opening_mode=OpeningMode.AUTOMATIC) for n in range(10)]

    plugin.teleservices_modules = teleservices_modules
    return plugin


@pytest.mark.parametrize("number", [1, 4])
def test_home(services: Teleservices, number: int):
    """Session, children, policy: three statements, for one child or four, and ten modules."""
    services = Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"ten": ten_modules()},
    )
    world = World(services)
    world.establishment()
    mother = an_adult()
    children = [a_student(first_name=f"Enfant{n}") for n in range(number)]
    for child in children:
        world.student(child, a_schooling(child.id))
    world.adult(mother, *(a_link(child.id, mother.id) for child in children))
    account = world.account(mother, Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    with counted(services.engine) as seen:
        page = browser.get("/")
    assert page.text.count("Enfant") >= number
    assert len(seen) == 3, seen
    with counted(services.engine) as seen, services.site.database.reading() as tx:
        assert len(tx.roster.children(account, YEAR)) == number
    assert len(seen) == 1


def test_console(services: Teleservices):
    """The head's console: session, roles, establishment, policy, what waits, a restore to tell."""
    from teleservices_core.domain.staff import Role
    from teleservices_core.testing.builders import COLLEGE

    world = World(services)
    world.establishment()
    head = world.staff(Role.HEAD, COLLEGE)
    browser = Browser(services)
    browser.sign_in(head.login_name, PASSWORD)
    with counted(services.engine) as seen:
        browser.get(f"/ecole/{COLLEGE}/")
    assert len(seen) == 6, seen


def test_end_of_accounts(services: Teleservices):
    """What comes next and the latest runs: session, roles, runs, one count of everything due."""
    from teleservices_core.domain.staff import Role

    admin = World(services).staff(Role.ACADEMY_ADMIN)
    browser = Browser(services)
    browser.sign_in(admin.login_name, PASSWORD)
    with counted(services.engine) as seen:
        browser.get("/academie/comptes")
    assert len(seen) == 4, seen


def test_touching_the_session_is_rare(services: Teleservices, clock):
    """A session in use is noted every five minutes, not at every page."""
    world = World(services)
    account = world.account(an_adult(), Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    clock.advance(timedelta(minutes=4))
    with counted(services.engine) as seen:
        browser.get("/compte")
    assert not [each for each in seen if each.startswith("UPDATE")]
    clock.advance(timedelta(minutes=2))
    with counted(services.engine) as seen:
        browser.get("/compte")
        browser.get("/compte")
    assert len([each for each in seen if each.startswith("UPDATE")]) == 1


@pytest.mark.parametrize("families", [1, 20])
@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("comptes", 6),
        ("comptes?q=martin&public=guardian&adresse=confirmed", 6),
        ("comptes/{account_id}", 10),
        ("notifications", 5),
        ("notifications/preparer?choix=unused", 7),
        ("notifications/classe", 6),
    ],
)
def test_school_office(services: Teleservices, families: int, path: str, number: int):
    """Session, roles, establishment, looks, students and guardians; for one what became of it.

    The look itself is a transaction more, once in a quarter of an hour.
    """
    from teleservices_core.domain.staff import Role
    from teleservices_core.testing.builders import COLLEGE

    world = World(services)
    world.establishment()
    for _n in range(families):
        child, mother = a_student(), an_adult()
        world.student(child, a_schooling(child.id))
        world.adult(mother, a_link(child.id, mother.id))
        world.account(child, Audience.STUDENT)
        account = world.account(mother, Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(world.staff(Role.SCHOOL_OFFICE, COLLEGE).login_name, PASSWORD)
    address = f"/ecole/{COLLEGE}/{path.format(account_id=account.id)}"
    browser.get(address)
    with counted(services.engine) as seen:
        page = browser.get(address)
    assert page.status_code == 200
    assert len(seen) == number, seen
