"""What a head does in the console of the establishment, in a browser without JavaScript."""

from __future__ import annotations

import re

import pytest
from academy_demo.build import PASSWORD

from .steps import fits, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def head(phone, demo):
    """The head of the lycée, where « Notes » is still closed."""
    person = next(each for each in demo[0].personas() if each.key == "chef_lycee")
    sign_in(phone, person.login_name, PASSWORD)
    return phone


def main(page):
    """What the page says."""
    return page.locator("main").inner_text()


def turn(page, audience):
    """Press the switch of « Notes » for an audience."""
    page.get_by_role("switch", name=re.compile(f"{audience}.*Notes")).click()


@pytest.mark.faq("F04")
@pytest.mark.faq("F42")
def test_open_for_guardians_only_then_see_as_a_family(head, demo):
    """Opened to guardians alone for this year: what each would see, now and next year."""
    _made, services = demo
    turn(head, "Responsables")
    assert "est maintenant ouvert aux responsables" in main(head)
    head.get_by_role("link", name="Voir comme une famille").click()
    assert "Ouvert par l’établissement" in main(head)
    assert fits(head)
    head.get_by_label("Public").select_option("student")
    head.get_by_role("button", name="Voir").click()
    assert "n’a pas encore ouvert ce téléservice" in main(head)
    later = services.site.school_year().start + 1
    head.get_by_label("Public").select_option("guardian")
    head.get_by_label("Jour").fill(f"{later}-10-04")
    head.get_by_label("Heure").fill("09:30")
    head.get_by_role("button", name="Voir").click()
    seen = main(head)
    assert f"4 octobre {later}" in seen
    assert f"n’a pas encore ouvert ce téléservice pour {later}-{later + 1}" in seen
    head.goto("/")
    turn(head, "Responsables")
    assert "est maintenant fermé aux responsables" in main(head)


def test_close_one_class_and_say_hello(head):
    """One class apart, and words that families read first."""
    turn(head, "Responsables")
    head.get_by_role("link", name=re.compile("Par niveau et par classe")).first.click()
    assert fits(head)
    head.get_by_role("button", name=re.compile("^Fermer")).last.click()
    assert "est maintenant fermé aux" in main(head)
    head.get_by_role("button", name=re.compile("^Comme l’établissement")).first.click()
    assert "suit de nouveau le réglage hérité" in main(head)
    head.get_by_role("link", name="Accueil et contacts").click()
    head.get_by_label(re.compile("Message d’accueil")).fill("Réunion de rentrée le 3 à 18 h.")
    head.get_by_role("button", name="Enregistrer").click()
    assert "les familles le voient dès maintenant" in main(head)
    head.get_by_role("link", name="Voir comme une famille").click()
    assert "Réunion de rentrée le 3 à 18 h." in main(head)
    head.goto("/")
    turn(head, "Responsables")
