"""Who wins between two changes of one field, and what an import settles: two tables."""

from __future__ import annotations

from uuid import UUID

import pytest
from attrs import evolve

from teleservices_fiche.model import PersonKind, ProposalState
from teleservices_fiche.rules.merging import Comparison
from teleservices_fiche.rules.reconciling import (
    accepted_by_key,
    as_read,
    base_value,
    compare_now,
    key_of,
    known_field,
    settled,
)
from teleservices_fiche.testing import HOME, SOME_STUDENT, a_maker, a_person, a_proposal, later

ACCEPTED, WAITING = ProposalState.ACCEPTED, ProposalState.WAITING
OTHER = UUID(int=12)
STUDENT = a_person(SOME_STUDENT, PersonKind.STUDENT)
APPLIES, ALREADY, CONFLICT = Comparison.APPLIES, Comparison.ALREADY, Comparison.CONFLICT


def base_of(value, person=None, field="phone_mobile"):
    return {person or a_person(): {field: value}}


@pytest.mark.parametrize(
    ("theirs", "minutes", "current", "expected"),
    [
        # Nobody's change is in force: the base alone counts.
        (None, None, "a", APPLIES),
        (None, None, "b", ALREADY),
        (None, None, "c", CONFLICT),
        # Somebody's asks for the same.
        (("B", OTHER), 5, "a", ALREADY),
        (("B", OTHER), -5, "c", ALREADY),
        # Somebody else's was accepted after this one was made, which has not seen it.
        (("d", OTHER), 5, "a", CONFLICT),
        (("d", OTHER), 0, "a", CONFLICT),
        (("d", OTHER), 5, "b", CONFLICT),
        # Accepted before it: it was seen, and is replaced.
        (("d", OTHER), -5, "a", APPLIES),
        (("d", OTHER), -5, "b", APPLIES),
        (("d", OTHER), -5, "c", CONFLICT),
        (("d", OTHER), None, "a", APPLIES),
        # One's own, whenever it was accepted.
        (("d", None), 5, "a", APPLIES),
        (("d", None), -5, "b", APPLIES),
        (("d", None), 5, "c", CONFLICT),
    ],
)
def test_against_what_is_in_force(theirs, minutes, current, expected):
    """What was seen is « a », what is asked for « b »; the base says ``current``."""
    proposal = a_proposal("b", seen="a")
    accepted = None
    if theirs is not None:
        value, who = theirs
        accepted = a_proposal(
            value,
            state=ACCEPTED,
            maker=a_maker() if who is None else a_maker(who),
            decided_at=None if minutes is None else later(minutes),
        )
    assert compare_now(proposal, base_of(current), accepted) is expected


def test_against_itself():
    """A change that is in force is compared with the base alone."""
    proposal = a_proposal("b", seen="a", state=ACCEPTED, decided_at=later(5))
    for current, expected in (("a", APPLIES), ("b", ALREADY), ("c", CONFLICT)):
        assert compare_now(proposal, base_of(current), proposal) is expected


@pytest.mark.parametrize("says", ["b", "B", "a", None])
@pytest.mark.parametrize(
    ("state", "batch", "carried", "in_force", "closes"),
    [
        (WAITING, None, False, False, True),
        (WAITING, None, True, False, False),
        (WAITING, None, False, True, False),
        (WAITING, None, True, True, False),
        (ACCEPTED, None, False, True, True),
        (ACCEPTED, None, True, True, False),
        (ACCEPTED, 7, False, True, True),
        (ACCEPTED, 7, True, True, True),
    ],
)
def test_what_the_base_settles(says, state, batch, carried, in_force, closes):
    """It must say the same, nothing older may still arrive, nothing in force stand against it."""
    proposal = a_proposal("b", state=state, batch=batch)
    proposals = [proposal]
    if in_force and state is WAITING:
        proposals.append(a_proposal("d", state=ACCEPTED))
    keys = {key_of(proposal)} if carried else {(OTHER, "phone_mobile")}
    found = settled(proposals, base_of(says), keys)
    assert (proposal in found) is (closes and says in {"b", "B"})


@pytest.mark.parametrize(
    ("proposal", "base"),
    [
        # The base knows nothing of the person: an empty value agrees with nothing.
        (a_proposal(None), {}),
        # The catalogue has no such field any more.
        (a_proposal(None, field="fax"), base_of(None, field="fax")),
        # The families' own: the base has no place for it.
        (
            a_proposal("Zoé", person=STUDENT, field="emergency_name"),
            base_of("Zoé", STUDENT, "emergency_name"),
        ),
    ],
)
def test_what_the_base_cannot_say(proposal, base):
    for state in (WAITING, ACCEPTED):
        assert settled([evolve(proposal, state=state)], base, ()) == []


def test_known_fields():
    """What an older catalogue had is no field, and raises nothing."""
    assert known_field(a_proposal()).code == "phone_mobile"
    assert known_field(a_proposal(field="fax")) is None


def test_what_is_in_force():
    """One for each person and field: those accepted, of all states."""
    proposals = [a_proposal(state=state, field=f"f{n}") for n, state in enumerate(ProposalState)]
    (accepted,) = (each for each in proposals if each.state is ACCEPTED)
    assert accepted_by_key(proposals) == {(accepted.person.id, accepted.field): accepted}


def test_what_the_base_says():
    assert base_value(base_of("a"), a_proposal()) == "a"
    assert base_value(base_of("a", field="email"), a_proposal()) is None
    assert base_value({}, a_proposal()) is None


def test_the_base_as_families_read_it():
    """A guardian reads his own; of the student, nothing that is a guardian's as well."""
    base = {a_person(): {"address": HOME}, STUDENT: {"address": HOME, "last_name": "MARTIN"}}
    assert as_read(base, iter([{"address": HOME}])) == {
        a_person(): {"address": HOME},
        STUDENT: {"address": None, "last_name": "MARTIN"},
    }
