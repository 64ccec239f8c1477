"""Teachers: what plugins offer them, and nothing of the console."""

from __future__ import annotations

import types
from datetime import date

import pytest
from uuid6 import uuid7

from teleservices_core import builtin, hookspecs
from teleservices_core.app import Teleservices
from teleservices_core.contributions import Access, Route, StaffPage
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import CONSOLE_ROLES, Assignment, Role, StaffMember
from teleservices_core.errors import NotAllowedError, RefusedError
from teleservices_core.hookspecs import hookimpl
from teleservices_core.plugins import PluginHost, PluginState
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, LYCEE, a_module, an_establishment
from teleservices_core.testing.world import PASSWORD, World, person_id
from teleservices_core.usecases.delegations import delegate, delegations
from teleservices_core.usecases.rights import require_school, require_teacher
from teleservices_core.usecases.signing_in import resume, sign_in


def nothing(context, uai, group=""):
    """Answer nothing: nobody asks."""


def a_plugin(
    route="book.classes", rule="/ecole/<uai>/cahier/", access=Access.TEACHER, module_id="book"
):
    """« Cahier », which has a page for staff."""
    module = types.ModuleType("book")
    module.HOOK_API = hookspecs.HOOK_API
    page = StaffPage(lambda: "Mon cahier", lambda: "Le remplir.", route, module_id)
    module.teleservices_modules = hookimpl(lambda: [a_module("book")])
    module.teleservices_routes = hookimpl(lambda: [Route("book.classes", rule, nothing, access)])
    module.teleservices_staff_pages = hookimpl(lambda: [page])
    return module


def with_plugin(services, plugin):
    """The same site with a plugin."""
    return Teleservices(
        services.settings,
        engine=services.engine,
        clock=services.site.clock,
        hasher=services.site.hasher,
        plugins={"book": plugin},
        discover=False,
    )


@pytest.fixture
def world(services):
    """Two establishments."""
    world = World(with_plugin(services, a_plugin()))
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    return world


def entered(world, account):
    """A browser in which somebody has signed in."""
    browser = Browser(world.services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser


def test_first_page(world):
    """What plugins offer, without the console's entries; nothing of another school."""
    browser = entered(world, world.staff(Role.TEACHER, COLLEGE))
    assert browser.page.request.path == f"/ecole/{COLLEGE}/enseignement/"
    assert f'href="/ecole/{COLLEGE}/cahier/"' in browser.page.text
    for other in ("Notifications", "Rattachements", "Comptes", "Modules", "Quatre-Vents"):
        assert other not in browser.page.text
    assert browser.get(f"/ecole/{LYCEE}/enseignement/").status_code == 404


def test_two_schools(world):
    """Each is one link away from the other."""
    member = StaffMember(uuid7(), "PETIT", "Sam", "sam@example.org")
    held = [Assignment(member.id, Role.TEACHER, uai) for uai in (COLLEGE, LYCEE)]
    with world.services.site.database.writing() as tx:
        tx.staff.save(member, held)
    browser = entered(world, world.account(member, Audience.STAFF))
    assert "Quatre-Vents" in browser.page.text
    elsewhere = f"/ecole/{COLLEGE}/enseignement/"
    assert f'href="{elsewhere}"' in browser.page.text
    assert "Vous enseignez aussi ailleurs" in browser.get(elsewhere).text


def test_in_the_console(world):
    """Beside its module, for heads; the secretariat cannot follow it, so does not see it."""
    assert "Mon cahier" in entered(world, world.staff(Role.HEAD, COLLEGE)).page.text
    assert "Mon cahier" not in entered(world, world.staff(Role.SCHOOL_OFFICE, COLLEGE)).page.text


def test_rights_of_teachers(world):
    """Neither the console nor a delegation is for them; heads stand in for them."""
    site = world.services.site
    accounts = {role: world.staff(role, COLLEGE) for role in Role if role.is_school}
    viewers = {
        role: resume(site, sign_in(site, account.login_name, PASSWORD, source="x").secret)
        for role, account in accounts.items()
    }
    with site.database.reading() as tx:
        for role, viewer in viewers.items():
            for require, roles in ((require_school, CONSOLE_ROLES), (require_teacher, TEACHING)):
                if role in roles:
                    require(site, tx, viewer.account, COLLEGE)
                else:
                    with pytest.raises(NotAllowedError):
                        require(site, tx, viewer.account, COLLEGE)
                with pytest.raises(NotAllowedError):
                    require(site, tx, viewer.account, LYCEE)
    head, teacher = viewers[Role.HEAD], person_id(accounts[Role.TEACHER])
    assert teacher not in {member.id for member in delegations(site, COLLEGE).staff}
    with pytest.raises(RefusedError, match="not_staff"):
        day = date(2027, 1, 4)
        delegate(site, head, COLLEGE, "book", teacher, day, day)


TEACHING = {Role.HEAD, Role.DEPUTY, Role.TEACHER}


@pytest.mark.parametrize(
    "plugin",
    [
        a_plugin(route="book.other"),
        a_plugin(access=Access.FAMILY),
        a_plugin(rule="/ecole/<uai>/cahier/<group>/"),
        a_plugin(module_id="notes"),
    ],
)
def test_a_page_that_nobody_could_follow(plugin):
    """Its plugin is set aside."""
    host = PluginHost(builtin, extra={"book": plugin}, discover=False)
    (report,) = (each for each in host.reports if each.name == "book")
    assert report.state is PluginState.FAILED
    assert "staff page" in report.reason or "names no" in report.reason
