"""A second factor in a real browser: a code of the telephone, and a virtual security key."""

from __future__ import annotations

import re
import time

import pytest
from academy_demo.build import PASSWORD

from teleservices_core.domain.second_factor import PERIOD, period_of
from teleservices_core.one_time_codes import code_of
from teleservices_core.usecases.lost_factors import reset_factor

from .steps import look, sign_in

pytestmark = pytest.mark.browser

KEY = {
    "protocol": "ctap2",
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SCREENS = pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])


@pytest.fixture(scope="module")
def host():
    """Browsers let no key answer at an IP address."""
    return "localhost"


@pytest.fixture
def person(demo):
    """Somebody of the académie, who has no second factor at the end either."""
    made, services = demo
    found = next(each for each in made.personas() if each.key == "admin_academie")
    yield found
    with services.site.database.reading() as tx:
        account = tx.accounts.by_login(found.login_name)
    if account.factor_since is not None:
        reset_factor(services.site, None, found.login_name, "fin de l’essai")


@pytest.fixture
def opened(chromium, demo):
    """Opens browsers."""
    contexts = []

    def open_one(*, width=360, scheme="light", scripted=True, at=""):
        context = chromium.new_context(
            base_url=at or demo[0].base_url,
            color_scheme=scheme,
            viewport={"width": width, "height": 800},
            java_script_enabled=scripted,
            locale="fr-FR",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        # What the policy of the pages refuses is said there.
        page.on("console", lambda each: page.refused.append(each.text))
        page.refused = []
        return page

    yield open_one
    for context in contexts:
        context.close()


def with_key(page):
    """Plug a virtual security key in; it, as the browser's tools call it."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    added = tools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return tools, added["authenticatorId"]


def moved(tools, key, page):
    """Plug the same key in at another browser."""
    (credential,) = tools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    others, other = with_key(page)
    others.send("WebAuthn.addCredential", {"authenticatorId": other, "credential": credential})
    return others, other


def add(page, name):
    """Add the key that is plugged in, from « Mon compte »."""
    page.goto("/compte/double-authentification")
    page.get_by_role("link", name="Ajouter une clé").click()
    page.get_by_label("Nom de la clé").fill(name)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Ajouter la clé").click()


def heading(page):
    """What the page is called."""
    return page.get_by_role("heading", level=1).inner_text()


def next_code(secret, services):
    """A code of a period that has not served."""
    now = services.site.now()
    return code_of(secret, period_of(now) + 1)


@SCREENS
def test_a_telephone(opened, demo, person, width, scheme):
    """From the first time to signing in with a code, without any script."""
    page = opened(width=width, scheme=scheme, scripted=False)
    sign_in(page, person.login_name, PASSWORD)
    page.goto("/compte")
    page.get_by_role("link", name=re.compile("Installer")).click()
    page.get_by_role("link", name="Installer un téléphone").click()
    secret = page.locator("code.key").inner_text().replace(" ", "")
    page.get_by_label("Code du téléphone").fill(code_of(secret, int(time.time()) // PERIOD))
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Installer").click()
    assert heading(page) == "Vos codes de secours"
    (paper, *_rest) = page.locator(".codes code").all_inner_texts()
    again = opened(width=width, scheme=scheme, scripted=False)
    again.goto("/academie/journal")
    sign_in(again, person.login_name, PASSWORD)
    again.get_by_label("Code du téléphone").fill("000000")
    again.get_by_role("button", name="Continuer").click()
    assert again.get_by_text("Ce code ne convient pas").first.is_visible()
    again.get_by_label("Code du téléphone").fill(next_code(secret, demo[1]))
    again.get_by_role("button", name="Continuer").click()
    assert not again.url.endswith("/connexion/code")
    third = opened(width=width, scheme=scheme, scripted=False)
    sign_in(third, person.login_name, PASSWORD)
    third.get_by_role("link", name="Je n’ai pas mon téléphone").click()
    third.get_by_role("textbox", name="Code de secours").fill(paper)
    third.get_by_role("button", name="Continuer").click()
    third.goto("/compte/double-authentification")
    assert third.get_by_text("Il reste 9 codes de secours").is_visible()


@SCREENS
def test_a_key(opened, person, width, scheme):
    """Added, asked at the next sign-in, and nothing is refused by the policy of the pages."""
    page = opened(width=width, scheme=scheme)
    tools, key = with_key(page)
    sign_in(page, person.login_name, PASSWORD)
    add(page, "clé bleue")
    assert heading(page) == "Vos codes de secours"
    page.get_by_role("link", name="Je les ai notés").click()
    page.goto("/compte/double-authentification")
    assert page.get_by_text("clé bleue").first.is_visible()
    again = opened(width=width, scheme=scheme)
    moved(tools, key, again)
    sign_in(again, person.login_name, PASSWORD)
    assert heading(again) == "Votre clé ou votre code"
    assert again.get_by_text("Ce navigateur ne peut pas").is_hidden()
    again.goto("/academie/journal")
    again.get_by_role("button", name="Utiliser ma clé").click()
    assert again.url.endswith("/academie/journal")
    assert (page.refused, again.refused) == ([], [])


def test_what_a_key_proves(opened, person):
    """Other codes with the key, where no code is typed; with a wrong code the key is not asked."""
    page = opened()
    with_key(page)
    sign_in(page, person.login_name, PASSWORD)
    add(page, "clé bleue")
    page.goto("/compte/double-authentification")
    page.get_by_role("textbox", name="Code de secours").fill("0000-0000-0000")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Demander de nouveaux codes").click()
    assert page.get_by_text("Ce code ne convient pas").first.is_visible()
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Demander de nouveaux codes").click()
    assert heading(page) == "Vos codes de secours"
    page.goto("/compte/double-authentification")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Retirer la double authentification").click()
    assert page.get_by_text("Seul votre mot de passe").is_visible()


def test_another_site(opened, demo, person):
    """At another address of the same machine the key does not answer; nor is it added twice."""
    page = opened()
    tools, key = with_key(page)
    sign_in(page, person.login_name, PASSWORD)
    add(page, "clé bleue")
    page.goto("/compte/double-authentification/cles/nouvelle")
    page.get_by_label("Nom de la clé").fill("encore")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Ajouter la clé").press("Enter")
    page.get_by_text("Cette clé est déjà enregistrée").wait_for()
    wrong = opened(at=demo[0].base_url.replace("localhost", "127.0.0.1"))
    moved(tools, key, wrong)
    sign_in(wrong, person.login_name, PASSWORD)
    wrong.get_by_role("button", name="Utiliser ma clé").press("Enter")
    wrong.get_by_text("Ce navigateur n’a pas pu utiliser la clé").wait_for()


def test_a_key_that_was_taken_away(opened, person):
    """It is not asked any more; without a script, the page says that a code is the other way."""
    page = opened()
    tools, key = with_key(page)
    sign_in(page, person.login_name, PASSWORD)
    add(page, "clé bleue")
    paper = page.locator(".codes code").first.inner_text()
    tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    other_tools, other = with_key(page)
    add(page, "clé rouge")
    page.get_by_role("link", name=re.compile("Retirer clé rouge")).click()
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Retirer").click()
    assert page.get_by_text("La clé « clé rouge » est retirée").is_visible()
    again = opened()
    moved(other_tools, other, again)
    sign_in(again, person.login_name, PASSWORD)
    again.get_by_role("button", name="Utiliser ma clé").press("Enter")
    again.get_by_text("La clé n’a pas répondu").wait_for()
    plain = opened(scripted=False)
    sign_in(plain, person.login_name, PASSWORD)
    assert plain.get_by_text("Ce navigateur ne peut pas utiliser de clé").is_visible()
    assert plain.get_by_role("button", name="Utiliser ma clé").is_hidden()
    plain.get_by_role("textbox", name="Code de secours").fill(paper)
    plain.get_by_role("button", name="Continuer").click()
    assert not plain.url.endswith("/connexion/code")


@SCREENS
def test_how_it_looks(chromium, demo, person, width, scheme):
    """Axe finds nothing on the pages of a second factor, and each fits."""
    context = chromium.new_context(
        base_url=demo[0].base_url,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    with_key(page)
    sign_in(page, person.login_name, PASSWORD)
    here = "/compte/double-authentification"
    for path in (here, f"{here}/installer", f"{here}/cles/nouvelle"):
        page.goto(path)
        look(page)
    add(page, "clé bleue du bureau des examens, deuxième étage à droite")
    look(page)
    page.goto(here)
    look(page)
    page.get_by_role("link", name=re.compile("Retirer clé bleue")).click()
    look(page)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Retirer").click()
    look(page)
    page.goto("/compte")
    page.get_by_role("button", name="Se déconnecter").click()
    sign_in(page, person.login_name, PASSWORD)
    look(page)
    context.close()
