"""The help line at phone width: find, read, give a reason, see what the family sees."""

from __future__ import annotations

import pytest
from academy_demo.build import PASSWORD

from .steps import look, sign_in

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_help_line(chromium, demo, width, scheme):
    """Each step works without a script, fits, and axe finds nothing."""
    made, _services = demo
    people = {each.key: each for each in made.personas()}
    family = people["separes_mere"]
    context = chromium.new_context(
        base_url=made.base_url,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    page = context.new_page()

    sign_in(page, people["assistance"].login_name, PASSWORD)
    page.get_by_label("Identifiant, adresse électronique ou nom").fill(family.login_name)
    page.get_by_role("button", name="Chercher").click()
    look(page)
    page.get_by_role("link", name=family.name.split()[-1]).click()
    # A reason noted a moment ago would be there already.
    page.get_by_label("Qui appelle ?").fill("")
    page.get_by_role("button", name="Voir ce que voit cette famille").click()
    assert page.get_by_text("la famille pourra le lire").first.is_visible()
    look(page)
    page.get_by_label("Qui appelle ?").fill("elle-même")
    page.get_by_label("Pourquoi ?").fill("Ne voit pas un téléservice")
    page.get_by_role("button", name="Voir ce que voit cette famille").click()
    for summary in page.locator("details > summary").all():
        summary.click()
    assert page.get_by_text("core.opening").first.is_visible()
    look(page)
    context.close()
