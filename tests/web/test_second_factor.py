"""« Double authentification »: set up, give, look after; imposed from a day on."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import TokenPurpose
from teleservices_core.domain.second_factor import period_of
from teleservices_core.domain.staff import Role
from teleservices_core.errors import SettingsError
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.one_time_codes import code_of
from teleservices_core.settings import SecondFactorSettings, structure
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.links import send_link

SET_UP = "/compte/double-authentification/installer"
MANAGE = "/compte/double-authentification"
KEY = re.compile(r'<code class="key">([A-Z2-7 ]+)</code>')
PAPER = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})</code>")


@pytest.fixture
def person(services):
    """Somebody of the académie."""
    return World(services).staff(Role.ACADEMY_ADMIN, email="claude@example.org")


def shown(services, secret):
    """What the telephone shows now."""
    return code_of(secret, period_of(services.site.now()))


def installed(services, browser):
    """Set up what the page shows; the secret, and the codes on paper."""
    (key,) = KEY.findall(browser.get(SET_UP).text)
    secret = key.replace(" ", "")
    browser.submit("installer", code=shown(services, secret), current=PASSWORD)
    codes = PAPER.findall(browser.page.text)
    assert len(set(codes)) == 10
    return secret, codes


def signed_in(services, person):
    """A browser that has typed the password."""
    browser = Browser(services)
    browser.sign_in(person.login_name, PASSWORD)
    return browser


def test_from_end_to_end(services, person, clock):
    """From « Mon compte »; then each sign-in asks for a code, and leads where one wanted to go."""
    browser = signed_in(services, person)
    assert SET_UP in browser.get(MANAGE).text
    secret, codes = installed(services, browser)
    assert "Il reste 10 codes de secours" in browser.get(MANAGE).text
    assert codes[0] not in browser.page.text
    clock.advance(seconds=60)
    again = signed_in(services, person)
    assert "Votre code" in again.page.text
    assert "Votre code" in again.get("/academie/journal?page=2").text
    assert "ne convient pas" in again.submit("/connexion/code", code="000 000").text
    page = again.submit("/connexion/code", follow=False, code=shown(services, secret))
    assert page.headers["Location"] == "/academie/journal?page=2"
    assert "Votre code" not in again.get("/academie/journal").text
    assert "Votre code" not in again.get("/connexion/code").text


def test_a_code_on_paper(services, person):
    """Where the telephone is not at hand."""
    _secret, codes = installed(services, signed_in(services, person))
    browser = signed_in(services, person)
    browser.get("/connexion/code?secours=1")
    assert "Code de secours" in browser.page.text
    browser.submit("/connexion/code", code=codes[0].lower())
    assert "Il reste 9 codes" in browser.get(MANAGE).text
    page = browser.submit("/codes", code=codes[1], current=PASSWORD)
    assert len(PAPER.findall(page.text)) == 10
    browser.get(MANAGE)
    fresh = PAPER.findall(page.text)
    (form,) = (f for action, f in browser.forms() if action.endswith("/codes"))
    data = {**form, "code": fresh[0], "current": PASSWORD}
    browser.client.post(f"{MANAGE}/retirer", data=data, base_url="http://localhost")
    assert SET_UP in browser.get(MANAGE).text
    assert "Votre code" not in signed_in(services, person).page.text


def test_who_clicks_twice_goes_on(services, person, clock):
    """The second click of a code ends where the first one led."""
    secret, _codes = installed(services, signed_in(services, person))
    clock.advance(seconds=60)
    browser = signed_in(services, person)
    browser.get("/academie/journal")
    (form,) = (f for action, f in browser.forms() if action == "/connexion/code")
    data, name = {**form, "code": shown(services, secret)}, browser.client._cookies.copy()
    first = browser.client.post("/connexion/code", data=data, base_url="http://localhost")
    browser.client._cookies = name
    second = browser.client.post("/connexion/code", data=data, base_url="http://localhost")
    assert (first.status_code, second.status_code) == (303, 303)
    assert second.headers["Location"] == first.headers["Location"] == "/academie/journal"
    assert browser.get("/academie/journal").status_code == 200
    assert "Votre code" not in browser.page.text


def test_too_many_tries(services, person, clock):
    """The page says how long to wait, and how to end that."""
    secret, _codes = installed(services, signed_in(services, person))
    clock.advance(seconds=60)
    browser = signed_in(services, person)
    for _try in range(6):
        browser.submit("/connexion/code", code="000000")
    page = browser.submit("/connexion/code", code=shown(services, secret))
    assert page.status_code == 422
    assert "Trop d’essais" in page.text
    assert "Mot de passe oublié" in page.text


def test_a_mailed_link_does_not_go_round_it(services, person):
    """A new password chosen by mail leads to the code like the old one."""
    installed(services, signed_in(services, person))
    with services.site.database.writing() as tx:
        account = tx.accounts.get(person.id)
        send_link(
            services.site,
            tx,
            account,
            TokenPurpose.RESET_PASSWORD,
            "claude@example.org",
            timedelta(days=1),
        )
    (link,) = links(services)
    browser = Browser(services)
    browser.get(link)
    browser.submit("nouveau-mot-de-passe")
    new = "quatre mots sans rapport tuile 7"
    browser.submit("mot-de-passe", password=new, again=new)
    assert "Votre code" in browser.page.text
    assert "Votre code" in browser.get("/academie").text


def links(services):
    """The paths of the links that were mailed."""
    from teleservices_core.hashing import link_secret
    from teleservices_core.storage import tables as t

    with services.site.database.reading() as tx:
        ids = list(tx.connection.scalars(t.tokens.select().with_only_columns(t.tokens.c.id)))
    key = services.settings.secret_key
    return [f"/nouveau-mot-de-passe/{link_secret(key, each)}" for each in ids]


def asking(services, clock, **changes):
    """The same site, where the académie must have a second factor from a day on."""
    today = services.site.academie.today(clock.now())
    values = {"imposed_on": (Role.ACADEMY_ADMIN,), "since": today, "grace_days": 10, **changes}
    settings = evolve(services.settings, second_factor=SecondFactorSettings(**values))
    return Teleservices(
        settings, engine=services.engine, clock=clock, hasher=Argon2Hasher.cheapest()
    )


def test_imposed_after_the_days_of_grace(services, person, clock):
    """Until then it is told; from then on it is set up first, and cannot be taken away."""
    site = asking(services, clock)
    browser = signed_in(site, person)
    assert "À partir du 4 décembre 2026" in browser.page.text
    clock.advance(days=10)
    browser = signed_in(site, person)
    assert KEY.search(browser.page.text)
    assert KEY.search(browser.get(MANAGE).text)
    assert KEY.search(browser.get("/academie/journal").text)
    secret = KEY.findall(browser.page.text)[0].replace(" ", "")
    page = browser.submit("installer", code=shown(site, secret), current=PASSWORD)
    assert "codes de secours" in page.text
    assert 'href="/academie/journal"' in page.text
    assert "ne peut pas être retirée" in browser.get(MANAGE).text
    (form,) = (f for action, f in browser.forms() if action.endswith("/codes"))
    codes = PAPER.findall(page.text)
    data = {**form, "code": codes[0], "current": PASSWORD}
    no = browser.client.post(f"{MANAGE}/retirer", data=data, base_url="http://localhost")
    assert no.status_code == 403


def test_other_functions_are_left_alone(services, clock):
    """Only those that the settings name."""
    site = asking(services, clock, grace_days=0)
    hotline = World(services).staff(Role.HOTLINE)
    assert not KEY.search(signed_in(site, hotline).page.text)


def test_settings_say_from_when():
    """A function without a day is refused by the name of what lacks."""
    with pytest.raises(SettingsError, match="since"):
        structure({"imposed_on": ["head"]}, SecondFactorSettings, "x")
    with pytest.raises(SettingsError, match="imposed_on"):
        structure({"imposed_on": ["chef"], "since": "2026-12-01"}, SecondFactorSettings, "x")
    read = structure({"imposed_on": ["head"], "since": "2026-12-01"}, SecondFactorSettings, "x")
    assert read.imposed_on == (Role.HEAD,)


def test_the_academy_helps_who_lost_the_telephone(services, person, clock):
    """Found by identifier, confirmed with a reason; one's own is refused in words."""
    installed(services, signed_in(services, person))
    browser = signed_in(services, World(services).staff(Role.ACADEMY_ADMIN))
    browser.get("/academie/incidents")
    assert "Aucun personnel" in browser.get("/academie/incidents/telephone?login_name=x").text
    page = browser.get(f"/academie/incidents/telephone?login_name={person.login_name}")
    assert "administration de l’académie" in page.text
    assert "Dites comment" in browser.submit("telephone", reason=" ").text
    assert "est retirée" in browser.submit("telephone", reason="rappelée au bureau").text
    mine = signed_in(services, person)
    assert "Votre code" not in mine.page.text
    installed(services, mine)
    page = mine.get(f"/academie/incidents/telephone?login_name={person.login_name}")
    assert "votre propre compte" in page.text
