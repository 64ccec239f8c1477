"""A form sent twice: both answers lead where one would have, whichever the browser keeps."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import argon2
import pytest
from attrs import evolve
from werkzeug.test import Client

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.credentials import normalize_password
from teleservices_core.domain.staff import Role
from teleservices_core.ports.academy import AuditSearch
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.letters import issue_letters, plan_letters
from teleservices_core.usecases.mailing import deliver
from teleservices_core.usecases.recovery import ask_reset

CHOSEN = "quatre chats sur le toit"
CLICKS = 2


@pytest.fixture(params=["at once", "answer lost", "answered"])
def how(request):
    """How the clicks follow each other: the browser has kept the answer to the one before only
    in the last case."""
    return request.param


@pytest.fixture
def world(services):
    """A collège."""
    world = World(services)
    world.establishment()
    return world


def a_mother(world, first_name="Camille", **changes):
    """An account, active unless told otherwise, with a child."""
    child, mother = a_student(first_name=first_name), an_adult()
    world.student(child, a_schooling(child.id))
    world.adult(mother, a_link(child.id, mother.id))
    return world.account(mother, Audience.GUARDIAN, **{"email": "anne@example.org", **changes})


@pytest.fixture
def mother(world):
    """An active account, with a child."""
    return a_mother(world)


@pytest.fixture
def browser(services, mother):
    """Hers, signed in."""
    browser = Browser(services)
    browser.sign_in(mother.login_name, PASSWORD)
    return browser


def mailed_links(services):
    """The paths of the links in mails, the newest first."""
    deliver(services.site, services.mailer)
    texts = "".join(each.get_content() for each in services.mailer.messages())
    return re.findall(r"http://localhost(/\S+/\S{20,})", texts)


def clicked(services, browser, action, how, **typed):
    """The page to which all the clicks lead, and what « Mon compte » then is for each."""
    here = browser.page.request.path
    target, fields = next(each for each in browser.forms() if action in (each[0] or here))
    data = {**fields, **typed}
    cookies = [(each.key, each.value) for each in browser.client._cookies.values()]
    barrier = Barrier(CLICKS if how == "at once" else 1)

    def client():
        made = Client(services)
        for name, value in cookies:
            made.set_cookie(name, value)
        return made

    def click(client):
        barrier.wait(20)
        answer = client.post(
            target or here, base_url="http://localhost", data=data, follow_redirects=True
        )
        after = client.get("/compte", base_url="http://localhost", follow_redirects=True)
        return answer.status_code, answer.request.path, after.request.path

    if how == "at once":
        with ThreadPoolExecutor(CLICKS) as pool:
            found = set(pool.map(click, [client() for _n in range(CLICKS)]))
    elif how == "answer lost":
        found = {click(client()) for _n in range(CLICKS)}
    else:
        one = client()
        found = {click(one) for _n in range(CLICKS)}
    assert len(found) == 1, found
    return found.pop()


def mails(services):
    """How many have left, in all."""
    deliver(services.site, services.mailer)
    return len(services.mailer.messages())


def test_sign_in(services, mother, how):
    """All are in, whoever comes first, several times over."""
    for _trial in range(3):
        browser = Browser(services)
        browser.get("/connexion")
        typed = {"login_name": mother.login_name, "password": PASSWORD}
        assert clicked(services, browser, "/connexion", how, **typed) == (200, "/", "/compte")


@pytest.mark.parametrize("how", ["at once"])
def test_sign_in_with_an_older_hash(services, mother, how):
    """The first click makes the hash anew, which changes nothing for the others."""
    other = argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    older = evolve(mother, password_hash=other.hash(normalize_password(PASSWORD)))
    with services.site.database.writing() as tx:
        tx.accounts.replace(mother, older)
    test_sign_in(services, mother, how)


def test_sign_out(services, browser, how):
    """All say so."""
    browser.get("/compte")
    assert clicked(services, browser, "/deconnexion", how) == (200, "/connexion", "/connexion")


def test_change_of_password(services, browser, mother, how):
    """Who clicks twice goes on with what was chosen, and is told by one mail."""
    browser.get("/compte/mot-de-passe")
    typed = {"current": PASSWORD, "password": CHOSEN, "again": CHOSEN}
    there = clicked(services, browser, "/compte/mot-de-passe", how, **typed)
    assert there == (200, "/compte", "/compte")
    assert mails(services) == 1
    assert Browser(services).sign_in(mother.login_name, CHOSEN).request.path == "/"


def test_a_reset(services, mother, how):
    """The button of the link, then the new password."""
    ask_reset(services.site, mother.login_name, source="x")
    browser = Browser(services)
    browser.get(mailed_links(services)[0])
    path = "/nouveau-mot-de-passe"
    assert clicked(services, browser, path, how) == (200, path, path)
    ask_reset(services.site, mother.login_name, source="x")
    browser.get(mailed_links(services)[0])
    browser.submit(path)
    before = mails(services)
    there = clicked(services, browser, path, how, password=CHOSEN, again=CHOSEN)
    assert there == (200, "/", "/compte")
    assert mails(services) == before + 1


def test_first_login(services, world, how):
    """The letter's password, the address and its link: each step is done once, by all clicks."""
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    account = a_mother(world, **fresh)
    (letter,) = issue_letters(services.site, plan_letters(services.site, COLLEGE))
    browser = Browser(services)
    browser.sign_in(account.login_name, letter.code)
    path = "/activation/mot-de-passe"
    there = clicked(services, browser, path, how, password=CHOSEN, again=CHOSEN)
    assert there == (200, "/activation/courriel", "/activation/courriel")
    browser = Browser(services)
    browser.sign_in(account.login_name, CHOSEN)
    there = clicked(services, browser, "/activation/courriel", how, email="neuve@example.org")
    assert there == (200, "/activation/en-attente", "/activation/en-attente")
    assert len(mailed_links(services)) == 1
    browser = Browser(services)
    browser.sign_in(account.login_name, CHOSEN)
    browser.get(mailed_links(services)[0])
    assert clicked(services, browser, "/confirmer", how) == (200, "/", "/compte")


def test_a_student_without_address(services, world, how):
    """Goes on, once or twice."""
    child = a_student()
    world.student(child, a_schooling(child.id))
    account = world.account(child, Audience.STUDENT, state=AccountState.CLAIMED, email=None)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    there = clicked(services, browser, "/activation/sans-courriel", how)
    assert there == (200, "/", "/compte")


def test_another_address(services, browser, how):
    """One mail leaves; its link is good for all clicks, and so is that which undoes it."""
    browser.get("/compte/courriel")
    typed = {"current": PASSWORD, "email": "neuve@example.org"}
    there = clicked(services, browser, "/compte/courriel", how, **typed)
    assert there == (200, "/compte", "/compte")
    (confirmation,) = mailed_links(services)
    visitor = Browser(services)
    visitor.get(confirmation)
    assert clicked(services, visitor, "/confirmer", how) == (200, "/connexion", "/connexion")
    undoing = next(each for each in mailed_links(services) if "/retablir/" in each)
    visitor.get(undoing)
    there = clicked(services, visitor, "/retablir", how)
    assert there == (200, "/mot-de-passe-oublie", "/connexion")


def test_a_used_link_says_so_later(services, browser, clock):
    """After a minute, it is no double click any more."""
    browser.get("/compte/courriel")
    browser.submit("courriel", current=PASSWORD, email="neuve@example.org")
    (confirmation,) = mailed_links(services)
    visitor = Browser(services)
    visitor.get(confirmation)
    ((_target, fields),) = visitor.forms()
    for minutes, status in ((0, 303), (1, 303), (1, 410)):
        clock.advance(minutes=minutes)
        answer = visitor.client.post(confirmation, base_url="http://localhost", data=fields)
        assert answer.status_code == status


def test_grouping(services, world, browser, how):
    """Taken once, given back once, told once."""
    other = a_mother(world, "Léo", email="autre@example.org")
    browser.get("/compte/enfants/regrouper")
    typed = {"login_name": other.login_name, "secret": PASSWORD, "current": PASSWORD}
    there = clicked(services, browser, "/regrouper", how, **typed)
    assert there == (200, "/compte/enfants", "/compte")
    assert mails(services) == 2
    browser.get("/compte/enfants")
    there = clicked(services, browser, "/annuler", how)
    assert there == (200, "/compte/enfants", "/compte")
    told = mails(services)
    assert told == 4
    browser.get("/compte/enfants/regrouper")
    browser.submit("/regrouper", **typed)
    undoing = next(each for each in mailed_links(services) if "/degrouper/" in each)
    visitor = Browser(services)
    visitor.get(undoing)
    assert clicked(services, visitor, "/degrouper", how) == (200, "/connexion", "/connexion")


def test_a_child_denied(services, browser, how):
    """All say that it is noted, and the school is asked once."""
    browser.get("/compte/enfants")
    browser.get(re.search(r'href="(/compte/enfants/[^"]+/signaler)"', browser.page.text)[1])
    there = clicked(services, browser, "/signaler", how)
    assert there == (200, "/compte/enfants", "/compte")
    with services.site.database.reading() as tx:
        (account,) = tx.accounts.by_email("anne@example.org")
        assert len(tx.attachments.reports(account.id)) == 1


def test_a_head(services, world, how):
    """Who decides, writes or entrusts twice at once is in no conflict with himself."""
    world.staff(Role.SCHOOL_OFFICE, COLLEGE)
    browser = Browser(services)
    browser.sign_in(world.staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    home = f"/ecole/{COLLEGE}"
    browser.get(f"{home}/")
    there = clicked(services, browser, "/modules", how)
    assert there == (200, f"{home}/", "/compte")
    browser.get(f"{home}/accueil")
    there = clicked(services, browser, "/accueil", how, welcome="Bonjour à tous.")
    assert there[0] == 200
    browser.get(f"{home}/delegations")
    typed = {"until_on": f"{services.site.now().date() + timedelta(days=9)}"}
    there = clicked(services, browser, "/delegations", how, **typed)
    assert there == (200, f"{home}/delegations", "/compte")
    with services.site.database.reading() as tx:
        assert len(tx.delegations.of_establishment(COLLEGE)) == 1
        found = tx.audit.search(AuditSearch(uai=COLLEGE), 20)
    acts = Counter(each.action for each in found)
    assert {acts[each] for each in acts if not each.startswith("account.")} == {1}, acts


def test_who_holds_the_session_before_learns_nothing(services, browser, mother):
    """A change of password shuts a thief out: only what was typed finds the next session."""
    stolen = [(each.key, each.value) for each in browser.client._cookies.values()]
    browser.get("/compte/mot-de-passe")
    data = {**browser.forms()[-1][1], "current": PASSWORD, "password": CHOSEN, "again": CHOSEN}
    assert browser.client.post(
        "/compte/mot-de-passe", base_url="http://localhost", data=data
    ).headers["Location"] == ("/compte")
    for guess in ({}, {"password": "x" + CHOSEN, "again": "x" + CHOSEN}, {"current": "faux"}):
        thief = Client(services)
        for name, value in stolen:
            thief.set_cookie(name, value)
        answer = thief.post(
            "/compte/courriel" if not guess else "/compte/mot-de-passe",
            base_url="http://localhost",
            data={**data, **guess},
        )
        assert answer.headers["Location"] == "/connexion"
        assert thief.get("/compte", base_url="http://localhost").status_code == 303
    # Nor is another tab, that chose otherwise, told that it is done.
    assert mother.login_name in browser.get("/compte").text


def test_a_form_of_before_does_nothing(services, browser, mother):
    """Nobody is signed out by another site, nor by a form of a session before."""
    browser.get("/compte")
    data = next(fields for target, fields in browser.forms() if "deconnexion" in target)
    browser.client.post("/deconnexion", base_url="http://localhost", data=data)
    browser.sign_in(mother.login_name, PASSWORD)
    answer = browser.client.post("/deconnexion", base_url="http://localhost", data=data)
    assert answer.status_code == 403
    assert browser.get("/compte").request.path == "/compte"
