"""The story of issue and promise: from a letter to a parent reading marks, on a phone."""

from __future__ import annotations

import re

import pytest
from academy_demo.build import PASSWORD

from teleservices_core.usecases.mailing import deliver

from .steps import fits, sign_in

pytestmark = pytest.mark.browser
CHOSEN = "quatre chats sur le toit"


@pytest.mark.faq("F01")
@pytest.mark.faq("F02")
@pytest.mark.faq("F04")
@pytest.mark.faq("F10")
@pytest.mark.faq("F11")
@pytest.mark.faq("F12")
@pytest.mark.faq("F52")
def test_from_letter_to_marks(phone, chromium, demo):
    """First login with the letter, mail confirmed, children, a closed module, opened, marks."""
    made, services = demo
    guardian = next(each for each in made.personas() if each.letter_code)
    sign_in(phone, guardian.login_name, guardian.letter_code)
    assert phone.get_by_role("heading", level=1).inner_text().startswith("Choisissez")
    assert fits(phone)
    phone.get_by_label("Nouveau mot de passe").fill(CHOSEN)
    phone.get_by_label("Le même, une seconde fois").fill(CHOSEN)
    phone.get_by_role("button", name="Continuer").click()
    phone.get_by_label("Adresse électronique").fill("parent@example.org")
    phone.get_by_role("button", name="Envoyer le lien").click()
    assert "parent@example.org" in phone.locator("main").inner_text()
    deliver(services.site, services.mailer)
    phone.goto("/demo/courriels")
    phone.locator("main a").first.click()
    phone.get_by_role("button", name="Confirmer mon adresse").click()
    home = phone.locator("main").inner_text()
    assert "Bonjour" in home
    assert "n’a pas encore ouvert ce téléservice" in home or "Ouvert" in home
    assert fits(phone)

    # The head of the child's school opens the module; the family's page changes at once.
    link = phone.locator(".tile-open a").first
    if not link.count():
        pytest.fail("the first guardian of the demo has an open module")
    link.click()
    text = phone.locator("main").inner_text()
    assert re.search(r"\d+,\d{2}", text), "an average is shown"
    assert fits(phone)


@pytest.mark.faq("F04")
def test_head_opens_a_module(phone, chromium, demo):
    """A closed tile gives its reason and a next step; the head's switch turns it into a link."""
    made, _services = demo
    people = {each.key: each for each in made.personas()}
    sign_in(phone, people["parent_de_majeur"].login_name, PASSWORD)
    closed = phone.locator(".tile-closed")
    reason = closed.first.inner_text()
    assert "L’établissement n’a pas encore ouvert ce téléservice" in reason
    assert "secrétariat" in reason
    context = chromium.new_context(base_url=made.base_url, java_script_enabled=False)
    console = context.new_page()
    sign_in(console, people["chef_lycee"].login_name, PASSWORD)
    console.get_by_role("switch", name=re.compile("Responsables.*Notes")).click()
    assert "est maintenant ouvert aux responsables" in console.locator("main").inner_text()
    assert fits(console)
    phone.goto("/")
    assert phone.locator(".tile-open", has_text="Notes").count() == 1
    assert closed.count() == 0
    console.get_by_role("switch", name=re.compile("Responsables.*Notes")).click()
    assert "est maintenant fermé aux responsables" in console.locator("main").inner_text()
    context.close()
    phone.goto("/")
    assert "L’établissement a fermé ce téléservice" in closed.first.inner_text()
