"""A teacher enters the marks of a class, in a browser without JavaScript."""

from __future__ import annotations

import re

import pytest
from academy_demo.build import PASSWORD

from .steps import fits, sign_in

pytestmark = pytest.mark.browser


def main(page):
    """What the page says, with plain spaces."""
    return page.locator("main").inner_text().replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("width", [360, 1280])
def test_enter_marks(chromium, demo, width):
    """From the first page to the marks, by the keyboard; an error loses nothing that was typed."""
    made, _services = demo
    person = next(each for each in made.personas() if each.key == "enseignant_college")
    context = chromium.new_context(
        viewport={"width": width, "height": 740},
        java_script_enabled=False,
        base_url=made.base_url,
        locale="fr-FR",
    )
    page = context.new_page()
    sign_in(page, person.login_name, PASSWORD)
    page.get_by_role("link", name="Saisie des notes").click()
    page.get_by_role("link", name=re.compile("Mathématiques")).first.click()
    assert fits(page)
    page.get_by_role("link", name="Ajouter une évaluation").click()
    page.get_by_label("Titre").fill(f"Oral {width}")
    page.get_by_label("Notée sur").fill("10")
    page.get_by_role("button", name="Enregistrer").click()
    assert re.search(r"montré aux (familles|responsables|élèves)", main(page))
    assert fits(page)
    first = page.get_by_label(re.compile("^Note de")).first
    first.focus()
    page.keyboard.type("7,5")
    page.keyboard.press("Tab")
    page.keyboard.type("abs")
    page.keyboard.press("Tab")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert "12 dépasse le barème, sur 10" in main(page)
    assert fits(page)
    cells = page.get_by_label(re.compile("^Note de"))
    assert [cells.nth(at).input_value() for at in range(3)] == ["7,5", "abs", "12"]
    cells.nth(2).fill("9")
    page.get_by_role("button", name="Enregistrer les notes").click()
    assert "3 notes enregistrées" in main(page)
    assert re.search(rf"Oral {width}[\s\S]*3 sur \d+", main(page))
    context.close()
