"""« Mes données » and « Qui a consulté »: what a family may know about its own data."""

from __future__ import annotations

import json
import re
import types
from io import BytesIO
from zipfile import ZipFile

import pytest
from attrs import evolve

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Audience, SessionPurpose
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.consultations import PER_PAGE
from teleservices_core.usecases.signing_in import open_session, resume, sign_in
from teleservices_core.usecases.site import audited


@pytest.fixture
def family(services):
    """Two guardians of one child, who has an account too; a head and the help line."""
    world = World(services)
    world.establishment()
    child = a_student()
    world.student(child, a_schooling(child.id))
    mother, father = an_adult(), an_adult(first_name="Paul")
    world.adult(mother, a_link(child.id, mother.id))
    world.adult(father, a_link(child.id, father.id, kinship=Kinship.FATHER))
    return types.SimpleNamespace(
        child=child,
        mother=world.account(mother, Audience.GUARDIAN, email="anne@example.org"),
        father=world.account(father, Audience.GUARDIAN, email="papa@canari.example"),
        head=world.staff(Role.HEAD, COLLEGE, display_name="Claude DURAND"),
        hotline=world.staff(Role.HOTLINE, display_name="Dominique PETIT"),
    )


def signed_in(services, account):
    """A browser."""
    browser = Browser(services)
    browser.sign_in(account.login_name, PASSWORD)
    return browser


def journal(services, who, action, subject_id, **detail):
    """Write an act of somebody."""
    site = services.site
    viewer = resume(site, sign_in(site, who.login_name, PASSWORD, source="x").secret)
    uai = COLLEGE if who.audience is Audience.STAFF and viewer.schools else None
    with site.database.writing() as tx:
        tx.audit.add(audited(action, site.now(), viewer, uai=uai, subject_id=subject_id, **detail))


def test_download(services, family):
    """From « Mon compte »: the password again, then a ZIP of two files."""
    browser = signed_in(services, family.mother)
    assert "/compte/donnees" in browser.get("/compte").text
    browser.get("/compte/donnees")
    page = browser.submit("/compte/donnees", current="faux")
    assert page.status_code == 422
    assert "Ce n’est pas votre mot de passe actuel" in page.text
    answer = browser.submit("/compte/donnees", current=PASSWORD)
    assert answer.headers["Content-Disposition"].endswith("donnees-anne.martin.zip")
    assert answer.headers["Cache-Control"] == "no-store"
    with ZipFile(BytesIO(answer.data)) as archive:
        assert json.loads(archive.read("donnees.json"))["identifiant"] == "anne.martin"
        assert "Camille MARTIN" in archive.read("donnees.html").decode()
    assert "Copie des données remise" not in browser.get("/compte/consultations").text


def test_download_without_a_password(services, family, clock):
    """Who signs in elsewhere has none to give: no field, and a fresh session."""
    with services.site.database.writing() as tx:
        account = evolve(family.mother, password_hash=None)
        account = tx.accounts.replace(family.mother, account)
        secret = open_session(services.site, tx, account, SessionPurpose.FULL).secret
    browser = Browser(services)
    browser.get("/connexion")
    (name,) = (c.key for c in browser.client._cookies.values() if "visit" in c.key)
    browser.client.set_cookie(name.replace("visit", "session"), secret)
    page = browser.get("/compte/donnees")
    assert 'type="password"' not in page.text
    clock.advance(minutes=11)
    page = browser.submit("/compte/donnees")
    assert page.status_code == 422
    assert "Reconnectez-vous" in page.text


def test_who_consulted(services, family):
    """Staff, with name, function, school and reason; never another guardian's act or reason."""
    mother, father, child = family.mother.id, family.father.id, family.child.id
    journal(services, family.hotline, "hotline.viewed", mother, reason="Elle ne voit pas Notes")
    journal(services, family.hotline, "hotline.viewed", child)
    services.site.clock.advance(minutes=1)
    journal(services, family.head, "school.link_corrected", child, reason="Paul, le père, a écrit")
    journal(services, family.hotline, "hotline.viewed", father, reason="Il appelle de papa@canari")
    journal(services, family.father, "account.password_changed", father)
    journal(services, family.father, "link.reported", child)
    page = signed_in(services, family.mother).get("/compte/consultations").text
    assert "Elle ne voit pas Notes" in page
    assert "Dominique PETIT, assistance de l’académie" in page
    assert "Claude DURAND, direction de l’établissement, Collège des Trois-Rivières" in page
    assert page.count("Dominique PETIT") == 1, "one consultation, told once"
    for canary in ("Paul", "père", "canari", "link.reported", "Mot de passe changé"):
        assert canary not in page
    page = signed_in(services, family.father).get("/compte/consultations").text
    assert "Il appelle" in page
    assert page.count("Dominique PETIT") == 2, "his own account, and the child for another's call"


def test_no_page_tells_of_the_other_guardian(services, family):
    """Address, telephone, e-mail and name of the other one: on no page that can be reached."""
    world = World(services)
    father = an_adult(
        first_name="Hector",
        last_name="CANARI",
        email="ecole@canari.example",
        mobile="0699999999",
        address=PostalAddress(("7 allée du Canari",), "21000", "Valmont"),
    )
    world.adult(father, a_link(family.child.id, father.id, kinship=Kinship.FATHER))
    account = world.account(father, Audience.GUARDIAN, email="hector@canari.example")
    journal(services, family.hotline, "hotline.viewed", account.id, reason="Hector appelle")
    journal(services, family.hotline, "hotline.viewed", family.child.id)
    browser = signed_in(services, family.mother)
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = browser.get(path).text
        for canary in ("anari", "CANARI", "Hector", "0699999999", "06 99 99 99 99"):
            assert canary not in text.replace("\u00a0", " "), (path, canary)
        waiting += re.findall(r'href="(/[^"#?]*)', text)
    assert {"/compte", "/compte/donnees", "/compte/consultations"} <= seen


def test_nobody_consulted(services, family):
    """An empty list says what it would hold."""
    page = signed_in(services, family.mother).get("/compte/consultations").text
    assert "Personne pour le moment" in page


def test_pages_of_consultations(services, family):
    """Twenty by page, the latest first; a page that is not there is not found."""
    for number in range(PER_PAGE + 1):
        services.site.clock.advance(minutes=1)
        journal(services, family.hotline, "hotline.viewed", family.mother.id, reason=f"n°{number}.")
    browser = signed_in(services, family.mother)
    page = browser.get("/compte/consultations").text
    assert "n°20." in page
    assert "n°0." not in page
    assert "Page 1 sur 2" in page
    page = browser.get("/compte/consultations?page=2").text
    assert "n°0." in page
    assert "Page 2 sur 2" in page
    for number, status in (("3", 404), ("0", 404), ("-1", 404), ("x", 404)):
        assert browser.get(f"/compte/consultations?page={number}").status_code == status


@pytest.mark.parametrize("number", [1, 30])
def test_statements(services: Teleservices, family, number):
    """Session, children, journal: three statements, whatever was consulted."""
    for _n in range(number):
        journal(services, family.hotline, "hotline.viewed", family.mother.id)
    browser = signed_in(services, family.mother)
    with counted(services.engine) as seen:
        browser.get("/compte/consultations")
    assert len(seen) == 3, seen


def test_privacy_page(services):
    """Public, linked from every page, made of the declarations with the settings' figures."""
    durations = evolve(services.settings.durations, unused_days=400)
    changed = evolve(services.settings, durations=durations, privacy_contact="dpd@academie.example")
    services = Teleservices(changed, engine=services.engine, clock=services.site.clock)
    browser = Browser(services)
    assert "/donnees-personnelles" in browser.get("/connexion").text
    page = browser.get("/donnees-personnelles").text
    for data in services.site.catalogue.personal_data:
        assert data.title() in page
    assert "pas utilisé pendant 400 jours" in page
    assert "dpd@academie.example" in page
