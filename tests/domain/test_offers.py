"""What an establishment offers, class by class; and how an establishment is found."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import decide
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import COLLEGE_LEVELS, LYCEE_LEVELS, ClassLevel
from teleservices_core.domain.modules import OpeningMode
from teleservices_core.domain.offers import EVERYONE, Reach, levels_concerned, survey
from teleservices_core.domain.policy import Opening, Policy, Stance
from teleservices_core.domain.rules import CORE_RULES
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.searching import search_terms, search_text
from teleservices_core.testing.builders import COLLEGE, YEAR, a_module, a_question, an_establishment
from teleservices_core.words.telling import tell_reach

SIXIEME, TROISIEME = ClassLevel.SIXIEME, ClassLevel.TROISIEME
SCHOOL = Scope.establishment(COLLEGE)


def asked(module, said, **changes):
    """The survey of a module in a collège where somebody said something."""
    openings = [
        Opening(module.id, YEAR, Audience.GUARDIAN, stance, scope) for scope, stance in said.items()
    ]
    question = a_question(policy=Policy.of(openings), **changes)
    question = evolve(question, student=None, schooling=None, link=None)
    return survey(module, question, lambda one: decide(module, one, CORE_RULES))


@pytest.mark.parametrize(
    ("said", "is_open", "words"),
    [
        ({}, False, ""),
        ({SCHOOL: Stance.OPEN}, True, ""),
        ({Scope.level(COLLEGE, SIXIEME): Stance.OPEN}, True, "classes de 6e"),
        (
            {SCHOOL: Stance.OPEN, Scope.level(COLLEGE, SIXIEME): Stance.CLOSED},
            True,
            "classes de 5e, 4e et 3e",
        ),
        ({Scope.division(COLLEGE, "3 A"): Stance.OPEN}, True, "classe 3 A"),
        (
            {
                Scope.division(COLLEGE, "3 A"): Stance.OPEN,
                Scope.division(COLLEGE, "3 B"): Stance.OPEN,
            },
            True,
            "classes 3 A et 3 B",
        ),
        (
            {SCHOOL: Stance.OPEN, Scope.division(COLLEGE, "6 B"): Stance.CLOSED},
            True,
            "sauf 6 B",
        ),
        (
            {
                Scope.level(COLLEGE, SIXIEME): Stance.OPEN,
                Scope.division(COLLEGE, "6 B"): Stance.CLOSED,
                Scope.division(COLLEGE, "3 A"): Stance.OPEN,
            },
            True,
            "classes de 6e et classe 3 A, sauf 6 B",
        ),
        (
            {Scope.academie(): Stance.FORBIDDEN, Scope.level(COLLEGE, SIXIEME): Stance.OPEN},
            False,
            "",
        ),
        (
            {SCHOOL: Stance.OPEN}
            | {Scope.level(COLLEGE, level): Stance.CLOSED for level in COLLEGE_LEVELS},
            False,
            "",
        ),
    ],
)
def test_reach(said, is_open, words):
    """For whom it is open, as a head would say it."""
    found = asked(a_module(), said)
    assert found.decision.is_open is is_open
    assert tell_reach(found.reach) == words


@given(
    st.dictionaries(
        st.sampled_from(
            [
                Scope.academie(),
                SCHOOL,
                *(Scope.level(COLLEGE, level) for level in sorted(COLLEGE_LEVELS)),
            ]
        ),
        st.sampled_from(Stance),
    ),
    st.sampled_from(OpeningMode),
)
def test_reach_is_what_each_level_is_told(said, mode):
    """The levels named are those whose families would enter, and no other."""
    module = a_module(opening_mode=mode)
    found = asked(module, said)
    open_to = {
        level
        for level in COLLEGE_LEVELS
        if decide(module, evolve(found.question, asked_level=level), CORE_RULES).is_open
    }
    assert found.decision.is_open is bool(open_to)
    if open_to:
        assert open_to == set(found.reach.levels or COLLEGE_LEVELS)


def test_a_module_for_some_levels():
    """The levels that it concerns are named, unless they are all that is taught."""
    booklet = a_module(levels=frozenset({ClassLevel.PREMIERE, ClassLevel.TERMINALE}))
    lycee = an_establishment(kind=EstablishmentKind.LYCEE)
    found = asked(booklet, {SCHOOL: Stance.OPEN}, establishment=lycee)
    assert tell_reach(found.reach) == "classes de 1re et Tle"
    assert levels_concerned(booklet, EstablishmentKind.COLLEGE) == ()
    assert levels_concerned(a_module(levels=LYCEE_LEVELS), EstablishmentKind.LYCEE) is None
    assert asked(a_module(), {SCHOOL: Stance.OPEN}).reach == EVERYONE == Reach()


@pytest.mark.parametrize(
    "typed",
    [
        "saint exupery",
        "SAINT-EXUPÉRY",
        "st exup",
        "exupéry nevers",
        "0580999",
        "lycée st-exupéry, Nevers",
        "  éxu  ",
        "",
    ],
)
def test_search(typed):
    """Accents, case, order, hyphens and abbreviations do not matter; parts of words do."""
    stored = search_text("Nevers", "Lycée St-Exupéry", "0580999Z")
    assert all(term in stored for term in search_terms(typed))


@given(st.text(max_size=200))
def test_search_terms_are_plain(typed):
    """Whatever is typed, the terms are a few plain words, which no pattern can escape from."""
    terms = search_terms(typed)
    assert len(terms) <= 8
    assert all(term.isascii() and term.isalnum() for term in terms)
