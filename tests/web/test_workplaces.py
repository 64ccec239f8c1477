"""Who works in several establishments sees them all in the navigation."""

from __future__ import annotations

import re

from uuid6 import uuid7

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, LYCEE, an_establishment
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World


def navigation(page):
    """(where each entry leads, how it is marked) by its label."""
    (nav,) = re.findall(r'<nav class="site-nav".*?</nav>', page.text, flags=re.DOTALL)
    found = re.findall(r'<a href="([^"]*)"(?: aria-current="(\w+)")?>([^<]*)</a>', nav)
    return {label: (href, current) for href, current, label in found}


def test_both_schools(services):
    """Each by its name, and the other entries lead into the one whose page is shown."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    member = StaffMember(uuid7(), "DURAND", "Claude", "claude@example.org")
    with services.site.database.writing() as tx:
        held = [Assignment(member.id, Role.HEAD, uai) for uai in (COLLEGE, LYCEE)]
        tx.staff.save(member, held)
    browser = Browser(services)
    browser.sign_in(world.account(member, Audience.STAFF).login_name, PASSWORD)
    for uai, here, there in (
        (COLLEGE, "Collège des Trois-Rivières", "Lycée des Quatre-Vents"),
        (LYCEE, "Lycée des Quatre-Vents", "Collège des Trois-Rivières"),
    ):
        shown = navigation(browser.get(f"/ecole/{uai}/"))
        assert shown[here] == (f"/ecole/{uai}/", "true")
        assert shown[there][1] == ""
        assert shown["Modules"] == (f"/ecole/{uai}/", "page")
        assert shown["Comptes"][0].startswith(f"/ecole/{uai}/")
        assert navigation(browser.get(shown["Comptes"][0]))["Comptes"][1] == "page"
    assert {"Collège des Trois-Rivières", "Lycée des Quatre-Vents"} <= set(
        navigation(browser.get("/compte"))
    )


def test_one_school_costs_and_shows_nothing_more(services):
    """No entry of its own, no statement more."""
    world = World(services)
    world.establishment()
    browser = Browser(services)
    browser.sign_in(world.staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    with counted(services.engine) as seen:
        shown = navigation(browser.get(f"/ecole/{COLLEGE}/"))
    assert "Collège des Trois-Rivières" not in shown
    assert len(seen) == 6, seen
