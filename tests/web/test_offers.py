"""« Qu’est-ce qui est proposé ? », read by anybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from attrs import evolve
from uuid6 import uuid7

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import Window
from teleservices_core.domain.policy import Campaign, Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import World
from teleservices_core.usecases.offers import listing
from teleservices_core.usecases.opening import set_opening

PAGE = f"/etablissements/{COLLEGE}"


@pytest.fixture
def world(services):
    """A collège, a lycée with an accent, and a school that does not take part."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée Évariste-Galois", town="Beaune"))
    world.establishment(
        an_establishment(
            Uai.from_digits("0219997"), name="Collège Saint-Élie", town="Autun", takes_part=False
        )
    )
    return world


def names(page):
    """The establishments of a page of the list."""
    return re.findall(r'scope="row"><a href="[^"]*">([^<]*)<', page.text)


def opened(services, scope, stance=Stance.OPEN, audience=Audience.GUARDIAN, module="notes"):
    """Record a choice about a module."""
    set_opening(services.site, None, scope, module, audience, stance)


@pytest.mark.faq("F03")
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["Collège Saint-Élie", "Lycée Évariste-Galois", "Collège des Trois-Rivières"]),
        ("galois", ["Lycée Évariste-Galois"]),
        ("EVARISTE beaune", ["Lycée Évariste-Galois"]),
        ("st elie", ["Collège Saint-Élie"]),
        ("riviere", ["Collège des Trois-Rivières"]),
        (LYCEE.code.lower(), ["Lycée Évariste-Galois"]),
        ("021999", ["Collège Saint-Élie", "Lycée Évariste-Galois", "Collège des Trois-Rivières"]),
        ("%", ["Collège Saint-Élie", "Lycée Évariste-Galois", "Collège des Trois-Rivières"]),
        ("marseille", []),
    ],
)
def test_search(services, world, typed, found):
    """By name, town or number, as families type them; without an account."""
    page = Browser(services).client.get("/etablissements", query_string={"q": typed})
    assert page.status_code == 200
    assert names(page) == found
    assert ("Aucun établissement trouvé" in page.text) is (found == [])


@pytest.mark.faq("F03")
@pytest.mark.faq("F04")
def test_what_a_school_offers(services, world):
    """What is open, to whom; what is not, and who decides; and how to reach the office."""
    for audience in (Audience.GUARDIAN, Audience.STUDENT):
        opened(services, Scope.academie(), Stance.FORBIDDEN, audience, "fiche")
    browser = Browser(services)
    page = browser.get(PAGE).text
    assert "Rien n’est ouvert pour le moment" in page
    assert "n’a pas encore ouvert ce téléservice" in page
    assert "C’est le chef d’établissement qui en décide" in page
    assert 'href="tel:0353010001"' in page
    assert "1 rue des Écoles" in page
    opened(services, Scope.establishment(COLLEGE))
    page = browser.get(PAGE).text
    assert "Pour les responsables." in page
    assert "Fermé pour les élèves." in page
    assert "Notes</td>" in browser.get("/etablissements?q=rivieres").text
    opened(services, Scope.establishment(COLLEGE), audience=Audience.STUDENT)
    assert "Pour les responsables et les élèves." in browser.get(PAGE).text
    opened(services, Scope.academie(), Stance.FORBIDDEN)
    opened(services, Scope.academie(), Stance.FORBIDDEN, Audience.STUDENT)
    page = browser.get(PAGE).text
    assert "C’est l’académie qui en décide" in page
    assert "chef d’établissement" not in page


@pytest.mark.faq("F41")
def test_a_school_that_does_not_take_part(services, world):
    """It is listed, and its page says so."""
    page = Browser(services).get("/etablissements/0219997C").text
    assert "ne participe pas aux téléservices" in page
    assert "Pas proposé" not in page
    assert "Ne participe pas" in Browser(services).get("/etablissements?q=elie").text


@pytest.mark.faq("F71")
def test_what_opens_soon(services, world, clock):
    """A round to come is announced with its minute; during it, its end is."""
    opened(services, Scope.establishment(COLLEGE))
    opens = clock.now() + timedelta(days=3)
    campaign = Campaign("notes", YEAR, Window(opens, opens + timedelta(days=1)), id=uuid7())
    with services.site.database.writing() as tx:
        tx.policy.add_campaign(campaign)
    browser = Browser(services)
    page = browser.get(PAGE).text
    assert "Bientôt" in page
    assert "Ouvre le vendredi 27 novembre 2026 à 10\u00a0h\u00a030" in page
    clock.set(opens)
    page = browser.get(PAGE).text
    assert "Bientôt" not in page
    assert "Ouvert jusqu’au samedi 28 novembre 2026 à 10\u00a0h\u00a029" in page


@pytest.mark.parametrize(
    "path",
    [
        "/etablissements/0219999A",
        "/etablissements/0210000X",
        "/etablissements/x",
        "/etablissements?page=0",
        "/etablissements?page=2",
        "/etablissements?page=-1",
        "/etablissements?page=²",
        "/etablissements?page=99999999999999",
    ],
)
def test_nowhere(services, world, path):
    """An unknown school, a number that cannot exist, a page past the end: plainly not found."""
    assert Browser(services).get(path).status_code == 404


def test_nothing_personal(services, world):
    """Neither a student, nor a guardian, nor who decided, is anywhere on public pages."""
    child = a_student(first_name="Zéphyrine", last_name="UNIQUE")
    world.student(child, a_schooling(child.id, class_group="6 Z"))
    mother = an_adult(first_name="Philomène", last_name="UNIQUE")
    world.adult(mother, a_link(child.id, mother.id))
    head = "Capucine DIRIGEANTE"
    opened(services, Scope.establishment(COLLEGE))
    with services.site.database.writing() as tx:
        policy = tx.policy.policy([COLLEGE], YEAR)
        (opening,) = policy.openings
        tx.policy.record(evolve(opening, set_by=head), before=opening.stance)
    for path in ("/etablissements", PAGE):
        page = Browser(services).get(path).text
        for secret in ("Zéphyrine", "UNIQUE", "Philomène", "Capucine", "DIRIGEANTE", "6 Z"):
            assert secret not in page


def test_statements(services, world):
    """Two for the list and two for a school, whatever their number; no session."""
    for number in range(45):
        world.establishment(
            an_establishment(Uai.from_digits(f"089{number:04}"), name=f"C {number}")
        )
    browser = Browser(services)
    # What is cut off is read once in five seconds, whoever asks.
    browser.get("/aide")
    for path in ("/etablissements", "/etablissements?page=3", "/etablissements?q=c", PAGE):
        with counted(services.engine) as seen:
            assert browser.get(path).status_code == 200
        assert len(seen) == 2, seen
    pages = [listing(services.site, page=number).offerings for number in (1, 2, 3)]
    found = [each.establishment.uai for page in pages for each in page]
    assert len(found) == len(set(found)) == 48
    assert listing(services.site).pages == 3


def test_for_search_engines(services, world):
    """One address for each page, a description, and results of a search not indexed."""
    browser = Browser(services)
    page = browser.get(f"/etablissements/{COLLEGE.code.lower()}").text
    assert f'rel="canonical" href="http://localhost/etablissements/{COLLEGE}"' in page
    assert "<title>Téléservices : Collège des Trois-Rivières, Valmont" in page.replace(
        "\u00a0", " "
    )
    assert 'name="description"' in page
    assert 'content="noindex' not in browser.get("/etablissements").text
    assert 'content="noindex' in browser.get("/etablissements?q=a").text
    for path in ("/connexion", "/aide"):
        assert 'href="/etablissements"' in browser.get(path).text
