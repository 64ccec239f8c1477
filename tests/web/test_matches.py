"""« Rapprochements à vérifier », page by page, in a school and at the académie."""

from __future__ import annotations

import pytest
from attrs import evolve
from sqlalchemy import insert
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.domain.likeness import (
    Comparison,
    Identity,
    Sameness,
    compare_adults,
    compare_students,
)
from teleservices_core.domain.matches import Match, MatchKind, ask
from teleservices_core.domain.roster import Adult, Student, StudentDetails
from teleservices_core.domain.staff import Role
from teleservices_core.domain.values import Ine, Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.matches import match_row
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    a_link,
    a_schooling,
    a_student,
    an_adult,
    an_establishment,
)
from teleservices_core.testing.world import PASSWORD, World

LIST, ACADEMY = f"/ecole/{LYCEE}/rapprochements", "/academie/rapprochements"


@pytest.fixture
def world(services: Teleservices) -> World:
    """A collège and a lycée."""
    world = World(services)
    world.establishment()
    world.establishment(an_establishment(LYCEE, name="Lycée des Quatre-Vents"))
    return world


def put(
    world: World,
    kind: MatchKind,
    persons: tuple[Student, Student] | tuple[Adult, Adult],
    said: Comparison,
    other_uai: Uai | None = None,
    identities: tuple[Identity, ...] = (),
) -> Match:
    one, other = persons
    now = world.services.site.now()
    pair = (one.id, other.id)
    match = ask(uuid7(), kind, LYCEE, pair, said, now, other_uai=other_uai, identities=identities)
    with world.services.site.database.writing() as tx:
        tx.connection.execute(insert(t.matches).values(match_row(match)))
    return match


@pytest.fixture
def two_schools(world: World) -> Match:
    """Camille of the collège, and Lou of the lycée who bears her number."""
    camille = a_student(ine=Ine.rnie(1))
    lou = evolve(camille, id=uuid7(), first_name="Lou", last_name="PETIT", ine=None)
    mother, father = an_adult(), an_adult(first_name="Paul", last_name="PETIT", title="M.")
    world.student(camille, a_schooling(camille.id), StudentDetails(birth_insee="21231"))
    world.student(lou, evolve(a_schooling(lou.id), uai=LYCEE))
    world.adult(mother, a_link(camille.id, mother.id))
    world.adult(father, a_link(lou.id, father.id))
    claimed = evolve(Identity.of_student(lou), ines=frozenset({Ine.rnie(1).code}))
    known = Identity.of_student(camille)
    said = compare_students(claimed, known)
    return put(world, MatchKind.STUDENT, (camille, lou), said, COLLEGE, (claimed, known))


@pytest.fixture
def parents(world: World) -> Match:
    """Anne, twice in the base of the lycée."""
    child = a_student()
    world.student(child, evolve(a_schooling(child.id), uai=LYCEE))
    one, other = an_adult(email="anne@example.org"), an_adult(email="anne@example.org")
    for adult in (one, other):
        world.adult(adult, a_link(child.id, adult.id))
    said = compare_adults(one, other, share_child=True)
    assert said.sameness is Sameness.UNCERTAIN
    return put(world, MatchKind.ADULT, (one, other), said)


def signed_in(world: World, role: Role, uai: Uai | None = None) -> Browser:
    browser = Browser(world.services)
    browser.sign_in(world.staff(role, uai).login_name, PASSWORD)
    return browser


def test_a_school_says_that_they_are_two(world: World, two_schools: Match) -> None:
    office = signed_in(world, Role.SCHOOL_OFFICE, LYCEE)
    assert "1 rapprochement à vérifier" in office.get(f"/ecole/{LYCEE}/").text
    page = office.get(LIST)
    assert "1 question à traiter" in page.text
    assert f"{LIST}/{two_schools.id}" in page.text
    page = office.get(f"{LIST}/{two_schools.id}")
    for shown in ("Camille", "Lou", "PETIT", "21231", "Diffère", "Concorde", "Paul PETIT"):
        assert shown in page.text
    office.submit(f"{LIST}/{two_schools.id}/repondre", answer="different")
    page = office.get(LIST)
    assert "Aucun rapprochement à vérifier" in page.text
    assert "Deux personnes" in page.text
    office.get(f"{LIST}/{two_schools.id}")
    office.submit(f"{LIST}/{two_schools.id}/repondre", answer="open")
    assert "1 question à traiter" in office.get(LIST).text


def test_a_school_does_not_learn_more_of_the_other_than_it_takes(
    world: World, two_schools: Match
) -> None:
    office = signed_in(world, Role.HEAD, LYCEE)
    page = office.get(f"{LIST}/{two_schools.id}").text
    mother = an_adult()
    assert mother.full_name not in page
    assert page.count(f"{Ine.rnie(1)} (d’après le fichier)") == 2, "the number of their own file"
    assert 'value="same"' not in page
    page = office.submit(f"{LIST}/{two_schools.id}/repondre", answer="same").text
    assert "seule l’académie" in page
    elsewhere = signed_in(world, Role.HEAD, COLLEGE)
    address = f"/ecole/{COLLEGE}/rapprochements/{two_schools.id}"
    assert elsewhere.get(address).status_code == 404


def test_the_academie_says_that_they_are_one_and_takes_it_back(
    world: World, two_schools: Match
) -> None:
    rectorat = signed_in(world, Role.ACADEMY_ADMIN)
    assert "1 rapprochement à vérifier" in rectorat.get("/academie/").text
    assert f"{ACADEMY}/{two_schools.id}" in rectorat.get(ACADEMY).text
    page = rectorat.get(f"{ACADEMY}/{two_schools.id}").text
    assert Ine.rnie(1).code in page
    rectorat.submit(f"{ACADEMY}/{two_schools.id}/repondre", answer="same")
    assert "Même personne" in rectorat.get(ACADEMY).text
    office = signed_in(world, Role.SCHOOL_OFFICE, LYCEE)
    assert "elle seule peut revenir" in office.get(f"{LIST}/{two_schools.id}").text
    rectorat.get(f"{ACADEMY}/{two_schools.id}")
    page = rectorat.submit(f"{ACADEMY}/{two_schools.id}/repondre", answer="open").text
    assert "ce qui était à lui" in page


def test_a_parent_twice(world: World, parents: Match) -> None:
    office = signed_in(world, Role.SCHOOL_OFFICE, LYCEE)
    page = office.get(f"{LIST}/{parents.id}").text
    assert "anne@example.org" in page
    office.submit(f"{LIST}/{parents.id}/repondre", answer="later")
    assert "remis à plus tard" in office.get(LIST).text
    office.get(f"{LIST}/{parents.id}")
    office.submit(f"{LIST}/{parents.id}/repondre", answer="same")
    assert "Même personne" in office.get(LIST).text
    academy = signed_in(world, Role.ACADEMY_ADMIN)
    assert "Aucun rapprochement" in academy.get(ACADEMY).text


def test_an_unknown_answer_changes_nothing(world: World, parents: Match) -> None:
    office = signed_in(world, Role.SCHOOL_OFFICE, LYCEE)
    office.get(f"{LIST}/{parents.id}")
    page = office.submit(f"{LIST}/{parents.id}/repondre", answer="peut-être").text
    assert "rien n’a été changé" in page
