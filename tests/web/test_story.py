"""The main story, through the real pages, on both databases."""

from __future__ import annotations

import re

import pytest

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver

CHOSEN = "quatre chats sur le toit"


@pytest.fixture
def family(services: Teleservices):
    """A mother, her child, and the letter handed to her."""
    world = World(services)
    world.establishment()
    child = a_student()
    world.student(child, a_schooling(child.id))
    mother = an_adult()
    world.adult(mother, a_link(child.id, mother.id))
    world.account(mother, Audience.GUARDIAN, state=AccountState.NEW, password_hash=None, email=None)
    (letter,) = issue_letters(services.site, plan_letters(services.site, COLLEGE))
    return child, letter


@pytest.mark.faq("F10")
@pytest.mark.faq("F11")
@pytest.mark.faq("F12")
def test_first_login_to_home(services, family):
    """From the letter to the home page: password, address, mailed link, children."""
    child, letter = family
    browser = Browser(services)
    browser.sign_in(letter.candidate.account.login_name, letter.code.lower().replace("-", " "))
    assert "Choisissez votre mot de passe" in browser.page.text
    browser.get("/compte")
    assert "Choisissez votre mot de passe" in browser.page.text, "no other page is reachable"
    browser.submit("mot-de-passe", password="court", again="court")
    assert "au moins 12" in browser.page.text
    browser.submit("mot-de-passe", password=CHOSEN, again=CHOSEN)
    browser.submit("courriel", email="pas une adresse")
    assert "pas une adresse" in browser.page.text, "typed text survives"
    browser.submit("courriel", email="anne@example.org")
    assert "anne@example.org" in browser.page.text
    assert deliver(services.site, services.mailer).sent == 1
    (mail,) = services.mailer.messages()
    link = re.search(r"http://localhost(/confirmer/\S+)", mail.get_content()).group(1)
    browser.get(link)
    browser.get(link)
    browser.submit("/confirmer/")
    assert "Bonjour Anne" in browser.page.text
    assert child.full_name in browser.page.text
    assert "6 B" in browser.page.text


@pytest.mark.faq("F04")
def test_switch(services):
    """The switch opens for one audience only, says so, and is journalled with its author."""
    from teleservices_core.testing.builders import a_module

    module = next(iter(services.site.catalogue.modules), a_module())
    world = World(services)
    world.establishment()
    head = world.staff(Role.HEAD, COLLEGE)
    console = Browser(services)
    console.sign_in(head.login_name, PASSWORD)
    page = console.submit("/modules", module_id=module.id, audience="guardian")
    assert "est maintenant ouvert aux responsables" in page.text
    assert "Ouvert par Claude DURAND" in page.text
    page = console.submit("/modules", module_id=module.id, audience="guardian")
    assert "est maintenant fermé aux responsables" in page.text
    with services.site.database.reading() as tx:
        assert [e.action for e in tx.audit.latest(2)] == ["module.closed", "module.open"]
        assert tx.audit.latest(1)[0].actor == "Claude DURAND"


@pytest.mark.faq("F12")
def test_confirmed_on_another_device(services, family):
    """The computer that waits goes on by itself once the link is opened on a telephone."""
    child, letter = family
    computer, phone = Browser(services), Browser(services)
    computer.sign_in(letter.candidate.account.login_name, letter.code)
    computer.submit("mot-de-passe", password=CHOSEN, again=CHOSEN)
    computer.submit("courriel", email="anne@example.org")
    deliver(services.site, services.mailer)
    (mail,) = services.mailer.messages()
    phone.get(re.search(r"http://localhost(/confirmer/\S+)", mail.get_content()).group(1))
    phone.submit("/confirmer/")
    for page in ("/activation/en-attente", "/"):
        assert child.full_name in computer.get(page).text
        assert computer.page.request.path == "/"


def test_a_letter_opened_twice_is_claimed_once(services, family):
    """Who came in with a photographed letter is out as soon as its owner has chosen a password."""
    _child, letter = family
    login = letter.candidate.account.login_name
    owner, thief = Browser(services), Browser(services)
    for browser in (thief, owner):
        browser.sign_in(login, letter.code)
    owner.submit("mot-de-passe", password=CHOSEN, again=CHOSEN)
    assert thief.get("/activation/courriel").request.path == "/connexion"
    assert owner.get("/").request.path == "/activation/courriel"


@pytest.mark.faq("F20")
def test_the_age_of_the_last_mail_is_shown(services, family, clock):
    """Before asking for another, one sees how long ago the last one left."""
    _child, letter = family
    browser = Browser(services)
    browser.sign_in(letter.candidate.account.login_name, letter.code)
    browser.submit("mot-de-passe", password=CHOSEN, again=CHOSEN)
    assert "à l’instant" in browser.submit("courriel", email="anne@example.org").text
    clock.advance(minutes=4)
    page = browser.get("/activation/en-attente")
    assert "il y a 4 minutes, le mardi 24 novembre 2026 à 10\u00a0h\u00a030" in page.text
    page = browser.submit("renvoyer")
    assert "à l’instant" in page.text
    page = browser.submit("renvoyer")
    assert "attendez une minute" in page.text


@pytest.mark.faq("F13")
def test_a_student_is_asked_again_kindly(services):
    """Who went on without an address is told what it would be good for, with the way to add it."""
    account = World(services).account(a_student(), Audience.STUDENT, email=None)
    browser = Browser(services)
    page = browser.sign_in(account.login_name, PASSWORD)
    assert "Ajoutez une adresse électronique" in page.text
    assert 'href="/compte/courriel">L’ajouter</a>' in page.text


@pytest.mark.faq("F30")
def test_what_to_check(services):
    """The refusal says what to check, leads to both ways out, and gives the telephone and hours."""
    browser = Browser(services)
    page = browser.sign_in("anne.martin", "faux")
    notice = page.text[page.text.index("notice-error") : page.text.index("field-login_name")]
    for said in (
        "votre compte",
        "mot de passe provisoire",
        'href="/identifiant-oublie"',
        'href="/mot-de-passe-oublie"',
        'href="tel:0380448809"',
        "du lundi au vendredi",
    ):
        assert said in notice
    for _n in range(5):
        page = browser.sign_in("anne.martin", "faux")
    notice = page.text[page.text.index("notice-error") : page.text.index("field-login_name")]
    assert "attendez 1 minute" in notice
    assert 'href="/mot-de-passe-oublie"' in notice
