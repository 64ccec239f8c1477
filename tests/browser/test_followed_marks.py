"""A family says what it has seen and chooses its messages; the school sees it. No JavaScript."""

from __future__ import annotations

import pytest
from academy_demo.build import PASSWORD

from .steps import fits, sign_in
from .test_teacher_path import main

pytestmark = pytest.mark.browser


@pytest.fixture(params=[360, 1280])
def visit(request, chromium, demo):
    """Sign in as somebody, on a phone then on a desktop."""
    made, _services = demo
    contexts = []

    def visit(key):
        person = next(each for each in made.personas() if each.key == key)
        context = chromium.new_context(
            viewport={"width": request.param, "height": 740},
            java_script_enabled=False,
            base_url=made.base_url,
            locale="fr-FR",
        )
        contexts.append(context)
        page = context.new_page()
        sign_in(page, person.login_name, PASSWORD)
        page.get_by_role("heading", level=1).wait_for()
        return page

    yield visit
    for context in contexts:
        context.close()


def test_from_all_children_to_seen_by_the_family(visit):
    """The page of all children, one child, the button, the messages; then the head's list."""
    page = visit("separes_mere")
    page.get_by_role("navigation").get_by_role("link", name="Notes", exact=True).click()
    assert "de moyenne générale sur l’année" in main(page)
    assert fits(page)
    page.get_by_role("link", name="Toutes les notes d").first.click()
    page.get_by_role("button", name="J’ai vu ces notes").click()
    assert "C’est noté" in main(page)
    assert "Rien de nouveau depuis votre « vu » du" in main(page)
    assert fits(page)
    page.get_by_role("link", name="Mathématiques", exact=True).click()
    page.get_by_role("link", name="Comment cette moyenne est calculée").click()
    assert "points ÷" in main(page)
    assert "Classe : " in main(page), "beside each mark, never under what stands beside the table"
    assert fits(page)
    page.get_by_role("link", name="Toutes les notes", exact=True).click()
    page.get_by_role("link", name="Choisir mes messages").click()
    page.get_by_label("Une fois par jour").check()
    assert fits(page)
    page.get_by_role("button", name="Enregistrer").click()
    assert "C’est enregistré : Une fois par jour." in main(page)

    school = visit("chef_college")
    school.get_by_role("link", name="Vu par la famille").click()
    assert "1 sur 13" in main(school)
    school.get_by_role("link", name="5 A").click()
    assert "Vu le" in main(school)
    assert fits(school)
