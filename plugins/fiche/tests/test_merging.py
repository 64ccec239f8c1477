"""Three-way merge: no value that nobody refused is lost."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_fiche.model import Address, ProposalState, canonical
from teleservices_fiche.rules.merging import Comparison, compare, effective, in_force, own_only
from teleservices_fiche.testing import HOME, a_person, a_proposal, values

SOME = st.sampled_from([None, "a", "A", "b", "c", True, False, HOME])


@pytest.mark.parametrize(
    ("seen", "proposed", "current", "expected"),
    [
        ("a", "b", "a", Comparison.APPLIES),
        ("a", "b", "b", Comparison.ALREADY),
        ("a", "b", "B", Comparison.ALREADY),
        ("a", "b", "c", Comparison.CONFLICT),
        ("a", "a", "c", Comparison.SAME),
        ("a", None, "a", Comparison.APPLIES),
        (None, "a", None, Comparison.APPLIES),
        ("École", "b", "ECOLE", Comparison.APPLIES),
    ],
)
def test_compare(seen, proposed, current, expected):
    assert compare(seen, proposed, current) is expected


@given(SOME, SOME, SOME)
def test_against_an_oracle(seen, proposed, current):
    """A conflict is three values of which the middle one was asked for, and nothing else is."""
    was, wanted, is_now = map(canonical, (seen, proposed, current))
    found = compare(seen, proposed, current)
    assert (found is Comparison.SAME) is (was == wanted)
    assert (found is Comparison.CONFLICT) is (len({was, wanted, is_now}) == 3)
    if found is Comparison.ALREADY:
        assert wanted == is_now


@given(st.lists(values(), min_size=1, max_size=8), values())
def test_an_import_loses_nothing(imports, proposed):
    """Whatever the base says later, what was accepted stays in force."""
    accepted = a_proposal(proposed, state=ProposalState.ACCEPTED)
    for current in imports:
        assert effective(current, accepted) == proposed
        base = {accepted.person: {accepted.field: current, "email": "x@example.org"}}
        found = in_force(base, [accepted])
        assert found[accepted.person] == {accepted.field: proposed, "email": "x@example.org"}
        assert base[accepted.person][accepted.field] == current, "the base is never written"
    assert effective(imports[-1], None) == imports[-1]


@pytest.mark.parametrize("state", [s for s in ProposalState if s is not ProposalState.ACCEPTED])
def test_only_what_is_accepted_is_in_force(state):
    proposal = evolve(a_proposal(), state=state)
    base = {proposal.person: {"phone_mobile": "+33639980001"}}
    assert in_force(base, [proposal]) == base


def test_of_somebody_else():
    """A change about a person who is not asked about touches nobody."""
    assert in_force({}, [a_proposal(state=ProposalState.ACCEPTED)]) == {}
    assert a_person() == a_proposal().person


def test_the_students_own_data():
    """What is a guardian's is not the student's, however it is written (order of 2013)."""
    student = {
        "address": Address(("12 RUE DES LILAS",), "21000", "DIJON"),
        "phone_mobile": "+33639980009",
        "phone_home": "+33380000001",
        "email": "Anne@Example.org",
        "last_name": "MARTIN",
    }
    mother = {
        "address": HOME,
        "phone_work": "+33380000001",
        "email": "anne@example.org",
        "last_name": "MARTIN",
    }
    assert own_only(student, [mother, {}]) == {
        "address": None,
        "phone_mobile": "+33639980009",
        "phone_home": None,
        "email": None,
        "last_name": "MARTIN",
    }
    assert own_only(student, [{"address": None}]) == student


def test_only_what_is_of_a_home_is_compared():
    """Two names alike are no secret; nothing unknown hides what is known."""
    student = {"last_name": "+33380000001", "sex": None, "email": None, "phone_home": "b"}
    mother = {"last_name": "b", "first_name": "+33380000001", "phone_home": None, "email": "c"}
    assert own_only(student, [mother]) == student


@given(values(), st.lists(values(), max_size=3))
def test_nothing_of_a_guardians_shows_on_the_student(value, theirs):
    """For any values: what remains is of no guardian."""
    found = own_only({"email": value}, [{"phone_home": each} for each in theirs])["email"]
    assert found is None or canonical(found) not in map(canonical, theirs)
