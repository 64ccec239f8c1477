"""Devices that an account knows, and the notice of one that it does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.signing_in import sign_in

PHONE = "Mozilla/5.0 (Android 15; Mobile) Firefox/132.0"


@pytest.fixture
def mother(services):
    """An active account with a confirmed address."""
    return World(services).account(an_adult(), Audience.GUARDIAN, email="anne@example.org")


def notices(services):
    """The mails about new devices, the newest first."""
    deliver(services.site, services.mailer)
    return [
        each.get_content()
        for each in services.mailer.messages()
        if each["Subject"] == "Nouvelle connexion à votre compte"
    ]


def device_cookie(browser):
    """The long-lived cookie."""
    (found,) = [c for c in browser.client._cookies.values() if "-device-" in c.key]
    return found


def test_a_new_device_is_told(services, mother, clock):
    """Not the first one, nor one known; the mail says when, with what, and what to do."""
    home = Browser(services)
    home.sign_in(mother.login_name, PASSWORD)
    home.submit("deconnexion")
    home.sign_in(mother.login_name, PASSWORD)
    assert notices(services) == []
    clock.advance(hours=3)
    Browser(services, agent=PHONE).sign_in(mother.login_name, PASSWORD)
    (text,) = notices(services)
    assert "Firefox, Android, le mardi 24 novembre 2026 à 13\u00a0h\u00a030" in text
    assert "Mot de passe oublié" in text
    home.submit("deconnexion")
    home.sign_in(mother.login_name, PASSWORD)
    assert len(notices(services)) == 1


def test_nobody_is_told_without_address(services):
    """A student without an address, or one that is not confirmed, is not written to."""
    account = World(services).account(
        an_adult(), Audience.STUDENT, email=None, pending_email="c@example.org"
    )
    for _n in range(2):
        Browser(services).sign_in(account.login_name, PASSWORD)
    assert notices(services) == []


def test_first_login_makes_the_device_known(services, clock):
    """The browser of the first login is no stranger afterwards."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    world.account(mother, Audience.GUARDIAN, **fresh)
    (letter,) = issue_letters(services.site, plan_letters(services.site, COLLEGE))
    login_name = letter.candidate.account.login_name
    home = Browser(services)
    home.sign_in(login_name, letter.code)
    chosen = "quatre chats sur le toit"
    home.submit("mot-de-passe", password=chosen, again=chosen)
    home.submit("courriel", email="anne@example.org")
    deliver(services.site, services.mailer)
    link = services.mailer.messages()[0].get_content().split("http://localhost")[1].split()[0]
    home.get(link)
    home.submit("confirmer")
    home.submit("deconnexion")
    home.sign_in(login_name, chosen)
    assert notices(services) == []
    Browser(services).sign_in(login_name, chosen)
    assert len(notices(services)) == 1


def test_the_cookie(services, mother):
    """Given once signed in, for 400 days, out of reach of scripts; the same for every account."""
    browser = Browser(services)
    browser.get("/connexion")
    assert not [c for c in browser.client._cookies.values() if "-device-" in c.key]
    browser.sign_in(mother.login_name, PASSWORD)
    cookie = device_cookie(browser)
    assert cookie.max_age == timedelta(days=400).total_seconds()
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/"
    assert len(cookie.value) == 43
    browser.submit("deconnexion")
    father = World(services).account(an_adult(first_name="Paul"), Audience.GUARDIAN)
    browser.sign_in(father.login_name, PASSWORD)
    assert device_cookie(browser).value == cookie.value
    with services.site.database.reading() as tx:
        digests = {tx.devices.of_account(x.id)[0].digest for x in (mother, father)}
    assert len(digests) == 2, "nothing tells that two accounts share a device"
    assert cookie.value not in digests


@pytest.mark.parametrize("forged", ["x", "é" * 43, "a" * 44, "a" * 4000])
def test_a_forged_cookie_counts_for_nothing(services, mother, forged):
    """What is not of our making is replaced."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    name = device_cookie(browser).key
    browser.submit("deconnexion")
    browser.client.set_cookie(name, forged)
    browser.sign_in(mother.login_name, PASSWORD)
    assert device_cookie(browser).value != forged


def test_few_are_kept(services, mother, clock):
    """The twenty latest, none older than the cookie's life."""
    for number in range(25):
        clock.advance(minutes=1)
        sign_in(services.site, mother.login_name, PASSWORD, source="x", device=str(number))
    with services.site.database.reading() as tx:
        kept = [each.label for each in tx.devices.of_account(mother.id)]
    assert kept == [str(number) for number in range(24, 4, -1)]
    clock.advance(days=401)
    sign_in(services.site, mother.login_name, PASSWORD, source="x", device="new")
    with services.site.database.reading() as tx:
        assert [each.label for each in tx.devices.of_account(mother.id)] == ["new"]
