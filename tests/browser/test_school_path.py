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


@pytest.mark.faq("F51")
def test_try_a_publication_then_make_an_exception(phone, demo):
    """What a rule would hide is read first; an exception is made, found again and removed."""
    person = next(each for each in demo[0].personas() if each.key == "chef_college")
    sign_in(phone, person.login_name, PASSWORD)
    phone.get_by_role("link", name="Publication des notes").click()
    assert fits(phone)
    rule = phone.locator("section", has=phone.get_by_role("heading", name="Règle générale"))
    rule.get_by_label("À échéance").check()
    rule.get_by_role("button", name="Voir ce qui changerait").click()
    assert "Ne serait plus visible" in main(phone)
    assert fits(phone)
    phone.get_by_role("link", name="Ne rien changer").click()
    exception = phone.locator("section", has=phone.get_by_role("heading", name="Exception pour"))
    exception.get_by_label("Classe").select_option("6 A")
    exception.get_by_label("Public").select_option("student")
    exception.get_by_label("Les notes s’affichent").select_option("after_period")
    exception.get_by_label(re.compile("Jours après")).fill("quinze")
    exception.get_by_role("button", name="Voir ce qui changerait").click()
    assert "un nombre de jours, de 0 à 60" in main(phone)
    assert exception.get_by_label("Public").input_value() == "student"
    exception.get_by_label(re.compile("Jours après")).fill("15")
    exception.get_by_role("button", name="Voir ce qui changerait").click()
    phone.get_by_role("button", name="Confirmer").click()
    assert "Les élèves de la classe 6 A" in main(phone)
    assert fits(phone)
    phone.get_by_role("button", name=re.compile("^Retirer.*élèves de la classe 6.A")).click()
    phone.get_by_role("button", name="Confirmer").click()
    assert "Les élèves de la classe 6 A" not in main(phone).partition("Derniers changements")[0]
    phone.get_by_role("link", name=re.compile("Voir les évaluations")).click()
    assert fits(phone)
    phone.locator("tbody a").first.click()
    assert "Publication en vigueur" in main(phone)
    assert fits(phone)


def test_long_words_in_a_table_keep_to_the_screen(head):
    """Names of files, addresses and keys have no blank to break at."""
    words = ("x" * 200, "ElevesAvecAdresses.xml, ResponsablesAvecAdresses.xml", "court")
    cells = "".join(
        f'<td role="cell" data-label="Fichiers de la base">{words[0]}</td>'
        f'<td role="cell" data-label="Par">{each}</td>'
        for each in words
    )
    head.evaluate(
        """cells => document.querySelector("main").innerHTML = `<div class="table-wrap">
          <table class="table"><tbody><tr><th>x</th>${cells}</tr></tbody></table></div>`""",
        cells,
    )
    assert fits(head)
    assert head.evaluate(
        """() => [...document.querySelectorAll("td")].every(
          each => each.scrollWidth <= each.clientWidth)"""
    )
