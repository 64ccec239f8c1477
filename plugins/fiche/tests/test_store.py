"""Tables as migrated, what comes back from them, and the writes that cannot be doubled."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from attrs import evolve
from hypothesis import given, settings

from teleservices_core.contributions import Erasure
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Sex, StudentDetails
from teleservices_core.errors import ConflictError
from teleservices_core.storage import migrate
from teleservices_core.testing.builders import (
    COLLEGE,
    LYCEE,
    YEAR,
    a_link,
    a_schooling,
    a_student,
    an_adult,
)
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.world import World
from teleservices_fiche import plugin
from teleservices_fiche.model import (
    Address,
    Confirmation,
    Draft,
    Person,
    PersonKind,
    ProposalState,
    Receipt,
    ReceiptKind,
    Report,
)
from teleservices_fiche.store import FicheStore, metadata
from teleservices_fiche.testing import (
    SOME_GUARDIAN,
    SOME_STUDENT,
    a_maker,
    a_proposal,
    later,
    values,
)

WAITING, ACCEPTED = ProposalState.WAITING, ProposalState.ACCEPTED


def migrations():
    (source,) = plugin.teleservices_migrations()
    return source


@pytest.fixture
def writing(services):
    """A unit of work and the plugin's stores on it."""
    with services.site.database.writing() as tx:
        yield FicheStore(tx.connection)


def test_models_equal_migrations(engine):
    """A column added to one and not to the other shows here."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, kind, _parents: (
                    kind != "table" or (name.startswith("fiche_") and name != "fiche_version")
                ),
            },
        )
        assert compare_metadata(context, metadata) == []


def test_down_and_up(engine):
    """The plugin's tables go and come back; the core's stay."""
    migrate.downgrade(engine, migrations())
    with engine.connect() as connection:
        names = connection.dialect.get_table_names(connection)
    assert [name for name in names if name.startswith("fiche_")] in ([], ["fiche_version"])
    assert "core_students" in names
    assert migrate.upgrade(engine, [migrations()])[0] == ("fiche_", "fiche_0001")


def test_round_trip(services):
    """What is saved comes back equal, whatever it holds."""

    @settings(max_examples=20)
    @given(values(), values())
    def same(seen, proposed):
        sent = a_proposal(proposed, seen=seen, person=Person(PersonKind.STUDENT, uuid4()))
        with services.site.database.writing() as tx:
            store = FicheStore(tx.connection)
            store.proposals.add("R", [sent])
            assert store.proposals.get(sent.id) == sent
            assert store.proposals.open_about([sent.person.id], COLLEGE) == [sent]
            assert store.proposals.open_about([sent.person.id], LYCEE) == []

    same()


def test_a_later_one_of_the_same_person_takes_its_place(writing):
    first, second = a_proposal("a"), a_proposal("b", made_at=later(1))
    other = a_proposal("c", maker=a_maker(uuid4()), made_at=later(2))
    for each in (first, second, other):
        writing.proposals.add("R", [each])
    assert writing.proposals.get(first.id).state is ProposalState.SUPERSEDED
    assert writing.proposals.open_about([SOME_GUARDIAN], COLLEGE) == [second, other]
    assert [e.id for e in writing.proposals.made_by(SOME_GUARDIAN, SOME_STUDENT)] == [
        second.id,
        first.id,
    ]
    assert len(writing.proposals.of_receipt("R")) == 3


def test_accepting_takes_the_place_of_what_was_in_force(writing):
    first, second = a_proposal("a"), a_proposal("b", maker=a_maker(uuid4()))
    writing.proposals.add("R", [first, second])
    writing.proposals.decide(first, ACCEPTED, later(1), by="Claude DURAND")
    done = writing.proposals.decide(second, ACCEPTED, later(2), by="Claude DURAND", reason="vu")
    assert writing.proposals.open_about([SOME_GUARDIAN], COLLEGE) == [done]
    assert done.reason == "vu"
    assert writing.proposals.get(first.id).state is ProposalState.SUPERSEDED


def test_straight_through(writing):
    """Stored as accepted, in the place of what was."""
    writing.proposals.add("R", [a_proposal("a", state=ACCEPTED)])
    last = a_proposal("b", state=ACCEPTED, passed_straight=True, made_at=later(1))
    writing.proposals.add("S", [last])
    assert writing.proposals.open_about([SOME_GUARDIAN], COLLEGE) == [last]


def test_what_has_changed_is_not_decided(writing):
    """Compare-and-set: the second of two decisions fails."""
    sent = a_proposal()
    writing.proposals.add("R", [sent])
    writing.proposals.decide(sent, ProposalState.WITHDRAWN, later(1))
    with pytest.raises(ConflictError):
        writing.proposals.decide(sent, ACCEPTED, later(2))


@pytest.mark.parametrize("state", [WAITING, ACCEPTED])
def test_the_database_refuses_two(services, state):
    """Two in the same place, written at once, are one and a conflict."""
    twice = [a_proposal("a", state=state), a_proposal("b", state=state)]
    with pytest.raises(ConflictError), services.site.database.writing() as tx:
        FicheStore(tx.connection).proposals.add("R", twice)


def test_drafts(writing):
    """Kept over a known version only; of one person, one child and one year."""
    none = writing.drafts.get(UUID(int=3), SOME_STUDENT, YEAR)
    assert not none
    first = writing.drafts.save(evolve(none, typed={"a": "É"}, saved_at=A_TUESDAY))
    assert writing.drafts.get(UUID(int=3), SOME_STUDENT, YEAR) == first
    assert not writing.drafts.get(UUID(int=4), SOME_STUDENT, YEAR)
    second = writing.drafts.save(evolve(first, typed={"a": "b"}))
    for stale in (evolve(none, saved_at=A_TUESDAY), first):
        with pytest.raises(ConflictError):
            writing.drafts.save(stale)
        if stale.version:
            with pytest.raises(ConflictError):
                writing.drafts.drop(stale)
    writing.drafts.drop(second)
    writing.drafts.drop(none)
    assert not writing.drafts.get(UUID(int=3), SOME_STUDENT, YEAR)


def _receipt(number, **changes):
    values = {
        "number": number,
        "digest": "0" * 64,
        "kind": ReceiptKind.CONFIRMATION,
        "issued_at": A_TUESDAY,
        "account_id": UUID(int=3),
        "holder_id": SOME_GUARDIAN,
        "student_id": SOME_STUDENT,
        "uai": COLLEGE,
        "school_year": YEAR,
    }
    return Receipt(**{**values, **changes})


def _report(**changes):
    person = Person(PersonKind.STUDENT, SOME_STUDENT)
    values = {
        "id": uuid4(),
        "uai": COLLEGE,
        "school_year": YEAR,
        "student_id": SOME_STUDENT,
        "person": person,
        "field": "last_name",
        "message": "Il manque un tréma.",
        "maker": a_maker(),
        "made_at": A_TUESDAY,
    }
    return Report(**{**values, **changes})


def test_papers(writing):
    """Receipts, confirmations and reports come back as they were."""
    papers = writing.papers
    old, new = _receipt("A" * 10), _receipt("B" * 10, issued_at=later(1))
    for each in (old, new):
        papers.add_receipt(each)
    assert papers.receipt("A" * 10) == old
    assert papers.receipt("nothing") is None
    assert papers.receipts_of(SOME_GUARDIAN, SOME_STUDENT) == [new, old]

    said = Confirmation(SOME_STUDENT, SOME_GUARDIAN, COLLEGE, YEAR, A_TUESDAY, "A" * 10, "d")
    papers.confirm(said)
    again = evolve(said, at=later(5), number="B" * 10)
    papers.confirm(again)
    assert papers.confirmations(SOME_STUDENT, COLLEGE, YEAR) == {SOME_GUARDIAN: again}
    assert papers.confirmations(SOME_STUDENT, LYCEE, YEAR) == {}
    assert papers.round(COLLEGE, YEAR) is None

    report = _report()
    papers.add_report(report)
    assert papers.reports_of(SOME_GUARDIAN, SOME_STUDENT) == [report]


def test_what_the_base_says(services):
    """The core's people as the values of fields; every adult of the student, whatever his link."""
    world = World(services)
    world.establishment()
    child = a_student(usage_name="", sex=Sex.FEMALE)
    own = StudentDetails(mobile="0639980009", accepts_sms=True, nationality="100")
    world.student(child, a_schooling(child.id), own)
    home = PostalAddress(("12 RUE DES LILAS",), "21000", "DIJON")
    mother = an_adult(
        mobile="06.39.98.12.34",
        email="anne@example.org",
        address=home,
        work_phone="0380000000",
        occupation="42",
    )
    odd = PostalAddress(("x" * 50,), "", "")
    contact = an_adult(phone="poste 12", address=odd)
    world.adult(mother, a_link(child.id, mother.id))
    world.adult(contact, a_link(child.id, contact.id, level=3))
    with services.site.database.reading() as tx:
        base = FicheStore(tx.connection).base
        (students,) = base.students([child.id], COLLEGE, YEAR).values()
        guardians = base.guardians([child.id])[child.id]
        elsewhere = base.students([child.id], LYCEE, YEAR)
    assert students["born_on"] == date(2014, 5, 12).isoformat()
    assert students["class_group"] == "6 B"
    assert students["usage_name"] is None
    assert (students["phone_mobile"], students["accepts_sms"]) == ("+33639980009", True)
    assert (students["nationality"], students["address"]) == ("100", None)
    hers = guardians[Person(PersonKind.GUARDIAN, mother.id)]
    assert hers["address"] == Address(("12 RUE DES LILAS",), "21000", "DIJON")
    assert hers["phone_mobile"] == "+33639981234"
    assert hers["kinship"] == "10"
    assert (hers["phone_work"], hers["profession"]) == ("+33380000000", "42")
    theirs = guardians[Person(PersonKind.GUARDIAN, contact.id)]
    assert (theirs["address"], theirs["phone_home"]) == ("x" * 50, "poste 12")
    assert elsewhere[Person(PersonKind.STUDENT, child.id)]["class_group"] is None


def _fill(store, student_id, year):
    person = Person(PersonKind.STUDENT, student_id)
    where = {"student_id": student_id, "school_year": year}
    store.proposals.add("R", [a_proposal(person=person, **where)])
    store.papers.add_receipt(_receipt(uuid4().hex[:10], **where))
    store.papers.add_report(_report(person=person, **where))
    store.papers.confirm(Confirmation(student_id, SOME_GUARDIAN, COLLEGE, year, A_TUESDAY))
    store.drafts.save(Draft(UUID(int=3), student_id, year, {"a": "b"}, saved_at=A_TUESDAY))


def _erase(store, erasure):
    rounds = []
    while done := store.erase(erasure):
        rounds.append(done)
        assert done <= erasure.limit
    return rounds


def test_erasing(writing):
    """Of years that are over, then of one student; in parts, and nothing else."""
    one, other = uuid4(), uuid4()
    past = SchoolYear(2024)
    for student in (one, other):
        for year in (past, YEAR):
            _fill(writing, student, year)
    assert _erase(writing, Erasure(up_to=past, limit=4)) == [4, 4, 2]
    assert _erase(writing, Erasure(student_ids=frozenset({one}))) == [5]
    assert writing.erase(Erasure(student_ids=frozenset({uuid4()}))) == 0
    assert _erase(writing, Erasure()) == [5]
