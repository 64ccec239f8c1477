"""« Enfants » and « Regrouper des comptes », page by page."""

from __future__ import annotations

import re

import pytest
from attrs import evolve

from teleservices_core.domain.accounts import Audience
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
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.mailing import deliver

PLAIN = str.maketrans({"\u00a0": " ", "\u202f": " "})


@pytest.fixture
def world(services):
    """A collège and a lycée."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents", phone="0380000000"))
    return world


def guardian(world, first_name, uai, adult=None, **changes):
    """An account with one child."""
    child = a_student(first_name=first_name)
    world.student(child, a_schooling(child.id, uai))
    adult = adult or an_adult()
    world.adult(adult, a_link(child.id, adult.id))
    return world.account(adult, Audience.GUARDIAN, **changes)


@pytest.fixture
def mine(world):
    """The mother of Camille, at the collège."""
    return guardian(world, "Camille", COLLEGE, email="anne@example.org")


@pytest.fixture
def other(world):
    """Her other account, for Léo at the lycée."""
    return guardian(world, "Léo", LYCEE, email="autre@example.org")


@pytest.fixture
def browser(services, mine):
    """Signed in to the first one."""
    browser = Browser(services)
    browser.sign_in(mine.login_name, PASSWORD)
    return browser


def gather(browser, login_name, secret=PASSWORD, current=PASSWORD):
    """Fill in « Regrouper des comptes »."""
    browser.get("/compte/enfants/regrouper")
    page = browser.submit(
        "/compte/enfants/regrouper", login_name=login_name, secret=secret, current=current
    )
    return page, page.text.translate(PLAIN)


def follow(browser, text):
    """Open the link of a page that says something."""
    for href, label in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', browser.page.text):
        if text in label:
            return browser.get(href)
    raise AssertionError(f"no link {text!r}")


@pytest.mark.faq("F18")
@pytest.mark.faq("F19")
def test_by_the_menu(browser, other):
    """Mon compte, Enfants, Regrouper des comptes: the list of the children attached is shown."""
    follow(browser, "Mon compte")
    follow(browser, "Enfants")
    follow(browser, "Regrouper des comptes")
    page = browser.submit(
        "regrouper", login_name=other.login_name.upper(), secret=PASSWORD, current=PASSWORD
    )
    assert page.request.path == "/compte/enfants"
    for shown in ("Camille", "Collège des Trois-Rivières", "Léo", "Lycée des Quatre-Vents", "6 B"):
        assert shown in page.text
    assert f"Par le compte {other.login_name}, regroupé avec le vôtre" in page.text


@pytest.mark.faq("F18")
def test_from_the_home_page(browser):
    """A guardian who looks for another child finds the way at once."""
    browser.get("/")
    page = follow(browser, "Regroupez les deux comptes")
    assert "Regrouper des comptes" in page.text


def test_undone_from_the_list(browser, other, clock):
    """The button says until when, and disappears with that date."""
    _page, text = gather(browser, other.login_name)
    assert "Possible jusqu’au mardi 1er décembre 2026 à 10 h 30." in text
    page = browser.submit("/compte/enfants/annuler")
    assert "Le regroupement est annulé" in page.text
    assert "Léo" not in page.text
    gather(browser, other.login_name)
    clock.advance(days=7)
    browser.sign_in("anne.martin", PASSWORD)
    page = browser.get("/compte/enfants")
    assert "Annuler ce regroupement" not in page.text
    assert "Léo" in page.text


def test_a_late_button_says_so(browser, other, clock, services):
    """A page left open for a week."""
    gather(browser, other.login_name)
    action, fields = browser.forms()[-1]
    clock.advance(days=7)
    browser.sign_in("anne.martin", PASSWORD)
    browser.get("/compte")
    fields["csrf_token"] = browser.forms()[0][1]["csrf_token"]
    answer = browser.client.post(action, data=fields, follow_redirects=True)
    assert "ne peut plus être annulé" in answer.text
    for odd in ("x", "00000000-0000-0000-0000-000000000000"):
        fields["grouping_id"] = odd
        assert browser.client.post(action, data=fields).status_code == 404


def test_undone_by_the_mail(services, browser, other):
    """The link shows a page, its button undoes; the grouped account is told at sign-in."""
    gather(browser, other.login_name)
    there = Browser(services)
    page = there.sign_in(other.login_name, PASSWORD)
    assert "Ce compte est regroupé avec un autre" in page.text
    deliver(services.site, services.mailer)
    (mail,) = [m for m in services.mailer.messages() if m["To"] == "autre@example.org"]
    path = re.search(r"http://localhost(/degrouper/\S+)", mail.get_content()).group(1)
    page = there.get(path)
    assert "qui fonctionnera comme avant" in page.text
    assert "Léo" in browser.get("/compte/enfants").text, "looking changes nothing"
    there.get(path)
    page = there.submit("degrouper")
    assert "fonctionne comme avant" in page.text.translate(PLAIN)
    assert "Léo" in there.sign_in(other.login_name, PASSWORD).text
    assert "Léo" not in browser.get("/compte/enfants").text
    assert there.get(path).status_code == 410


@pytest.mark.parametrize(
    ("login_name", "secret", "current", "said"),
    [
        ("anne.martin2", "faux", PASSWORD, "de l’autre compte est incorrect"),
        ("personne", PASSWORD, PASSWORD, "de l’autre compte est incorrect"),
        ("anne.martin2", PASSWORD, "faux", "pas le mot de passe de votre compte"),
        ("anne.martin", PASSWORD, PASSWORD, "C’est le compte que vous utilisez déjà"),
    ],
)
def test_refusals(browser, other, login_name, secret, current, said):
    """Each says what is wrong; the identifier typed survives, no secret does."""
    page, text = gather(browser, login_name, secret, current)
    assert page.status_code == 422
    assert said in text
    assert f'value="{login_name}"' in text
    assert PASSWORD not in text


def test_another_name(world, browser):
    """The school to ask is named, with how to reach it."""
    guardian(world, "Tom", LYCEE, an_adult(first_name="Paul"))
    page, text = gather(browser, "paul.martin")
    assert page.status_code == 422
    assert "au nom de Paul MARTIN, le vôtre au nom de Anne MARTIN" in text
    assert "Lycée des Quatre-Vents" in text
    assert "03 80 00 00 00" in text


def test_a_pupil(world, browser):
    """A pupil's letter is the pupil's own."""
    pupil = a_student(first_name="Zoé")
    world.student(pupil, a_schooling(pupil.id))
    account = world.account(pupil, Audience.STUDENT)
    _page, text = gather(browser, account.login_name)
    assert "n’est pas celui d’un responsable" in text


def test_already_grouped(services, world, browser, other):
    """With a third account; twice with the same one is once."""
    gather(browser, other.login_name)
    _page, text = gather(browser, other.login_name)
    assert "Les comptes sont regroupés" in text
    third = guardian(world, "Zoé", COLLEGE, email="zoe@example.org")
    elsewhere = Browser(services)
    elsewhere.sign_in(third.login_name, PASSWORD)
    page, text = gather(elsewhere, other.login_name)
    assert page.status_code == 422
    assert "Ce compte est déjà regroupé" in text


def test_too_many_tries(browser, other):
    """The page says how long to wait."""
    for _n in range(12):
        page, text = gather(browser, other.login_name, "faux")
    assert "Trop d’essais" in text
    assert re.search(r"attendez \d+ (minute|heure)", text)


def test_without_a_password_of_its_own(services, world):
    """An account that only the host signs in is not asked for one."""
    account = guardian(world, "Ana", COLLEGE, an_adult(first_name="Eva"))
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    assert 'name="current"' in browser.get("/compte/enfants/regrouper").text
    with services.site.database.writing() as tx:
        stored = tx.accounts.get(account.id)
        tx.accounts.replace(stored, evolve(stored, password_hash=None))
    assert 'name="current"' not in browser.get("/compte/enfants/regrouper").text


def test_no_child_at_all(services, world):
    """A guardian whose links have ended still finds « Regrouper des comptes »."""
    account = world.account(an_adult(first_name="Luc"), Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    for path in ("/", "/compte", "/compte/enfants"):
        browser.get(path)
        assert "/compte/enfants/regrouper" in browser.page.text


def test_the_help_has_the_figure(services):
    """Days to undo come from the settings."""
    text = Browser(services).get("/aide").text.translate(PLAIN)
    assert "Un regroupement s’annule pendant 7 jours" in text


@pytest.mark.parametrize("number", [1, 3])
def test_statements(services, world, number):
    """Session, children, groupings, identifiers: four, for any number of groupings."""
    mine = guardian(world, "Camille", COLLEGE)
    browser = Browser(services)
    browser.sign_in(mine.login_name, PASSWORD)
    for n in range(number):
        gather(browser, guardian(world, f"Enfant{n}", LYCEE).login_name)
    browser.get("/compte/enfants")
    with counted(services.engine) as seen:
        page = browser.get("/compte/enfants")
    assert page.text.count("Annuler ce regroupement") == number
    assert len(seen) == 4, seen
