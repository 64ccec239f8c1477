"""Two guardians and the secretary at the same instant, many times, on a real PostgreSQL."""

from __future__ import annotations

from collections import defaultdict
from uuid import uuid4

import pytest
from attrs import evolve
from sqlalchemy import select

from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.races import TRIALS, race
from teleservices_fiche.model import Person, PersonKind, ProposalState
from teleservices_fiche.store import FicheStore
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.school import FicheSchoolStore
from teleservices_fiche.testing import a_maker, a_proposal, later
from teleservices_fiche.usecases.deciding import decide, decide_many, look_at

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
BEFORE = ["UPDATE fiche_proposals", "SELECT fiche_proposals.id", "INSERT INTO fiche_proposals"]
LATE = (ConflictError, RefusedError)
MOTHER, FATHER = a_maker(uuid4(), name="Anne"), a_maker(uuid4(), name="Bruno")


def waiting(services, *makers):
    """For each trial, a child about whom each maker has asked for another telephone."""
    trials = []
    for number in range(TRIALS):
        person = Person(PersonKind.STUDENT, uuid4())
        trials.append(
            [
                a_proposal(
                    f"+336399{rank}{number:04}",
                    person=person,
                    student_id=person.id,
                    maker=maker,
                    seen=None,
                )
                for rank, maker in enumerate(makers)
            ]
        )
    with services.site.database.writing() as tx:
        FicheStore(tx.connection).proposals.add("R", [e for trial in trials for e in trial])
    return trials


def looks(services, trials):
    """What the secretary has on the screen, of the last proposal of each trial."""
    ids = [trial[-1].id for trial in trials]
    found = look_at(services.site, None, COLLEGE, ids, FicheSchoolStore)
    return {look.proposal.id: look.digest for look in found}


def states(services):
    """The rows of each child, by state."""
    found = defaultdict(lambda: defaultdict(list))
    with services.engine.connect() as connection:
        for row in connection.execute(select(t.proposals)):
            found[row.person_id][ProposalState(row.state)].append(row)
    return found


def accepting(services, proposal, seen):
    return lambda: decide(
        services.site, None, COLLEGE, proposal.id, accept=True, seen=seen, opens=FicheSchoolStore
    )


def replacing(services, before, *, straight=False):
    """The act of its maker: another value, perhaps one that goes straight through."""

    def act():
        after = a_proposal(
            "+33639999999",
            person=before.person,
            student_id=before.student_id,
            maker=before.maker,
            seen=None,
            made_at=later(1),
        )
        if straight:
            after = evolve(
                after, state=ProposalState.ACCEPTED, passed_straight=True, decided_at=later(1)
            )
        with services.site.database.writing() as tx:
            FicheStore(tx.connection).proposals.add("S", [after])
        return after

    return act


def withdrawing(services, proposal):
    def act():
        with services.site.database.writing() as tx:
            store = FicheStore(tx.connection).proposals
            return store.decide(proposal, ProposalState.WITHDRAWN, A_TUESDAY)

    return act


def test_two_guardians_and_the_secretary(services):
    """No lost update: whoever succeeded is on record, at most one value is in force."""
    trials = waiting(services, MOTHER, FATHER)
    seen = looks(services, trials)
    acts = (
        (
            replacing(services, mothers, straight=True),
            withdrawing(services, fathers),
            accepting(services, fathers, seen[fathers.id]),
        )
        for mothers, fathers in trials
    )
    outcomes = list(race(services.engine, acts, before=BEFORE))
    assert sum(outcome.met for outcome in outcomes) > TRIALS * 0.9
    found = states(services)
    for (mothers, fathers), outcome in zip(trials, outcomes, strict=True):
        for result in outcome.results:
            assert not isinstance(result, Exception) or isinstance(result, LATE), result
        here = found[mothers.person.id]
        replaced, withdrew, accepted = (
            not isinstance(result, Exception) for result in outcome.results
        )
        by_id = {row.id: state for state, rows in here.items() for row in rows}
        assert sum(map(len, here.values())) == 2 + replaced, "nothing disappears"
        assert len(here[ProposalState.ACCEPTED]) <= 1
        assert not (withdrew and accepted), "one of them came second, and was told"
        if replaced:
            assert by_id[outcome.results[0].id] in {
                ProposalState.ACCEPTED,
                ProposalState.SUPERSEDED,
            }
            assert by_id[mothers.id] is ProposalState.SUPERSEDED
        else:
            assert by_id[mothers.id] is ProposalState.WAITING
        if withdrew:
            assert by_id[fathers.id] is ProposalState.WITHDRAWN
        elif not accepted:
            assert by_id[fathers.id] is ProposalState.WAITING
        if replaced or accepted:
            assert len(here[ProposalState.ACCEPTED]) == 1


def test_two_secretaries_decide_the_same(services):
    """By the list and by the page: one decides, the other is told."""
    trials = waiting(services, MOTHER)
    seen = looks(services, trials)

    def refusing(proposal):
        picked = {proposal.id: proposal.version}
        return lambda: decide_many(
            services.site,
            None,
            COLLEGE,
            picked,
            accept=False,
            reason="Non.",
            opens=FicheSchoolStore,
        )

    acts = (
        (accepting(services, proposal, seen[proposal.id]), refusing(proposal))
        for (proposal,) in trials
    )
    outcomes = list(race(services.engine, acts, before=BEFORE))
    found = states(services)
    for (proposal,), outcome in zip(trials, outcomes, strict=True):
        accepted, refused = outcome.results
        assert not isinstance(refused, Exception), refused
        assert not isinstance(accepted, Exception) or isinstance(accepted, LATE), accepted
        is_accepted = not isinstance(accepted, Exception)
        assert is_accepted is (refused.done == 0)
        state = ProposalState.ACCEPTED if is_accepted else ProposalState.REFUSED
        assert len(found[proposal.person.id][state]) == 1
