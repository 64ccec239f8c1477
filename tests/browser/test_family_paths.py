"""What a family does with its account, on a phone, without JavaScript."""

from __future__ import annotations

import re

import pytest
from academy_demo.build import PASSWORD

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.testing.builders import a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import World
from teleservices_core.usecases.letters import LetterPlan, issue_letters
from teleservices_core.usecases.mailing import deliver

from .steps import fits, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def mother(demo):
    """A mother of two schools: an account in use, and a letter for her other child."""
    _made, services = demo
    world, site = World(services), services.site
    year = site.school_year()
    with site.database.reading() as tx:
        first, second = tx.roster.establishments()[:2]
    accounts = []
    for school, name in ((first, "Élise"), (second, "Jules")):
        child = a_student(first_name=name, last_name="DORVAL")
        world.student(child, a_schooling(child.id, school.uai, school_year=year))
        adult = an_adult(first_name="Ève", last_name="DORVAL")
        world.adult(adult, a_link(child.id, adult.id))
        state = {} if school is first else {"state": AccountState.NEW, "password_hash": None}
        email = "eve.dorval@example.org" if school is first else None
        accounts.append(world.account(adult, Audience.GUARDIAN, email=email, **state))
    with site.database.reading() as tx:
        today = site.academie.today(site.now())
        found = tx.letters.candidates(second.uai, year, today)
    mine = tuple(each for each in found if each.account.id == accounts[1].id)
    (letter,) = issue_letters(site, LetterPlan(second, mine))
    return accounts[0].login_name, accounts[1].login_name, letter.code


def main(page):
    """What the page says."""
    return page.locator("main").inner_text()


def mailed(services, address, words):
    """The newest mail to an address that says some words; and its link's path."""
    deliver(services.site, services.mailer)
    for mail in services.mailer.messages():
        text = mail.get_content()
        if str(mail["To"]) == address and words in text:
            link = re.search(r"https?://[^/\s]+(/\S+/\S+)", text)
            return text, link.group(1) if link else ""
    raise AssertionError(f"no mail to {address} about {words}")


@pytest.fixture
def session(phone, mother):
    """The mother, signed in on her phone with the password of the world's accounts."""
    from teleservices_core.testing.world import PASSWORD as OF_WORLD

    sign_in(phone, mother[0], OF_WORLD)
    assert "Bonjour Ève" in main(phone)
    return phone, OF_WORLD


@pytest.mark.faq("F18")
@pytest.mark.faq("F19")
def test_group_two_accounts_and_undo(session, mother):
    """MON COMPTE, Enfants, regrouper des comptes: then both children are listed."""
    phone, password = session
    phone.get_by_role("link", name="Mon compte").click()
    phone.get_by_role("link", name="Regrouper des comptes").click()
    assert fits(phone)
    phone.get_by_label(re.compile("^Identifiant")).fill(mother[1])
    secrets = phone.locator("main input[type=password]")
    secrets.nth(0).fill(mother[2])
    secrets.nth(1).fill(password)
    phone.locator("main button.btn-primary").click()
    listed = main(phone)
    assert "Élise DORVAL" in listed
    assert "Jules DORVAL" in listed
    assert fits(phone)
    phone.goto("/")
    assert "Jules DORVAL" in main(phone)
    phone.goto("/compte/enfants")
    phone.get_by_role("button", name=re.compile("Annuler")).first.click()
    assert "Jules DORVAL" not in main(phone)


@pytest.mark.faq("F37")
def test_change_address(session, demo):
    """The new address counts once its own link is followed; the old one is told."""
    phone, password = session
    phone.goto("/compte/courriel")
    phone.get_by_label(re.compile("adresse", re.IGNORECASE)).fill("eve.nouvelle@example.org")
    phone.locator("main input[type=password]").fill(password)
    phone.locator("main button.btn-primary").click()
    assert "eve.dorval@example.org" in main(phone)
    _text, path = mailed(demo[1], "eve.nouvelle@example.org", "confirmer")
    phone.goto(path)
    assert fits(phone)
    phone.locator("main button.btn-primary").click()
    phone.goto("/compte")
    assert "eve.nouvelle@example.org" in main(phone)
    mailed(demo[1], "eve.dorval@example.org", "remplace")


@pytest.mark.faq("F33")
@pytest.mark.faq("F34")
def test_lost_identifier_then_lost_password(phone, demo, mother):
    """Both answers come by mail; the link opens a page that only sets a password."""
    made, services = demo
    person = next(each for each in made.personas() if each.key == "separes_pere")
    with services.site.database.reading() as tx:
        account = tx.accounts.by_login(person.login_name)
    phone.goto("/connexion")
    phone.get_by_role("link", name="Identifiant oublié").click()
    phone.locator("main input[name=email]").fill(account.email)
    phone.locator("main button.btn-primary").click()
    text, _path = mailed(services, account.email, "identifiants")
    assert person.login_name in text
    phone.goto("/mot-de-passe-oublie")
    phone.locator("main input[name=login_name]").fill(person.login_name)
    phone.locator("main button.btn-primary").click()
    assert fits(phone)
    _text, path = mailed(services, account.email, "nouveau mot de passe a été demandé")
    phone.goto(path)
    phone.locator("main button.btn-primary").click()
    phone.goto("/compte")
    assert "mot de passe" in main(phone).lower(), "nothing else can be reached"
    for field in phone.locator("main input[type=password]").all():
        field.fill(PASSWORD)
    phone.locator("main button.btn-primary").click()
    assert "Bonjour" in main(phone) or "mot de passe est changé" in main(phone)


def test_sessions_and_my_data(session, tmp_path):
    """Where the account is open, who looked at it, and a copy of everything, to keep."""
    phone, password = session
    phone.goto("/compte")
    phone.get_by_role("link", name="Voir les connexions").click()
    assert "Chrome" in main(phone)
    assert fits(phone)
    phone.goto("/compte")
    phone.get_by_role("link", name="Qui a consulté").click()
    assert fits(phone)
    phone.goto("/compte")
    phone.get_by_role("link", name="Télécharger mes données").click()
    phone.locator("main input[type=password]").fill(password)
    with phone.expect_download() as downloaded:
        phone.locator("main button.btn-primary").press("Enter")
    downloaded.value.save_as(tmp_path / "copie.zip")
    assert (tmp_path / "copie.zip").stat().st_size > 500


@pytest.mark.faq("F36")
def test_useful_links(phone):
    """The browsers that the site works with, from any page."""
    phone.goto("/connexion")
    phone.get_by_role("link", name="Liens utiles").click()
    for browser in ("Firefox", "Chrome", "Edge"):
        assert browser in main(phone)
    assert fits(phone)
