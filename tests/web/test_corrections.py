"""« Je ne suis pas le responsable de cet élève », and the school's answer, page by page."""

from __future__ import annotations

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters

LIST = f"/ecole/{COLLEGE}/rattachements"


@pytest.fixture
def family(services):
    """Camille, and Paul who is attached to her by mistake."""
    world = World(services)
    world.establishment()
    child, adult = a_student(), an_adult(first_name="Paul", last_name="DURAND", title="M.")
    world.student(child, a_schooling(child.id))
    world.adult(adult, a_link(child.id, adult.id))
    return world, child, adult


@pytest.fixture
def paul(services, family):
    """Paul, signed in."""
    world, _child, adult = family
    account = world.account(adult, Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser


@pytest.fixture
def office(services, family):
    """The secretariat, signed in."""
    browser = Browser(services)
    browser.sign_in(family[0].staff(Role.SCHOOL_OFFICE, COLLEGE).login_name, PASSWORD)
    return browser


def deny(browser, child):
    """Say so, from « Enfants »."""
    browser.get("/compte/enfants")
    address = f"/compte/enfants/{child.id}/signaler"
    assert address in browser.page.text
    page = browser.get(address)
    assert child.full_name in page.text
    return browser.submit(address)


def test_denied_and_confirmed(paul, office, family):
    """From the guardian's page to the school's answer."""
    _world, child, _adult = family
    page = deny(paul, child)
    assert page.request.path == "/compte/enfants"
    assert "n’apparaît plus dans votre compte" in page.text
    assert f"/{child.id}/" not in page.text
    assert paul.client.get(f"/compte/enfants/{child.id}/signaler").status_code == 404
    page = office.get("/")
    assert LIST in page.text, "in the navigation"
    page = office.get(LIST)
    assert "1 signalement à traiter" in page.text
    for shown in ("Camille MARTIN", "6 B", "Paul DURAND", "mère, représentant légal", "24/11/2026"):
        assert shown in page.text
    page = office.submit("repondre", answer="wrong")
    assert "Le rattachement est écarté" in page.text
    assert "Aucun signalement à traiter" in page.text
    assert "Camille" not in paul.get("/").text


def test_denied_and_restored(paul, office, family):
    """It was he after all; a second answer to the same report changes nothing."""
    _world, child, _adult = family
    deny(paul, child)
    office.get(LIST)
    action, fields = next(form for form in office.forms() if "repondre" in form[0])
    page = office.submit("repondre", answer="right")
    assert "Le rattachement est rétabli" in page.text
    assert "Camille" in paul.get("/").text
    answer = office.client.post(action, data=fields | {"answer": "right"}, follow_redirects=True)
    assert "Quelqu’un a déjà répondu" in answer.text


def test_at_first_login(services, family):
    """The page that asks for a password shows whom it is about."""
    world, child, adult = family
    account = world.account(adult, Audience.GUARDIAN, state="new", password_hash=None, email=None)
    (letter,) = issue_letters(services.site, plan_letters(services.site, COLLEGE))
    browser = Browser(services)
    page = browser.sign_in(account.login_name, letter.code)
    assert "Ce compte donne accès à" in page.text
    assert child.full_name in page.text
    address = f"/activation/eleves/{child.id}/signaler"
    browser.get(address)
    page = browser.submit(address)
    assert page.request.path == "/activation/mot-de-passe"
    assert "n’apparaît plus dans votre compte" in page.text
    assert "Ce compte donne accès à" not in page.text
    browser.submit("/activation/mot-de-passe", password=PASSWORD, again=PASSWORD)
    assert browser.page.request.path == "/activation/courriel", "the account goes on without"


def test_corrected_by_the_school(paul, office, family):
    """Found by name, ended with a reason, and restored."""
    _world, child, adult = family
    page = office.get(f"{LIST}?q=camil")
    assert f"{LIST}/{child.id}" in page.text
    page = office.get(f"{LIST}/{child.id}")
    assert "En vigueur" in page.text
    page = office.submit("repondre", adult_id=str(adult.id), reason="")
    assert page.status_code == 422
    assert "Dites pourquoi" in page.text
    page = office.submit("repondre", reason="homonyme")
    assert "Le rattachement est écarté" in page.text
    assert "Camille" not in paul.get("/").text
    page = office.get(f"{LIST}/{child.id}")
    assert "Écarté" in page.text
    office.submit("repondre", answer="right")
    assert "Camille" in paul.get("/").text


def test_which_adult(office, family):
    """The form says what is missing, and keeps the reason typed."""
    _world, child, _adult = family
    office.get(f"{LIST}/{child.id}")
    page = office.submit("repondre", reason="homonyme")
    assert page.status_code == 422
    assert "Dites quel rattachement est erroné" in page.text
    assert 'value="homonyme"' in page.text


def test_nobody_by_that_name(office, family):
    """Said, with why."""
    assert "Aucun élève ne correspond" in office.get(f"{LIST}?q=xyz").text
    assert office.client.get(f"{LIST}/00000000-0000-0000-0000-000000000000").status_code == 404


@pytest.mark.parametrize("number", [1, 5])
def test_statements(services, family, office, number):
    """Session, roles, establishment, reports, students, looks: six, however many."""
    world, child, _adult = family
    for n in range(number):
        adult = an_adult(first_name=f"Adulte{n}")
        world.adult(adult, a_link(child.id, adult.id))
        browser = Browser(services)
        browser.sign_in(world.account(adult, Audience.GUARDIAN).login_name, PASSWORD)
        deny(browser, child)
    office.get(LIST)
    with counted(services.engine) as seen:
        page = office.get(f"{LIST}?q=camille")
    assert page.text.count("Adulte") == 3 * number, "in its row, and named by both buttons"
    assert len(seen) == 6, seen
