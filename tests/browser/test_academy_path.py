"""The rectorat forbids a module: the preview, the head's console, a family's page."""

from __future__ import annotations

import re

import pytest
from academy_demo.build import PASSWORD

from .steps import fits, look, sign_in

pytestmark = pytest.mark.browser
PREVIEWS = (
    "/academie/modules/notes?portee=academie&public=guardian&public=student&decision=imposed",
    "/academie/modules/notes?portee=etablissement&public=guardian&decision=open",
    "/academie/etablissements?tous=oui&acte=quitter",
    "/academie/etablissements?tous=oui&acte=imposed&module=notes&public=student",
    "/academie/etablissements?acte=imposed",
    "/academie/campagnes?acte=ajouter&module=notes&ouvre=2027-06-29T14:30&ferme=2027-07-02T23:59",
    "/academie/campagnes?acte=ajouter&module=notes&ouvre=2027-03-28T02:30&ferme=2027-01-02T23:59",
    "/academie/journal?uai=inconnu&personne=inconnu",
)


def person(made, key):
    """One of the demonstration's people."""
    return next(each for each in made.personas() if each.key == key)


def visitor(chromium, made, key, width=1280, scheme="light", *, looks=False):
    """A page of somebody signed in; without JavaScript, unless axe ``looks`` at it."""
    context = chromium.new_context(
        base_url=made.base_url,
        java_script_enabled=looks,
        bypass_csp=looks,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale="fr-FR",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    sign_in(page, person(made, key).login_name, PASSWORD)
    return page


def words(page):
    """The text of the page, with plain spaces."""
    return re.sub(r"\s+", " ", page.locator("main").inner_text())


@pytest.mark.faq("F04")
def test_the_rectorat_forbids_then_undoes(chromium, demo):
    """What is announced happens at once for the head and the families, and undoing restores it."""
    made, _services = demo
    rectorat = visitor(chromium, made, "admin_academie")
    head = visitor(chromium, made, "chef_college", 360)
    switch = head.get_by_role("switch", name=re.compile("Responsables.*Notes"))
    assert switch.get_attribute("aria-checked") == "true"
    rectorat.goto("/academie/modules")
    rectorat.get_by_role("link", name="Notes").first.click()
    rectorat.get_by_label("Interdit").check()
    rectorat.get_by_role("button", name="Voir ce qui changerait").click()
    assert "passe d’ouvert à fermé" in words(rectorat)
    assert "ne comptera plus" in words(rectorat) or "ne compteront plus" in words(rectorat)
    head.reload()
    assert switch.get_attribute("aria-checked") == "true", "a preview changes nothing"
    rectorat.get_by_role("button", name="Confirmer").click()
    assert "C’est décidé" in words(rectorat)
    head.reload()
    assert switch.get_attribute("aria-checked") == "false"
    assert switch.is_disabled()
    assert "Interdit par l’académie" in words(head)
    assert fits(head)
    for width, scheme in ((360, "light"), (1280, "dark")):
        _read_what_is_kept(visitor(chromium, made, "separes_mere", width, scheme, looks=True))
    for _audience in range(2):
        rectorat.get_by_role("link", name=re.compile("^Annuler")).first.click()
        rectorat.get_by_role("button", name="Confirmer").click()
    head.reload()
    assert switch.get_attribute("aria-checked") == "true"


def _read_what_is_kept(family):
    """From the closed module's name to what it had shown, a subject opened; all accessible."""
    for link in ("Notes", "Lire ce qui est conservé"):
        family.locator("main").get_by_role("link", name=link).first.click()
        look(family)
    assert "Lecture seule, tel qu’au" in words(family)
    family.locator("main details").first.locator("summary").click()
    look(family)
    assert family.get_by_role("row").count() > 3
    family.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_previews_and_mistakes_are_accessible(chromium, demo, width, scheme):
    """Axe finds nothing where something is about to change, or was typed wrongly."""
    made, _services = demo
    context = chromium.new_context(
        base_url=made.base_url,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        bypass_csp=True,
    )
    page = context.new_page()
    sign_in(page, person(made, "admin_academie").login_name, PASSWORD)
    for path in PREVIEWS:
        page.goto(path)
        look(page)
    context.close()
