"""What imports settle: nothing that nobody refused is lost, whatever comes in which order."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from teleservices_core.storage import tables as core
from teleservices_core.testing.builders import COLLEGE, a_link, a_schooling, a_student, an_adult
from teleservices_core.testing.reaching import often, reached
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import World
from teleservices_core.usecases.cut_offs import notify
from teleservices_fiche.model import Person, PersonKind, ProposalState
from teleservices_fiche.store import FicheStore
from teleservices_fiche.store import tables as t
from teleservices_fiche.store.school import FicheSchoolStore
from teleservices_fiche.testing import a_maker, a_proposal, later
from teleservices_fiche.usecases.deciding import decide, look_at_one
from teleservices_fiche.usecases.exporting import open_delta
from teleservices_fiche.usecases.reconciling import reconcile

NUMBERS = ("+33639980001", "+33639980002", "+33639980003")
ACCEPTED, WAITING = ProposalState.ACCEPTED, ProposalState.WAITING
RECONCILED = ProposalState.RECONCILED


class Bench:
    """One telephone of one student, its base, and those who write to it."""

    def __init__(self, services):
        self.services = services
        self.world = World(services)
        self.world.establishment()
        self.child = a_student()
        self.world.student(self.child, a_schooling(self.child.id))
        self.clock = 0

    def tick(self):
        self.clock += 1
        self.services.site.clock.set(later(self.clock))

    def propose(self, who, value):
        self.tick()
        person = Person(PersonKind.STUDENT, self.child.id)
        proposal = a_proposal(
            value,
            person=person,
            student_id=self.child.id,
            seen=self.base(),
            maker=a_maker(who),
            made_at=self.services.site.now(),
        )
        with self.services.site.database.writing() as tx:
            FicheStore(tx.connection).proposals.add("R", [proposal])
        return proposal

    def decide(self, proposal_id, *, accept):
        self.tick()
        site = self.services.site
        look = look_at_one(site, None, COLLEGE, proposal_id, FicheSchoolStore)
        decide(
            site,
            None,
            COLLEGE,
            proposal_id,
            accept=accept,
            reason="" if accept else "Non.",
            seen=look.digest,
            opens=FicheSchoolStore,
        )

    def withdraw(self, proposal):
        self.tick()
        with self.services.site.database.writing() as tx:
            store = FicheStore(tx.connection).proposals
            store.decide(proposal, ProposalState.WITHDRAWN, self.services.site.now())

    def base(self):
        with self.services.engine.connect() as connection:
            mobile = core.students.c.mobile
            found = select(mobile).where(core.students.c.id == self.child.id)
            return connection.scalar(found) or None

    def imported(self, value):
        """The school base says a value; plugins hear of it."""
        self.tick()
        with self.services.engine.begin() as connection:
            connection.execute(
                core.students.update()
                .where(core.students.c.id == self.child.id)
                .values(mobile=value or "")
            )
        notify(
            self.services.site,
            "teleservices_roster_imported",
            uai=COLLEGE,
            counts={},
            database=self.services.site.database,
        )

    def proposals(self):
        with self.services.site.database.reading() as tx:
            rows = tx.connection.execute(
                select(t.proposals).where(t.proposals.c.student_id == self.child.id)
            ).all()
        return {row.id: row for row in rows}

    def states(self):
        return {id_: ProposalState(row.state) for id_, row in self.proposals().items()}

    def in_force(self):
        found = [row.proposed for row in self.proposals().values() if row.state == ACCEPTED]
        assert len(found) <= 1
        return found[0] if found else self.base()


MAKERS = (UUID(int=11), UUID(int=12))
ANY_ACT = st.one_of(
    st.tuples(st.just("propose"), st.sampled_from(MAKERS), st.sampled_from(NUMBERS)),
    st.tuples(st.just("accept"), st.integers(0, 1), st.none()),
    st.tuples(st.sampled_from(("refuse", "withdraw")), st.integers(0, 1), st.none()),
    st.tuples(st.just("go_back"), st.none(), st.none()),
    st.tuples(st.just("imported"), st.sampled_from((None, *NUMBERS)), st.none()),
    st.tuples(st.just("export"), st.none(), st.none()),
    st.tuples(st.just("arrive"), st.none(), st.none()),
)
AS_MEANT = st.sampled_from(MAKERS).flatmap(
    lambda maker: st.tuples(
        st.sampled_from(NUMBERS).map(lambda value: ("propose", maker, value)),
        st.just(("accept", MAKERS.index(maker), None)),
        ANY_ACT,
        st.sampled_from([("export", None, None), ("go_back", None, None)]),
        ANY_ACT,
        st.just(("arrive", None, None)),
    )
)
"""What usually happens to a change, with anything in between."""
ACTS = st.one_of(
    st.lists(ANY_ACT, max_size=14),
    st.lists(AS_MEANT, min_size=1, max_size=2).map(lambda parts: [a for p in parts for a in p]),
)


class Oracle:
    """What must hold, told again without the plugin: the last word of each."""

    def __init__(self, base):
        self.base = base
        self.wanted = None
        """The value last accepted, as long as the base has not said it for good."""
        self.is_wanted = False
        self.travelling = []
        """Values that left in deltas and may still arrive, oldest first."""
        self.has_left = False
        """Whether the value wanted has left."""

    def accept(self, value):
        self.wanted, self.is_wanted, self.has_left = value, True, False

    def refuse(self):
        self.is_wanted = False

    def export(self):
        if self.is_wanted and not self.has_left:
            self.travelling.append(self.wanted)
            self.has_left = True

    def imported(self, value):
        self.base = value
        if value in self.travelling:
            # What the base says has arrived, and what left before it too.
            del self.travelling[: self.travelling.index(value) + 1]

    @property
    def value(self):
        return self.wanted if self.is_wanted else self.base


class Play:
    """Both sides of each act, and what is compared after it."""

    def __init__(self, services):
        self.services = services
        self.bench = Bench(services)
        self.oracle = Oracle(self.bench.base())
        self.waiting = {}
        self.settled = False
        """Whether the base has said what was accepted."""

    def propose(self, maker, value):
        self.waiting[maker] = self.bench.propose(maker, value)

    def accept(self, rank, _value):
        proposal = self.waiting.pop(MAKERS[rank], None)
        if proposal is not None:
            self.bench.decide(proposal.id, accept=True)
            self.oracle.accept(proposal.proposed)

    def refuse(self, rank, _value):
        proposal = self.waiting.pop(MAKERS[rank], None)
        if proposal is not None:
            self.bench.decide(proposal.id, accept=False)

    def withdraw(self, rank, _value):
        proposal = self.waiting.pop(MAKERS[rank], None)
        if proposal is not None:
            self.bench.withdraw(proposal)

    def go_back(self, *_nothing):
        """The school no longer accepts what it had accepted."""
        accepted = [id_ for id_, state in self.bench.states().items() if state is ACCEPTED]
        for id_ in accepted:
            self.bench.decide(id_, accept=False)
            self.oracle.refuse()

    def imported(self, value, _other=None):
        self.bench.imported(value)
        self.oracle.imported(value)

    def export(self, *_nothing):
        self.bench.tick()
        open_delta(self.services.site, None, COLLEGE, FicheSchoolStore)
        self.oracle.export()

    def arrive(self, *_nothing):
        if self.oracle.travelling:
            self.imported(self.oracle.travelling[0])

    def check(self):
        states, oracle = self.bench.states(), self.oracle
        for maker, proposal in list(self.waiting.items()):
            if states[proposal.id] is RECONCILED:
                assert oracle.base == proposal.proposed, "only what the base says is settled"
                del self.waiting[maker]
            else:
                assert states[proposal.id] is WAITING, "what nobody has decided waits"
        settled = oracle.is_wanted and ACCEPTED not in states.values()
        self.settled |= settled
        if settled:
            assert oracle.base == oracle.wanted, "held until the base says it"
            assert oracle.has_left or not oracle.travelling, "and nothing older may still arrive"
            oracle.is_wanted = False
        assert self.bench.in_force() == oracle.value


@pytest.mark.parametrize("backend", ["sqlite"])
@often(0.04)
@settings(max_examples=25)
@given(acts=ACTS)
def test_no_value_that_nobody_refused_is_lost(services, acts):
    """Against an oracle: what waits waits, what was accepted holds until the base says it."""
    play = Play(services)
    for act, one, other in acts:
        getattr(play, act)(one, other)
        play.check()
    # However it went: once everything has left and arrived, the base says the last word.
    last = play.oracle.value
    is_wanted = play.oracle.is_wanted
    play.export()
    while play.oracle.travelling:
        play.arrive()
        play.check()
    reached(play.settled)
    assert ACCEPTED not in play.bench.states().values()
    assert not is_wanted or play.bench.base() == last


def test_an_import_settles_what_it_says_and_nothing_else(services):
    """Through the hook: the same value is closed, a third one is left for a look."""
    bench = Bench(services)
    bench.imported(NUMBERS[0])
    same, third = bench.propose(MAKERS[0], NUMBERS[1]), bench.propose(MAKERS[1], NUMBERS[2])
    bench.imported(NUMBERS[1])
    assert bench.states() == {same.id: RECONCILED, third.id: WAITING}
    look = look_at_one(services.site, None, COLLEGE, third.id, FicheSchoolStore)
    assert not look.is_plain
    (entry,) = (row for row in _audit(services) if row.action == "fiche.reconciled")
    assert entry.detail == {"number": 1}


def _audit(services):
    with services.engine.connect() as connection:
        return connection.execute(select(core.audit)).all()


def test_a_value_written_otherwise_is_the_same(services):
    """Capitals, accents and the writing of numbers do not make a difference."""
    bench = Bench(services)
    mother = an_adult()
    bench.world.adult(mother, a_link(bench.child.id, mother.id))
    person = Person(PersonKind.GUARDIAN, mother.id)
    proposals = [
        a_proposal("+33639980001", person=person, student_id=bench.child.id),
        a_proposal("Été@Example.org", field="email", person=person, student_id=bench.child.id),
    ]
    with services.site.database.writing() as tx:
        FicheStore(tx.connection).proposals.add("R", proposals)
    with services.engine.begin() as connection:
        connection.execute(
            core.adults.update()
            .where(core.adults.c.id == mother.id)
            .values(mobile="06.39.98.00.01", email="ETE@EXAMPLE.ORG")
        )
    assert reconcile(services.site.database, COLLEGE, later(5), FicheSchoolStore) == 2


def test_statements_of_a_reconciliation(services):
    """As many for forty persons as for one: an import may touch a whole school."""

    def fill(number):
        with services.site.database.writing() as tx:
            store = FicheStore(tx.connection).proposals
            for _rank in range(number):
                person = Person(PersonKind.STUDENT, uuid4())
                store.add("R", [a_proposal(person=person, student_id=person.id)])

    fill(1)
    with counted(services.engine) as one:
        reconcile(services.site.database, COLLEGE, later(5), FicheSchoolStore)
    fill(40)
    with counted(services.engine) as many:
        reconcile(services.site.database, COLLEGE, later(5), FicheSchoolStore)
    assert len(one) == len(many)
