"""Sessions, forms and links as pages meet them; who may reach what is in ``matrix.py``."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from werkzeug.test import Client

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
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
from teleservices_core.usecases.opening import set_opening


@pytest.fixture
def people(services: Teleservices):
    """A signed-in browser for each kind of visitor, and the child of the family."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    child = a_student()
    world.student(child, a_schooling(child.id))
    mother = an_adult()
    world.adult(mother, a_link(child.id, mother.id))
    accounts = {
        "guardian": world.account(mother, Audience.GUARDIAN),
        "student": world.account(child, Audience.STUDENT),
        "head": world.staff(Role.HEAD, COLLEGE),
        "office": world.staff(Role.SCHOOL_OFFICE, COLLEGE),
        "teacher": world.staff(Role.TEACHER, COLLEGE),
        "other_head": world.staff(Role.HEAD, LYCEE),
        "academy": world.staff(Role.ACADEMY_ADMIN),
        "hotline": world.staff(Role.HOTLINE),
    }
    for module in services.site.catalogue.modules:
        for audience in module.audiences:
            set_opening(
                services.site, None, Scope.establishment(COLLEGE), module.id, audience, Stance.OPEN
            )
    browsers = {"nobody": Browser(services)}
    for name, account in accounts.items():
        browsers[name] = Browser(services)
        browsers[name].sign_in(account.login_name, PASSWORD)
    return browsers, child


def filled(services, route, child):
    """The address of a route for the child, for the child's account, and for its school."""
    with services.site.database.reading() as tx:
        account_id = tx.accounts.holders_of([child.id])[child.id]
    path = (
        route.rule.replace("<uuid:student_id>", str(child.id))
        .replace("<uuid:account_id>", str(account_id))
        .replace("<uai>", COLLEGE.code)
        .replace("<secret>", "x")
        .replace("<subject>", "020700")
        .replace("<identity>", "0" * 64)
        .replace("<module_id>", "notes")
        .replace("<uuid:delegation_id>", str(uuid4()))
        .replace("<uuid:campaign_id>", str(uuid4()))
        .replace("<uuid:assessment_id>", str(uuid4()))
        .replace("<uuid:import_id>", str(uuid4()))
        .replace("<uuid:reader_id>", str(uuid4()))
        .replace("<uuid:match_id>", str(uuid4()))
        .replace("<uuid:job_id>", str(uuid4()))
        .replace("<uuid:key_id>", str(uuid4()))
        .replace("<uuid:proposal_id>", str(uuid4()))
        .replace("<step>", "eleve")
        .replace("<person>", "student")
        .replace("<code>", "last_name")
        .replace("<number>", "23456789AB")
        .replace("<uuid:report_id>", str(uuid4()))
        .replace("<int:batch>", "7")
        .replace("<kind>", "csv")
    )
    assert "<" not in path, f"say how to fill in {route.rule}"
    return path


@pytest.mark.parametrize("method", ["POST"])
def test_forms_need_their_token(services, people, method):
    """No route changes anything for a form without token, or from another site."""
    browsers, child = people
    for route in services.site.catalogue.routes:
        if "POST" not in route.methods:
            continue
        path = filled(services, route, child)
        for browser in browsers.values():
            answer = browser.client.post(
                path, data={"text": "ma réponse"}, base_url="http://localhost"
            )
            assert answer.status_code == 403
            assert "ma réponse" in answer.text, "what was typed is given back"
            browser.get("/connexion" if browser is browsers["nobody"] else "/compte")
            token = next(fields["csrf_token"] for _action, fields in browser.forms())
            answer = browser.client.post(
                path,
                data={"csrf_token": token},
                headers={"Origin": "https://evil.example"},
                base_url="http://localhost",
            )
            assert answer.status_code == 403


def test_other_children(services, people):
    """Another's child, an unknown one and no child at all: the same answer."""
    browsers, _child = people
    world = World(services)
    other = a_student(first_name="Zoé", last_name="AUTRE")
    world.student(other, a_schooling(other.id))
    pages = {
        browsers["guardian"].client.get(f"/eleves/{student_id}/notes/").text
        for student_id in (other.id, uuid4())
    }
    assert len(pages) == 1
    assert "Zoé" not in pages.pop()


@pytest.mark.parametrize(
    ("changes", "sees"),
    [
        ({}, True),
        ({"level": Level.IN_CHARGE}, True),
        ({"level": Level.CONTACT}, False),
        ({"until_on": date(2026, 11, 24)}, False),
        ({"until_on": date(2026, 11, 25)}, True),
        ({"from_on": date(2026, 11, 25)}, False),
    ],
)
def test_links_are_dated(services, changes, sees):
    """A mere contact, or a link not in force today, shows nothing of the child."""
    world = World(services)
    world.establishment()
    child = a_student()
    world.student(child, a_schooling(child.id))
    adult = an_adult()
    world.adult(adult, a_link(child.id, adult.id, **changes))
    account = world.account(adult, Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    assert (child.full_name in browser.page.text) is sees
    status = browser.client.get(f"/eleves/{child.id}/notes/").status_code
    assert (status != 404) is (sees and "notes" in {m.id for m in services.site.catalogue.modules})


def test_headers_on_every_answer(services, people):
    """Pages, errors and redirections carry the security headers and are never cached."""
    browsers, _child = people
    for path in (
        "/",
        "/connexion",
        "/aide",
        "/rien",
        "/compte",
        "/ecole/0219999E/",
        "/confirmer/x",
    ):
        for browser in browsers.values():
            headers = browser.client.get(path).headers
            assert "script-src" not in headers["Content-Security-Policy"]
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"


def test_session_ends(services, people, clock):
    """Idle for half an hour, or twelve hours old: signed out; what is used stays."""
    browsers, _child = people
    browser = browsers["guardian"]
    for _times in range(3):
        clock.advance(minutes=29)
        assert browser.get("/").request.path == "/"
    clock.advance(minutes=30)
    assert browser.get("/").request.path == "/connexion"
    browser.sign_in("anne.martin", PASSWORD)
    start = clock.now()
    while clock.now() - start < timedelta(hours=12):
        clock.advance(minutes=25)
        browser.get("/")
    assert browser.page.request.path == "/connexion"


def test_sign_out_kills_the_session(services, people):
    """The cookie of a closed session opens nothing."""
    browser = people[0]["guardian"]
    cookies = {c.key: c.value for c in browser.client._cookies.values()}
    browser.get("/compte")
    browser.submit("deconnexion")
    thief = Client(services)
    for key, value in cookies.items():
        thief.set_cookie(key, value)
    assert thief.get("/compte").status_code == 303
