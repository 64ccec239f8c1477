"""A school decides upon what a family changes in its sheet, in a browser without JavaScript."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from academy_demo.build import PASSWORD
from sqlalchemy import select

from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Uai
from teleservices_core.storage.tables import schoolings
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.world import PASSWORD as OFFICE
from teleservices_core.testing.world import World

from .steps import fits, sign_in

pytestmark = pytest.mark.browser


def main(page):
    """What the page says, with plain spaces."""
    return page.locator("main").inner_text().replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture(scope="module")
def asked(demo):
    """Changes of a mother, and the secretary of her child's school."""
    made, services = demo
    mother = next(each for each in made.personas() if each.key == "separes_mere")
    browser = Browser(services, base_url=made.base_url)
    browser.sign_in(mother.login_name, PASSWORD)
    path = re.search(r"/eleves/[0-9a-f-]{36}/fiche/", browser.get("/").text)[0]
    browser.get(f"{path}modifier/vos-coordonnees/")
    browser.submit(
        "modifier", phone_mobile="06 39 98 77 66", email="neuve@example.org", phone_home=""
    )
    browser.get(f"{path}envoyer/")
    browser.submit("envoyer")
    assert "/recepisses/" in browser.page.request.path
    with services.engine.connect() as connection:
        mine = schoolings.c.student_id == UUID(path.split("/")[2])
        uai = connection.scalar(select(schoolings.c.uai).where(mine))
    return World(services).staff(Role.SCHOOL_OFFICE, Uai(uai))


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_axe_finds_nothing(chromium, demo, asked, width, scheme):
    """On the school's pages with an error; test_accessibility.py looks at them without."""
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        base_url=demo[0].base_url,
        bypass_csp=True,
    )
    page = context.new_page()
    sign_in(page, asked.login_name, OFFICE)

    def look():
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, (page.url, found.generate_report())
        assert fits(page), page.url

    page.get_by_role("link", name="Demandes des familles").click()
    pile = page.url
    page.get_by_role("button", name="Accepter les demandes cochées").click()
    assert "Cochez d’abord" in main(page)
    look()
    page.locator("main tbody").get_by_role("link").first.click()
    page.get_by_role("button", name="Refuser").click()
    assert "Écrivez pourquoi" in main(page)
    look()
    page.goto(f"{pile}/confirmation")
    page.get_by_role("button", name="Enregistrer").click()
    assert "Choisissez un jour" in main(page)
    look()
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_decide(chromium, demo, asked, width):
    """Accept by a tick, refuse with a reason, ask for a confirmation: all of it fits."""
    context = chromium.new_context(
        viewport={"width": width, "height": 740},
        java_script_enabled=False,
        base_url=demo[0].base_url,
        locale="fr-FR",
    )
    page = context.new_page()
    sign_in(page, asked.login_name, OFFICE)
    page.get_by_role("link", name="Demandes des familles").click()
    assert "neuve@example.org" in main(page) or width == 1280
    assert fits(page)
    if width == 360:
        page.get_by_role("checkbox", name=re.compile("portable")).check()
        page.get_by_role("button", name="Accepter les demandes cochées").click()
        assert "1 demande acceptée" in main(page)
        assert fits(page)
        page.get_by_role("link", name="Adresse électronique").click()
        assert fits(page)
        page.get_by_role("button", name="Refuser").click()
        assert "Écrivez pourquoi" in main(page)
        page.get_by_label("Motif").fill("Cette adresse nous revient.")
        page.get_by_role("button", name="Refuser").click()
        assert "C’est refusé" in main(page)
    page.get_by_role("link", name="Envois").click()
    assert fits(page)
    page.get_by_role("link", name="Signalements").click()
    assert fits(page)
    page.get_by_role("link", name="Confirmation").click()
    assert "sur" in main(page)
    assert fits(page)
    context.close()
