"""Before a grave act, staff proves again who is there; what was typed is given back."""

from __future__ import annotations

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.second_factor import period_of
from teleservices_core.domain.staff import Role
from teleservices_core.one_time_codes import code_of
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, an_adult
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.second_factor import proposed_secret, set_up
from teleservices_core.usecases.signing_in import resume, sign_in

GRAVE = {
    "core.academy_import",
    "core.academy_undo_import",
    "core.closing",
    "core.cut_off",
    "core.delegations",
    "core.end_delegation",
    "core.import",
    "core.issue_letters",
    "core.lost_factor",
    "core.prepare_letters",
    "core.renewal",
    "core.restore",
    "core.undo_import",
}
DELEGATIONS = f"/ecole/{COLLEGE.code}/delegations"
ASKED = "Confirmez que c’est vous"


@pytest.fixture
def head(services):
    """A head, in the school."""
    world = World(services)
    world.establishment()
    return world.staff(Role.HEAD, COLLEGE)


def signed_in(services, account):
    """A browser that has just typed the password."""
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser


def long_after(browser, clock, minutes=60):
    """The session stays in use, its proof grows old."""
    for _time in range(minutes // 10):
        clock.advance(minutes=10)
        browser.get("/compte")
    clock.advance(minutes=minutes % 10)


def test_which_acts_are_grave(services):
    """Declared on the route; the page that asks is none of them."""
    assert {route.name for route in services.site.catalogue.routes if route.is_grave} == GRAVE


def test_the_password_again(services, head, clock):
    """Not within the hour; then it is asked, and leads where one wanted to go, for an hour."""
    browser = signed_in(services, head)
    long_after(browser, clock, 59)
    assert ASKED not in browser.get(DELEGATIONS).text
    clock.advance(minutes=1)
    assert ASKED in browser.get(f"{DELEGATIONS}?x=1").text
    assert ASKED not in browser.get("/compte").text
    browser.get(DELEGATIONS)
    assert "pas votre mot de passe" in browser.submit("confirmation", current="faux").text
    page = browser.submit("confirmation", follow=False, current=PASSWORD)
    assert page.headers["Location"] == DELEGATIONS
    assert ASKED not in browser.get(DELEGATIONS).text
    long_after(browser, clock)
    assert ASKED in browser.get(DELEGATIONS).text


def test_a_form_that_comes_late(services, clock):
    """Nothing is done; the text is there to be copied, and the page is led back to."""
    world, path = World(services), "/academie/incidents/telephone"
    lost = world.staff(Role.HOTLINE, factor_since=clock.now())
    browser = signed_in(services, world.staff(Role.ACADEMY_ADMIN))
    browser.get(f"{path}?login_name={lost.login_name}")
    (form,) = (form for action, form in browser.forms() if action == path)
    long_after(browser, clock)
    data = {**form, "reason": "rappelée au bureau <ce matin>"}
    page = browser.client.post(path, data=data, base_url="http://localhost")
    assert page.status_code == 403
    assert "rappelée au bureau &lt;ce matin&gt;" in page.text
    assert 'href="/connexion/confirmation"' in page.text
    with services.site.database.reading() as tx:
        assert tx.accounts.get(lost.id).factor_since is not None
    browser.get("/connexion/confirmation")
    page = browser.submit("confirmation", follow=False, current=PASSWORD)
    assert page.headers["Location"] == path


def test_the_second_factor_where_there_is_one(services, head, clock):
    """A password is not enough then; the code is counted like at sign-in."""
    done = sign_in(services.site, head.login_name, PASSWORD, source="x")
    viewer = resume(services.site, done.secret)
    secret = proposed_secret(services.site, viewer.session)
    set_up(services.site, viewer, code_of(secret, period_of(clock.now())), PASSWORD)
    clock.advance(minutes=1)
    browser = signed_in(services, head)
    browser.submit("/connexion/code", code=code_of(secret, period_of(clock.now())))
    long_after(browser, clock)
    page = browser.get(DELEGATIONS)
    assert 'name="current"' not in page.text
    assert "ne convient pas" in browser.submit("confirmation", code="000000").text
    code = code_of(secret, period_of(clock.now()))
    page = browser.submit("confirmation", follow=False, code=code)
    assert page.headers["Location"] == DELEGATIONS


def test_families_are_not_asked(services, clock):
    """Whatever their session's age; the page leads them home."""
    mother = World(services).account(World(services).adult(an_adult()), Audience.GUARDIAN)
    browser = signed_in(services, mother)
    long_after(browser, clock)
    assert ASKED not in browser.get("/connexion/confirmation").text
    assert browser.get(DELEGATIONS).status_code == 404
