"""A form sent twice: both answers lead where one would have, whichever came first."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import argon2
import pytest
from attrs import evolve
from werkzeug.test import Client

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.credentials import normalize_password
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.recovery import ask_reset

CHOSEN = "quatre chats sur le toit"
CLICKS = 4


@pytest.fixture
def mother(services):
    """An active account, with a child."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    return world.account(mother, Audience.GUARDIAN, email="anne@example.org")


def mailed_link(services):
    """The path of the link in the newest mail."""
    deliver(services.site, services.mailer)
    found = re.search(
        r"http://localhost(/\S+/\S{20,})", services.mailer.messages()[0].get_content()
    )
    assert found
    return found[1]


def clicked(services, browser, action, **typed):
    """The first page's status and where it leads, for each of several clicks at one instant."""
    here = browser.page.request.path
    fields = next(fields for target, fields in browser.forms() if action in (target or here))
    target = next(target for target, _fields in browser.forms() if action in (target or here))
    cookies = [(each.key, each.value) for each in browser.client._cookies.values()]
    barrier = Barrier(CLICKS)

    def click(_number):
        client = Client(services)
        for name, value in cookies:
            client.set_cookie(name, value)
        barrier.wait()
        answer = client.post(target or here, base_url="http://localhost", data={**fields, **typed})
        after = client.get("/compte", base_url="http://localhost", follow_redirects=True)
        return answer.status_code, answer.headers.get("Location"), after.request.path

    with ThreadPoolExecutor(CLICKS) as pool:
        return list(pool.map(click, range(CLICKS)))


def test_sign_in(services, mother):
    """All are in, whoever comes first, several times over."""
    for _trial in range(3):
        browser = Browser(services)
        browser.get("/connexion")
        answers = clicked(
            services, browser, "/connexion", login_name=mother.login_name, password=PASSWORD
        )
        assert answers == [(303, "/", "/compte")] * CLICKS


def test_sign_in_with_an_older_hash(services, mother):
    """The first click makes the hash anew, which changes nothing for the others."""
    other = argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    older = evolve(mother, password_hash=other.hash(normalize_password(PASSWORD)))
    with services.site.database.writing() as tx:
        tx.accounts.replace(mother, older)
    test_sign_in(services, mother)


def test_sign_out(services, mother):
    """All say so."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    browser.get("/compte")
    assert (
        clicked(services, browser, "/deconnexion") == [(303, "/connexion", "/connexion")] * CLICKS
    )


def test_change_of_password(services, mother):
    """Who clicked twice goes on with what was chosen, in « Mon compte » and after a link."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    browser.get("/compte/mot-de-passe")
    typed = {"password": CHOSEN, "again": CHOSEN}
    answers = clicked(services, browser, "/compte/mot-de-passe", current=PASSWORD, **typed)
    assert {status for status, _where, _after in answers} == {303}
    ask_reset(services.site, mother.login_name, source="x")
    browser = Browser(services)
    browser.get(mailed_link(services))
    browser.submit("")
    assert browser.page.request.path == "/nouveau-mot-de-passe"
    again = {"password": f"{CHOSEN} encore", "again": f"{CHOSEN} encore"}
    answers = clicked(services, browser, "/nouveau-mot-de-passe", **again)
    assert {status for status, _where, _after in answers} == {303}
    assert Browser(services).sign_in(mother.login_name, again["password"]).status_code == 200


def test_two_tabs_that_choose_otherwise(services, mother):
    """Another password is another act: only one is taken, and the other tab is told."""
    browsers = [Browser(services) for _tab in range(2)]
    browsers[0].sign_in(mother.login_name, PASSWORD)
    for browser in browsers:
        browser.client._cookies = browsers[0].client._cookies
        browser.get("/compte/mot-de-passe")
    site, stale = services.site, mother
    first = browsers[0].submit("mot-de-passe", current=PASSWORD, password=CHOSEN, again=CHOSEN)
    assert "est changé" in first.text
    other = browsers[1].submit(
        "mot-de-passe", current=PASSWORD, password="z" + CHOSEN, again="z" + CHOSEN
    )
    assert other.status_code in {403, 422}
    with site.database.reading() as tx:
        assert tx.accounts.get(stale.id).version == 2


def test_first_login(services):
    """The letter's password is replaced once, and every click goes on."""
    world = World(services)
    world.establishment()
    child, mother = a_student(), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    account = world.account(mother, Audience.GUARDIAN, **fresh)
    plan = plan_letters(services.site, COLLEGE)
    (letter,) = issue_letters(services.site, plan)
    browser = Browser(services)
    browser.sign_in(account.login_name, letter.code)
    assert browser.page.request.path == "/activation/mot-de-passe"
    typed = {"password": CHOSEN, "again": CHOSEN}
    answers = clicked(services, browser, "/activation/mot-de-passe", **typed)
    assert {status for status, _where, _after in answers} == {303}
    # Who comes after the first is done has its session no more, and is told what to do.
    assert {"/"} <= {where for _status, where, _after in answers} <= {"/", "/connexion"}


def test_a_confirmation(services, mother):
    """One confirms; the others read that it is done, not that somebody changed the account."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    browser.get("/compte/courriel")
    browser.submit("courriel", current=PASSWORD, email="neuve@example.org")
    visitor = Browser(services)
    visitor.get(mailed_link(services))
    answers = clicked(services, visitor, "/confirmer")
    assert sorted(status for status, _where, _after in answers) == [303, 410, 410, 410]


def test_a_form_whose_effect_is_there(services, mother):
    """The cookies of the first answer came before the second click, or another tab was first."""
    browser = Browser(services)
    browser.get("/connexion")
    data = {**browser.forms()[0][1], "login_name": mother.login_name, "password": PASSWORD}
    for _click in range(2):
        answer = browser.client.post("/connexion", base_url="http://localhost", data=data)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    page = browser.get("/compte")
    data = next(fields for target, fields in browser.forms() if "deconnexion" in target)
    for _click in range(2):
        answer = browser.client.post("/deconnexion", base_url="http://localhost", data=data)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/connexion")
    assert page.status_code == 200
    # Nobody is signed out by another site, nor by a form of a session before.
    browser.sign_in(mother.login_name, PASSWORD)
    answer = browser.client.post("/deconnexion", base_url="http://localhost", data=data)
    assert answer.status_code == 403
    assert browser.get("/compte").request.path == "/compte"
