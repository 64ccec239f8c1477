"""Tables as migrated, and what comes back from them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from uuid import uuid4

import alembic.command
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update

from teleservices_core.contributions import MigrationSource
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.errors import ConflictError, SettingsError
from teleservices_core.storage import migrate
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR
from teleservices_notes import plugin
from teleservices_notes.model import (
    Counting,
    Entry,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.store import MarkStore, metadata
from teleservices_notes.store.readers import ReaderMarks
from teleservices_notes.store.tables import settings_table
from teleservices_notes.testing import FRENCH, MATHS, an_assessment, an_entry, entries, plans
from teleservices_notes.usecases import RecordedPlan

SCHEDULED = Publication(PublicationMode.SCHEDULED)
STUDENT = uuid4()


def migrations() -> MigrationSource:
    (source,) = plugin.teleservices_migrations()
    return source


def test_models_equal_migrations(engine):
    """A column added to one and not to the other shows here."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                # On SQLite, Alembic takes the empty text for a default that was dropped.
                "compare_server_default": engine.dialect.name == "postgresql",
                "include_name": lambda name, kind, _parents: (
                    kind != "table" or (name.startswith("notes_") and name != "notes_version")
                ),
            },
        )
        assert compare_metadata(context, metadata) == []


def test_down_and_up(engine):
    """The plugin's tables go and come back; the core's stay."""
    migrate.downgrade(engine, migrations())
    with engine.connect() as connection:
        names = connection.dialect.get_table_names(connection)
    assert [name for name in names if name.startswith("notes_")] in ([], ["notes_version"])
    assert "core_students" in names
    assert migrate.upgrade(engine, [migrations()]) == [
        ("notes_", "notes_0001"),
        ("notes_", "notes_0002"),
        ("notes_", "notes_0003"),
        ("notes_", "notes_0004"),
        ("notes_", "notes_0005"),
    ]


def test_what_was_chosen_survives(engine):
    """Modes and optional marks of before the plans, there and back."""
    source = migrations()
    with engine.begin() as connection:
        alembic.command.downgrade(migrate.config(source, connection), "notes_0001")
        connection.exec_driver_sql(
            "INSERT INTO notes_settings VALUES"
            f" ('{COLLEGE}', 2026, 'scheduled'), ('{LYCEE}', 2026, 'rolling')"
        )
        connection.exec_driver_sql(
            "INSERT INTO notes_assessments (id, uai, school_year, class_group, subject_code,"
            " subject_label, teacher, title, given_on, out_of, weight, is_optional)"
            " VALUES "
            + ", ".join(
                f"('{id_.hex}', '{COLLEGE}', 2026, '6 B', 'M', 'M', '', 'T',"
                f" '2026-10-05', 2000, 100, {is_optional})"
                for id_, is_optional in ((uuid4(), "true"), (uuid4(), "false"))
            )
        )
        alembic.command.upgrade(migrate.config(source, connection), "head")
        store = MarkStore(connection)
        assert store.plan(COLLEGE, YEAR) == RecordedPlan(PublicationPlan(SCHEDULED), 1)
        assert store.plan(LYCEE, YEAR) == RecordedPlan(PublicationPlan(), 1)
        countings = [each.assessment.counting for each in store.of_class(COLLEGE, YEAR, "6 B", "M")]
        assert sorted(countings) == [Counting.COMPULSORY, Counting.OPTIONAL]
        alembic.command.downgrade(migrate.config(source, connection), "notes_0001")
        modes = connection.exec_driver_sql("SELECT mode FROM notes_settings ORDER BY mode")
        assert modes.scalars().all() == ["rolling", "scheduled"]
        optional = connection.exec_driver_sql("SELECT is_optional FROM notes_assessments")
        assert sorted(map(bool, optional.scalars())) == [False, True]


def test_round_trip(services):
    """What is saved comes back equal, whatever it holds."""
    database = services.site.database

    @given(st.lists(entries(), max_size=5, unique_by=lambda e: e.assessment.id), plans())
    def round_trip(found, plan):
        student_id = uuid4()
        found = [
            Entry(
                evolve(each.assessment, id=(id_ := uuid4())),
                evolve(each.mark, assessment_id=id_, student_id=student_id),
            )
            for each in found
        ]
        with database.writing() as tx:
            store = MarkStore(tx.connection)
            store.save([e.assessment for e in found], [e.mark for e in found])
            for each in found:
                store.set_own_rules(
                    evolve(each.assessment, own_rules=()), each.assessment.own_rules
                )
            store.set_plan(COLLEGE, YEAR, plan, store.plan(COLLEGE, YEAR).version)
            recorded, back = store.of_student(student_id, COLLEGE, YEAR)
            by_id = {e.assessment.id: e.assessment for e in found}
            assert store.assessments(by_id) == by_id
            keys = [(student_id, id_) for id_ in by_id]
            assert store.marks(keys) == {(student_id, e.assessment.id): e.mark for e in found}
        assert recorded == plan
        by_assessment = attrgetter("assessment.id")
        assert sorted(back, key=by_assessment) == sorted(found, key=by_assessment)

    round_trip()


def test_a_class(services):
    """A class's assessments in a subject, oldest first, with the marks of all its students."""
    first, second = uuid4(), uuid4()
    older = an_entry(11, student_id=first, given_on=date(2026, 9, 20))
    newer = an_entry(14, student_id=first)
    same = Entry(newer.assessment, evolve(newer.mark, student_id=second))
    alone = an_assessment(given_on=date(2026, 11, 2), description="Pas encore notée")
    elsewhere = [an_entry(12, class_group="6 A"), an_entry(12, subject=FRENCH)]
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        recorded = [older, newer, *elsewhere]
        marks = [same.mark, *(e.mark for e in recorded)]
        store.save([*(e.assessment for e in recorded), alone], marks)
        found = store.of_class(COLLEGE, YEAR, "6 B", MATHS.code)
    assert [each.assessment for each in found] == [older.assessment, newer.assessment, alone]
    assert found[0].marks == (older.mark,)
    by_student = attrgetter("student_id")
    assert sorted(found[1].marks, key=by_student) == sorted([newer.mark, same.mark], key=by_student)
    assert found[2].marks == ()


def test_one_of_two_heads(services):
    """A plan is recorded over the version that was read, an assessment's rules over the rules."""
    entry = an_entry(12)
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        store.set_plan(COLLEGE, YEAR, PublicationPlan(SCHEDULED), 0)
        with pytest.raises(ConflictError):
            store.set_plan(COLLEGE, YEAR, PublicationPlan(), 0)
        store.set_plan(COLLEGE, YEAR, PublicationPlan(), 1)
        with pytest.raises(ConflictError):
            store.set_plan(COLLEGE, YEAR, PublicationPlan(SCHEDULED), 1)
        assert store.plan(COLLEGE, YEAR) == RecordedPlan(PublicationPlan(), 2)
        store.save([entry.assessment], [])
        own = (PublicationRule(SCHEDULED, Audience.STUDENT),)
        store.set_own_rules(entry.assessment, own)
        with pytest.raises(ConflictError):
            store.set_own_rules(entry.assessment, ())
        store.save([evolve(entry.assessment, weight=Decimal(3))], [entry.mark])
        (kept,) = store.assessments([entry.assessment.id]).values()
        assert (kept.weight, kept.own_rules) == (3, own)


def test_a_plan_that_nobody_wrote(services):
    """Names what is wrong with it."""
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        store.set_plan(COLLEGE, YEAR, PublicationPlan(SCHEDULED), 0)
        tx.connection.execute(
            update(settings_table).values(plan={"default": {"mode": "sometimes"}})
        )
        with pytest.raises(SettingsError, match=r"default\.mode"):
            store.plan(COLLEGE, YEAR)


def test_only_this_student_school_and_year(services):
    """Marks of another child, school or year are elsewhere."""
    mine = an_entry(11, student_id=STUDENT)
    others = [
        an_entry(12, student_id=uuid4()),
        an_entry(13, student_id=STUDENT, uai=LYCEE),
        an_entry(14, student_id=STUDENT, school_year=SchoolYear(2025)),
    ]
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        for entry in (mine, *others):
            store.save([entry.assessment], [entry.mark])
        store.set_plan(LYCEE, YEAR, PublicationPlan(SCHEDULED), 0)
        assert store.of_student(STUDENT, COLLEGE, YEAR) == (PublicationPlan(), [mine])
        plan, _entries = store.of_student(STUDENT, LYCEE, YEAR)
        assert plan == PublicationPlan(SCHEDULED)


def test_plan_without_a_mark(services):
    """The plan is known where there is no mark: that page needs it most (F52)."""
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        assert store.of_student(uuid4(), COLLEGE, YEAR) == (PublicationPlan(), [])
        store.set_plan(COLLEGE, YEAR, PublicationPlan(SCHEDULED), 0)
        assert store.of_student(uuid4(), COLLEGE, YEAR) == (PublicationPlan(SCHEDULED), [])
        assert store.plan(COLLEGE, SchoolYear(2027)) == RecordedPlan(PublicationPlan(), 0)


def test_figures_keep_their_hundredths(services):
    """No float on the way: 0.1 stays 0.1."""
    values = [Decimal("0.1"), Decimal("14.25"), Decimal(0), Decimal(20), Decimal("19.99")]
    found = [
        an_entry(value, student_id=STUDENT, entered_at=datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
        for value in values
    ]
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        store.save([e.assessment for e in found], [e.mark for e in found])
        _plan, back = store.of_student(STUDENT, COLLEGE, YEAR)
    assert sorted(e.mark.outcome.value for e in back) == sorted(values)
    assert {str(e.mark.outcome.value) for e in back} == {"0.1", "14.25", "0", "20", "19.99"}


@pytest.mark.parametrize("by_reader", [False, True])
def test_a_student_is_one_range_of_marks(services, backend, by_reader):
    """However many assessments a school has, a page begins with the marks of its student.

    Without statistics, databases prefer to try each assessment of the school's year.
    """
    others = [an_entry(10, title=f"Contrôle {number}") for number in range(200)]
    with services.site.database.writing() as tx:
        MarkStore(tx.connection).save(
            [each.assessment for each in others], [each.mark for each in others]
        )
    asked = []
    with services.engine.connect() as connection:
        event.listen(
            connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3]))
        )
        if by_reader:
            ReaderMarks(connection).of_reader(STUDENT, COLLEGE, YEAR, uuid4())
        else:
            MarkStore(connection).of_student(STUDENT, COLLEGE, YEAR)
        ((statement, parameters),) = asked
        if backend == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        verb = "EXPLAIN" if backend == "postgresql" else "EXPLAIN QUERY PLAN"
        steps = connection.exec_driver_sql(f"{verb} {statement}", parameters)
        plan = "\n".join(str(step) for step in steps)
    assert "pk_notes_marks" in plan or "notes_marks USING PRIMARY KEY (student_id=?)" in plan
    assert "ix_notes_assessments" not in plan, plan
