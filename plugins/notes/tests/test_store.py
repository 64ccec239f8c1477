"""Tables as migrated, and what comes back from them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.contributions import MigrationSource
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.storage import migrate
from teleservices_core.testing.builders import COLLEGE, LYCEE, YEAR
from teleservices_notes import plugin
from teleservices_notes.model import PublicationMode
from teleservices_notes.store import MarkStore, metadata
from teleservices_notes.testing import an_entry, entries

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
                "compare_server_default": True,
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
    assert migrate.upgrade(engine, [migrations()]) == [("notes_", "notes_0001")]


def test_round_trip(services):
    """What is saved comes back equal, whatever it holds."""
    database = services.site.database

    @given(st.lists(entries(), max_size=5, unique_by=lambda e: e.assessment.id))
    def round_trip(found):
        student_id = uuid4()
        found = [
            an_entry(
                e.mark.value,
                status=e.mark.status,
                student_id=student_id,
                entered_at=e.mark.entered_at,
                **{
                    name: getattr(e.assessment, name)
                    for name in ("subject", "title", "given_on", "out_of", "weight")
                },
                is_optional=e.assessment.is_optional,
                publish_on=e.assessment.publish_on,
            )
            for e in found
        ]
        with database.writing() as tx:
            MarkStore(tx.connection).save([e.assessment for e in found], [e.mark for e in found])
        with database.reading() as tx:
            mode, back = MarkStore(tx.connection).of_student(student_id, COLLEGE, YEAR)
            ids = [e.assessment.id for e in found]
            assert MarkStore(tx.connection).assessments(ids) == {
                e.assessment.id: e.assessment for e in found
            }
        assert mode is PublicationMode.ROLLING
        assert sorted(back, key=lambda e: e.assessment.id) == sorted(
            found, key=lambda e: e.assessment.id
        )

    round_trip()


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
        store.set_mode(LYCEE, YEAR, PublicationMode.SCHEDULED)
        assert store.of_student(STUDENT, COLLEGE, YEAR) == (PublicationMode.ROLLING, [mine])
        mode, _entries = store.of_student(STUDENT, LYCEE, YEAR)
        assert mode is PublicationMode.SCHEDULED


@pytest.mark.parametrize("mode", PublicationMode)
def test_mode_without_a_mark(services, mode):
    """The mode is known where there is no mark: that page needs it most (F52)."""
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        store.set_mode(COLLEGE, YEAR, PublicationMode.SCHEDULED)
        store.set_mode(COLLEGE, YEAR, mode)
        assert store.of_student(uuid4(), COLLEGE, YEAR) == (mode, [])
        assert store.mode(COLLEGE, YEAR) is mode
        assert store.mode(COLLEGE, SchoolYear(2027)) is PublicationMode.ROLLING


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
        _mode, back = store.of_student(STUDENT, COLLEGE, YEAR)
    assert sorted(e.mark.value for e in back) == sorted(values)
    assert {str(e.mark.value) for e in back} == {"0.1", "14.25", "0", "20", "19.99"}
