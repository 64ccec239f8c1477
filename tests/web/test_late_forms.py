"""What somebody typed comes back to him, whatever kept the form from being taken."""

from __future__ import annotations

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, an_adult
from teleservices_core.testing.world import PASSWORD, World

WELCOME = f"/ecole/{COLLEGE}/accueil"
SAID = "Réunion le 3.\nVenez à 18 h, salle <B12>."
GIVEN_BACK = "Réunion le 3.\nVenez à 18 h, salle &lt;B12&gt;."


@pytest.fixture
def office(services):
    """The secretariat, about to welcome families."""
    world = World(services)
    world.establishment()
    browser = Browser(services)
    account = world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    browser.sign_in(account.login_name, PASSWORD)
    browser.get(WELCOME)
    return browser


def test_the_session_has_ended(office, clock):
    """The page says that nothing is recorded, gives the text back and leads to sign in."""
    clock.advance(hours=2)
    page = office.submit("accueil", welcome=SAID)
    assert page.status_code == 403
    assert "Votre connexion a expiré" in page.text
    assert GIVEN_BACK in page.text
    assert 'href="/connexion"' in page.text
    assert "Vos modules" not in page.text


@pytest.mark.parametrize("case", ["long ago", "signed out", "never"])
def test_no_session_of_that_browser(office, services, clock, case):
    """It is sent to sign in, as anybody: a cookie that says nothing is told nothing."""
    if case == "signed out":
        with services.site.database.writing() as tx:
            tx.connection.exec_driver_sql("DELETE FROM core_sessions")
    if case == "never":
        office.client._cookies.clear()
        office.get("/connexion")
        (form,) = (f for action, f in office.forms() if action == "/connexion")
        typed = {"csrf_token": form["csrf_token"], "welcome": SAID}
        page = office.client.post(WELCOME, data=typed, base_url="http://localhost")
    else:
        clock.advance(hours=13 if case == "long ago" else 1)
        page = office.submit("accueil", follow=False, welcome=SAID)
    assert page.status_code == 303
    assert page.headers["Location"] == "/connexion"
    assert GIVEN_BACK not in page.text


def test_somebody_else_was_faster(office, services):
    """The text of who comes second is not lost with his turn."""
    other = Browser(services)
    other.sign_in(World(services).staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    other.get(WELCOME)
    other.submit("accueil", welcome="Bienvenue")
    page = office.submit("accueil", welcome=SAID)
    assert GIVEN_BACK in page.text


def test_a_form_that_names_what_it_should_not(office):
    """A page of before an update, say."""
    page = office.submit("accueil", welcome=SAID, unknown="x")
    assert page.status_code == 400
    assert GIVEN_BACK in page.text


def test_another_site_has_nothing_shown(office):
    """Our pages do not show what somebody else's form says, and take nothing of it."""
    (form,) = (form for _action, form in office.forms() if "welcome" in form)
    page = office.client.post(
        WELCOME,
        data=form | {"welcome": "Appelez vite ce numéro"},
        base_url="http://localhost",
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert page.status_code == 403
    assert "Appelez" not in page.text


@pytest.mark.parametrize("path", ["/compte/mot-de-passe", "/compte/courriel"])
def test_no_secret_is_shown(services, clock, path):
    """Whatever else is given back: neither the present password nor the new one."""
    world = World(services)
    world.establishment()
    mother = world.adult(an_adult())
    browser = Browser(services)
    browser.sign_in(world.account(mother, Audience.GUARDIAN).login_name, PASSWORD)
    browser.get(path)
    (form,) = (f for action, f in browser.forms() if path in action)
    secrets = {"current": "Celui-Du-Jour-1", "password": "Un-Nouveau-2", "again": "Un-Nouveau-2"}
    typed = {name: secrets.get(name, value) for name, value in form.items()}
    clock.advance(hours=2)
    for token in (form["csrf_token"], "forged"):
        sent = typed | {"csrf_token": token}
        page = browser.client.post(path, data=sent, base_url="http://localhost")
        assert page.status_code in {303, 403}
        assert "Celui-Du-Jour-1" not in page.text
        assert "Un-Nouveau-2" not in page.text
        assert form["csrf_token"] not in page.text
