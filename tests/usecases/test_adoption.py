"""Figures of adoption: each account once, among the students who are there."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.adoption import Adoption, SchoolAdoption
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.roster import Level
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
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
from teleservices_core.testing.world import World
from teleservices_core.usecases.adoption import SchoolSearch, list_schools, read_landscape
from teleservices_core.usecases.opening import set_opening

states = st.dictionaries(st.sampled_from(AccountState), st.integers(0, 50))


@given(states)
def test_each_figure_is_among_the_one_before(counts):
    """Never more active than claimed, claimed than issued, issued than there are."""
    found = Adoption.of(counts)
    assert found.accounts == sum(counts.values())
    assert found.accounts >= found.issued >= found.claimed >= found.active >= 0


@pytest.fixture
def world(services):
    """A collège and a lycée."""
    world = World(services)
    world.establishment()
    world.establishment(
        an_establishment(
            LYCEE, name="Lycée Évariste-Galois", kind=EstablishmentKind.LYCEE, town="Nevers"
        )
    )
    return world


def figures(services):
    """By UAI."""
    lines = list_schools(services.site, SchoolSearch(), YEAR).lines
    return {line.establishment.uai: line.adoption for line in lines}


def test_accounts_are_counted_once(services, world):
    """A mother of two in one school counts once there, and once in the other school."""
    mother, father = an_adult(), an_adult(first_name="Paul")
    children = [a_student(first_name=name) for name in ("Léa", "Noé", "Zoé")]
    for child, uai in zip(children, (COLLEGE, COLLEGE, LYCEE), strict=True):
        world.student(child, a_schooling(child.id, uai))
    world.adult(mother, *(a_link(child.id, mother.id) for child in children))
    world.adult(father, a_link(children[0].id, father.id, level=Level.CONTACT))
    gone = a_student(first_name="Parti")
    world.student(gone, a_schooling(gone.id, left_on=date(2026, 11, 24)))
    world.account(gone, Audience.STUDENT)
    world.account(mother, Audience.GUARDIAN)
    world.account(father, Audience.GUARDIAN, state=AccountState.ISSUED)
    world.account(children[0], Audience.STUDENT, state=AccountState.CLAIMED)
    world.account(children[1], Audience.STUDENT, state=AccountState.NEW)
    assert figures(services) == {
        COLLEGE: SchoolAdoption(Adoption(1, 1, 1, 1), Adoption(2, 1, 1, 0)),
        LYCEE: SchoolAdoption(Adoption(1, 1, 1, 1), Adoption()),
    }


def test_modules_open(services, world):
    """Out of those that concern the establishment, open to one audience at least."""
    before = list_schools(services.site, SchoolSearch(), YEAR).lines
    set_opening(
        services.site,
        None,
        Scope.establishment(COLLEGE),
        "notes",
        Audience.STUDENT,
        Stance.OPEN,
    )
    lines = list_schools(services.site, SchoolSearch(), YEAR).lines
    number = len(services.site.catalogue.modules)
    assert [line.open for line in lines] == [before[0].open + 1, before[1].open]
    assert [line.concerned for line in lines] == [number, number]


@pytest.mark.parametrize(
    ("search", "number"),
    [
        (SchoolSearch(), 2),
        (SchoolSearch("evariste GALOIS"), 1),
        (SchoolSearch("nevers"), 1),
        (SchoolSearch("0219998"), 1),
        (SchoolSearch("nevers rivieres"), 0),
        (SchoolSearch("trois-rivières"), 1),
        (SchoolSearch(kind=EstablishmentKind.LYCEE), 1),
        (SchoolSearch(departement="021"), 2),
        (SchoolSearch(departement="058"), 0),
        (SchoolSearch(takes_part=False), 0),
    ],
)
def test_search(services, world, search, number):
    """By words in any order, without accents; by kind, département and adherence."""
    found = list_schools(services.site, search, YEAR)
    assert len(found.found) == len(found.lines) == number


def test_pages(services, world):
    """Twenty-five at a time; a page too far is the last."""
    for number in range(30):
        world.establishment(an_establishment(Uai.from_digits(f"058{number:04}")))
    pages = [list_schools(services.site, SchoolSearch(), YEAR, n) for n in (1, 2, 99)]
    assert [(len(page.lines), page.page, page.pages) for page in pages] == [
        (25, 1, 2),
        (7, 2, 2),
        (7, 2, 2),
    ]
    shown = {line.establishment.uai for page in pages for line in page.lines}
    assert shown == {e.uai for e in read_landscape(services.site, YEAR).establishments}
