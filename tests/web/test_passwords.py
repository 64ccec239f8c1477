"""Forms where a password is typed: shown on demand, pasted, kept by password managers only."""

from __future__ import annotations

import re

import pytest

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import an_adult
from teleservices_core.testing.world import PASSWORD, World

CHOSEN = "quatre chats sur le toit"


@pytest.fixture
def browser(services):
    """A guardian, signed in, before the form to change the password."""
    account = World(services).account(an_adult(), Audience.GUARDIAN)
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    browser.get("/compte/mot-de-passe")
    return browser


def fields(page):
    """(type, autocomplete, value) of each field for a secret, by its name."""
    found = {}
    for tag in re.findall(r"<input [^>]*>", page.text):
        said = dict(re.findall(r'([a-z]+)="([^"]*)"', tag))
        if said.get("name") in {"current", "password", "again"}:
            found[said["name"]] = (said["type"], said["autocomplete"], said.get("value", ""))
    return found


def test_fields_are_right_for_password_managers(browser):
    """Each field says whether it is for the present password or a new one; pasting is allowed."""
    assert fields(browser.page) == {
        "current": ("password", "current-password", ""),
        "password": ("password", "new-password", ""),
        "again": ("password", "new-password", ""),
    }
    assert 'autocomplete="username"' in browser.page.text
    assert "onpaste" not in browser.page.text


def test_what_is_typed_can_be_shown(browser):
    """The button shows it and changes nothing; shown, it stays so after a mistake."""
    typed = {"current": PASSWORD, "password": CHOSEN, "again": "quatre chats"}
    page = browser.submit("mot-de-passe", show="1", **typed)
    assert page.status_code == 200
    shown = {name: ("text", "off", value) for name, value in typed.items()}
    assert fields(page) == shown, "and no browser remembers it"
    page = browser.submit("mot-de-passe", **typed)
    assert page.status_code == 422
    assert fields(page) == shown
    page = browser.submit("mot-de-passe", **{**typed, "again": CHOSEN})
    assert "Votre mot de passe est changé" in page.text


def test_nothing_is_shown_unasked(browser):
    """A mistake empties the fields again: no page repeats a password by itself."""
    page = browser.submit("mot-de-passe", current=PASSWORD, password=CHOSEN, again="autre")
    assert page.status_code == 422
    assert CHOSEN not in page.text
    assert PASSWORD not in page.text


def test_enter_sends_the_form(browser):
    """The key Enter presses the first button, which is the one that changes the password."""
    form = browser.page.text.split("<form")[-1]
    assert re.search(r"<button[^>]*>", form).group() == '<button class="btn btn-primary">'


def test_sign_in_never_repeats_a_password(services):
    """A page open to all can show what is typed, not what was sent."""
    browser = Browser(services)
    browser.get("/connexion?visible=1")
    assert fields(browser.page)["password"] == ("text", "off", "")
    page = browser.submit("connexion", login_name="anne", password="un secret à moi")
    assert page.status_code == 422
    assert "un secret à moi" not in page.text
    assert fields(page)["password"] == ("text", "off", ""), "it stays as it was asked"
    assert 'value="anne"' in page.text
    assert fields(browser.get("/connexion"))["password"] == ("password", "current-password", "")
    browser.submit("connexion", login_name="anne", password="un secret à moi")
    assert browser.client.post("/connexion", data={"show": "1"}).status_code in {400, 403}
