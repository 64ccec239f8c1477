"""A step before going on: nothing else is reached, what was asked for is not lost."""

from __future__ import annotations

import types

import pytest
from attrs import evolve
from werkzeug.test import Client

from teleservices_core import hookspecs
from teleservices_core.app import Teleservices
from teleservices_core.contributions import FORM, Access, Route, Step
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import CutOff
from teleservices_core.domain.staff import Role
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.hookspecs import hookimpl
from teleservices_core.plugins import PluginState
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.signing_in import sign_in
from teleservices_core.web import csrf
from teleservices_core.web.application import Application
from teleservices_core.web.responses import Page

from .test_matrix import _VARIABLE, DryDatabase, a_browser, spying

SAID = "Réunion le 3, à 18 h."
ALWAYS = {"core.sign_out", "core.signed_out", "core.help", "core.privacy", "core.accessibility"}


class Charter:
    """A plugin that has a charter accepted once, by families and schools."""

    def __init__(self):
        self.accepted: set = set()
        self.fails = False
        self.is_final = False
        """Whether nobody accepts it, whatever is pressed."""

    def is_open(self, question):
        if self.fails:
            raise RuntimeError("boom")
        return question.facts not in self.accepted

    def show(self, context, **_values):
        if context.request.method != "POST":
            return Page("error.html", {"title": "La charte", "text": "Lisez.", "typed": []})
        if not self.is_final:
            self.accepted.add(context.me.account.id)
        return context.leave_step()

    def plugin(self, **changes):
        module = types.ModuleType("charter")
        module.HOOK_API = hookspecs.HOOK_API
        step = Step(
            "charter.accept",
            lambda: "Accepter la charte",
            "charter.accept",
            lambda viewer: not viewer.is_academy,
            self.is_open,
            facts=lambda _tx, viewer: viewer.account.id,
        )

        @hookimpl
        def teleservices_routes():
            return [
                Route("charter.accept", "/charte", self.show, Access.SIGNED_IN, FORM),
                Route("charter.print", "/charte/papier", self.show, Access.FAMILY),
                Route("charter.one", "/charte/<number>", self.show, Access.SIGNED_IN),
                Route("charter.send", "/charte/envoi", self.show, Access.SIGNED_IN, ("POST",)),
            ]

        @hookimpl
        def teleservices_steps():
            return [evolve(step, **changes)]

        module.teleservices_routes = teleservices_routes
        module.teleservices_steps = teleservices_steps
        return module


def a_site(services, plugin, **changes):
    """The same site, with a plugin more."""
    return Teleservices(
        evolve(services.settings, **changes),
        engine=services.engine,
        clock=services.site.clock,
        hasher=Argon2Hasher.cheapest(),
        plugins={"charter": plugin},
    )


@pytest.fixture
def charter():
    """What was accepted."""
    return Charter()


@pytest.fixture
def site(services, charter):
    """A site with the charter, and a family."""
    found = a_site(services, charter.plugin())
    World(found).establishment()
    return found


@pytest.fixture
def mother(site):
    """A guardian of a pupil."""
    world, child = World(site), a_student()
    world.student(child, a_schooling(child.id))
    mother = an_adult()
    world.adult(mother, a_link(child.id, mother.id))
    return world.account(mother, Audience.GUARDIAN)


def test_the_page_asked_for_comes_after(site, mother):
    """With its query; and nothing but the step before, whatever is asked for."""
    browser = Browser(site)
    assert "La charte" in browser.sign_in(mother.login_name, PASSWORD).text
    assert "La charte" in browser.get("/compte/connexions?page=2&x=%C3%A9").text
    assert "La charte" in browser.get("/").text
    page = browser.client.post("/charte", data=token(browser), base_url="http://localhost")
    assert page.headers["Location"] == "/compte/connexions?page=2&x=%C3%A9"
    assert "Connexions et appareils" in browser.get(page.headers["Location"]).text
    assert "La charte" not in browser.get("/").text


def token(browser):
    """What a form of the page's session carries."""
    browser.get("/aide")
    return {"csrf_token": next(form["csrf_token"] for _action, form in browser.forms())}


def test_without_a_page_asked_for(site, mother):
    """The first page comes after; another account's wish does not count."""
    browser = Browser(site)
    browser.sign_in(mother.login_name, PASSWORD)
    browser.get("/compte/connexions")
    browser.get("/aide")
    browser.submit("/deconnexion")
    other = World(site).account(World(site).adult(an_adult()), Audience.GUARDIAN)
    browser.sign_in(other.login_name, PASSWORD)
    page = browser.client.post("/charte", data=token(browser), base_url="http://localhost")
    assert page.headers["Location"] == "/"


def test_while_it_is_open_nobody_is_anybody(site, mother):
    """Help shows no way further, and no name of a child."""
    browser = Browser(site)
    browser.sign_in(mother.login_name, PASSWORD)
    assert "Mes enfants" not in browser.get("/aide").text
    assert browser.get("/api/v1/famille").status_code in {401, 404}
    browser.get("/aide")
    assert "Se connecter" in browser.submit("/deconnexion").text


def test_a_form_that_comes_too_late_gives_its_text_back(site, charter):
    """It is not taken, nor kept for the account, and the page leads to the step."""
    office = World(site).staff(Role.SCHOOL_OFFICE, COLLEGE)
    charter.accepted.add(office.id)
    browser = Browser(site)
    browser.sign_in(office.login_name, PASSWORD)
    browser.get(f"/ecole/{COLLEGE}/accueil")
    charter.accepted.clear()
    page = browser.submit("accueil", welcome=SAID)
    assert page.status_code == 403
    assert SAID in page.text
    assert 'href="/charte">Accepter la charte' in page.text
    charter.accepted.add(office.id)
    assert SAID not in browser.get(f"/ecole/{COLLEGE}/accueil").text


def test_a_step_that_fails_holds_nobody_up(site, mother, charter):
    """It is recorded under the plugin's name; nor does one that is cut off."""
    charter.fails = True
    browser = Browser(site)
    assert "La charte" not in browser.sign_in(mother.login_name, PASSWORD).text
    assert {(each.plugin, each.where) for each in site.plugins.failures} == {
        ("charter", "step charter.accept")
    }
    charter.fails = False
    assert "La charte" in browser.get("/").text
    with site.site.database.writing() as tx:
        tx.cut_offs.add(CutOff("charter", site.site.now()))
    site.plugins.cut_offs_read_at = None
    assert "La charte" not in browser.get("/").text


def test_who_it_does_not_concern(site):
    """Goes on."""
    browser = Browser(site)
    page = browser.sign_in(World(site).staff(Role.ACADEMY_ADMIN).login_name, PASSWORD)
    assert "La charte" not in page.text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "other.accept"}, "must start with charter."),
        ({"route": "core.account"}, "must be its own, and SIGNED_IN"),
        ({"also": ("charter.print",)}, "must be its own, and SIGNED_IN"),
        ({"route": "charter.one"}, "is no page that opens by itself"),
        ({"route": "charter.send"}, "is no page that opens by itself"),
    ],
)
def test_a_step_that_nobody_could_do(services, charter, changes, reason):
    """The plugin is set aside, and named."""
    made = a_site(services, charter.plugin(**changes))
    (report,) = [each for each in made.plugins.reports if each.name == "charter"]
    assert report.state is PluginState.FAILED
    assert reason in report.reason


def reached(services, account):
    """The routes that a session with an open step comes to.

    Those for monitors are left aside: they ask for no session, and know nobody.
    """
    secret = sign_in(services.site, account.login_name, PASSWORD, source="x").secret
    cookie, form_token = a_browser(services, secret)
    application = Application(evolve(services.site, database=DryDatabase(services.engine)))
    seen: list[str] = []
    application._routes = {name: spying(each, seen) for name, each in application._routes.items()}
    values = {"uai": COLLEGE.code, "module_id": "notes", "subject": "020700", "step": "eleve"}
    found = set()
    for route in (r for r in services.site.catalogue.routes if not r.is_for_monitors):
        zero = "0" if "<int:" in route.rule else "00000000-0000-0000-0000-000000000000"
        path = _VARIABLE.sub(lambda name, z=zero: values.get(name[1], z), route.rule)
        for method in route.methods:
            seen.clear()
            answer = Client(application, use_cookies=False).open(
                path,
                method=method,
                base_url="http://localhost",
                headers={"Cookie": cookie},
                data={csrf.FIELD: form_token} if method == "POST" else None,
            )
            assert answer.status_code < 500
            if seen[:1]:
                found.add(route.name)
                assert seen[0] is not None
            else:
                assert answer.status_code in {303, 401, 403, 404}, (route.name, method)
    return found


@pytest.mark.parametrize("role", [Role.ACADEMY_ADMIN, Role.HEAD])
def test_no_route_escapes_a_code_that_is_owed(services, role):
    """Of all routes, of the core and of plugins, those of the step and the way out."""
    World(services).establishment()
    uai = COLLEGE if role.is_school else None
    account = World(services).staff(role, uai, factor_since=services.site.now())
    assert reached(services, account) == {"core.enter_factor", "core.ask_key", *ALWAYS}


def test_no_route_escapes_a_plugins_step(site, mother, charter):
    """Its own first page, and not its other routes that it does not name."""
    charter.is_final = True
    assert reached(site, mother) == {"charter.accept", *ALWAYS}


@pytest.mark.parametrize(
    "changes", [{"access": Access.SIGNED_IN}, {"access": Access.PUBLIC, "methods": FORM}]
)
def test_what_no_guard_sees_is_open_to_all(services, charter, changes):
    """A plugin's route cannot pass by the guards as one for monitors."""
    plugin = charter.plugin()
    (first, *_others) = plugin.teleservices_routes()

    @hookimpl
    def teleservices_routes():
        return [evolve(first, name="charter.x", rule="/x", is_for_monitors=True, **changes), first]

    plugin.teleservices_routes = teleservices_routes
    (report,) = [x for x in a_site(services, plugin).plugins.reports if x.name == "charter"]
    assert report.state is PluginState.FAILED
    assert "for monitors" in report.reason
