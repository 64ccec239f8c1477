"""The académie's page on the end of accounts."""

from __future__ import annotations

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.lifecycle import run_lifecycle


@pytest.fixture
def browser(services):
    world = World(services)
    admin = world.staff(Role.ACADEMY_ADMIN)
    browser = Browser(services)
    browser.sign_in(admin.login_name, PASSWORD)
    return browser


def test_page(services, clock, browser):
    """What comes next and what was done; a run that does not come is missed."""
    world = World(services)
    for number in range(3):
        world.account(an_adult(first_name=f"P{number}"), Audience.GUARDIAN, email=None)
    world.account(an_adult(), Audience.GUARDIAN, email="anne@example.org")
    browser.get("/academie/")
    assert "/academie/comptes" in browser.page.text
    assert "Pas de passage récent" in browser.get("/academie/comptes").text
    clock.advance(days=340)
    run_lifecycle(services.site)
    clock.advance(days=26)
    run_lifecycle(services.site)
    browser.sign_in("claude.durand", PASSWORD)
    page = browser.get("/academie/comptes").text
    assert "Pas de passage récent" not in page
    assert "Terminé" in page
    clock.advance(days=3)
    browser.sign_in("claude.durand", PASSWORD)
    assert "Pas de passage récent" in browser.get("/academie/comptes").text
