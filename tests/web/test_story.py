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
