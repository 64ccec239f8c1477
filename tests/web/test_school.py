"""The console of an establishment: letters printed from the page."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.world import PASSWORD, World


@pytest.fixture
def office(services):
    """The secretariat, signed in; two classes of one family each, without letters."""
    world = World(services)
    world.establishment()
    fresh = {"state": AccountState.NEW, "password_hash": None, "email": None}
    for class_group, name in (("6 B", "MARTIN"), ("3 A", "PETIT")):
        child, mother = a_student(last_name=name), an_adult(last_name=name)
        world.student(child, a_schooling(child.id, class_group=class_group))
        world.adult(mother, a_link(child.id, mother.id))
        world.account(mother, Audience.GUARDIAN, **fresh)
        world.account(child, Audience.STUDENT, **fresh)
    browser = Browser(services)
    browser.sign_in(world.staff(Role.SCHOOL_OFFICE, COLLEGE).login_name, PASSWORD)
    return browser


@pytest.mark.faq("F10")
def test_letters_of_a_class_then_of_all(services, office):
    """A class's letters come as one PDF; then the rest; then there is nothing left."""
    page = office.get(f"/ecole/{COLLEGE}/notifications")
    assert re.search(r"Éditer les\s4\snotifications restantes", page.text)
    office.get(f"/ecole/{COLLEGE}/notifications/preparer?classe=3+A")
    answer = office.submit("/editer", class_group="3 A")
    assert answer.headers["Content-Disposition"].endswith("notifications-0219999E-3-A.pdf")
    pages = PdfReader(BytesIO(answer.data)).pages
    assert len(pages) == 2
    text = pages[0].extract_text() + pages[1].extract_text()
    assert "PETIT" in text
    assert "MARTIN" not in text
    login = re.search(r"camille\.petit|anne\.petit", text).group()
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", text).group()
    family = Browser(services)
    family.sign_in(login, code)
    assert "Choisissez votre mot de passe" in family.page.text

    office.get(f"/ecole/{COLLEGE}/notifications/preparer")
    answer = office.submit("/editer", class_group="")
    assert len(PdfReader(BytesIO(answer.data)).pages) == 2
    page = office.get(f"/ecole/{COLLEGE}/notifications")
    assert "Toutes les notifications ont été éditées" in page.text


def test_the_office_does_not_open_modules(services, office):
    """The secretariat sees the modules and who decides, without a switch to press."""
    page = office.get(f"/ecole/{COLLEGE}/")
    assert "Seuls le chef d’établissement, ses adjoints" in page.text
    assert "disabled" in page.text


@pytest.mark.faq("F14")
@pytest.mark.faq("F16")
def test_sign_in_says_which_school_when_a_letter_has_expired(services, office, clock):
    """An expired letter names the secretariat that issues a new one (F16)."""
    office.get(f"/ecole/{COLLEGE}/notifications/preparer?classe=3+A")
    answer = office.submit("/editer", class_group="3 A")
    text = PdfReader(BytesIO(answer.data)).pages[0].extract_text()
    login = re.search(r"camille\.petit|anne\.petit", text).group()
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", text).group()
    clock.advance(days=120)
    family = Browser(services)
    page = family.sign_in(login, code)
    assert "n’est plus valable" in page.text
    assert "Collège des Trois-Rivières" in page.text
    assert "03\u00a053\u00a001\u00a000\u00a001</a>" in page.text
    assert login in page.text, "what was typed is kept"
