"""The copy of one's data holds the marks that the pages show, and no other."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from attrs import evolve
from sqlalchemy import func, insert, select

from teleservices_core.contributions import Erasure
from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.world import World
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.personal_data import data_of
from teleservices_notes import plugin
from teleservices_notes.model import DigestChoice, Known, Reader
from teleservices_notes.rules import learn
from teleservices_notes.settings import NotesSettings
from teleservices_notes.store import DigestMarks, erase_readers, metadata
from teleservices_notes.store.erasing import erase
from teleservices_notes.testing import FRENCH, an_entry, as_shown


def marks(school):
    """The marks of the mother's copy."""
    copy = data_of(school.services.site, school.login_name)
    (section,) = (each for each in copy.sections if each.data.id == "notes.marks")
    return section.values["notes"]


def test_published_marks_only(school):
    """A mark of today comes tomorrow, in the copy as on the page (F50)."""
    mine = {"student_id": school.student.id}
    judged = an_entry("14.5", title="Hier", entered_at=A_TUESDAY - timedelta(days=1), **mine)
    outcome = evolve(judged.mark.outcome, levels={"D1": 3})
    school.record(
        evolve(judged, mark=evolve(judged.mark, outcome=outcome)),
        an_entry(
            None,
            title="Absente",
            entered_at=A_TUESDAY - timedelta(days=2),
            subject=FRENCH,
            **mine,
        ),
        an_entry("3.5", title="Aujourd’hui", entered_at=A_TUESDAY, **mine),
    )
    told = {each["évaluation"]: each for each in marks(school)}
    assert set(told) == {"Hier", "Absente"}
    assert str(told["Hier"]["note"]) == "14.5"
    assert told["Hier"]["faite le"] == date(2026, 10, 5)
    assert told["Absente"]["note"] == "non noté"
    assert list(told) == ["Absente", "Hier"], "by subject and day"
    assert told["Hier"]["niveaux"] == {"Compétence D1": "Maîtrise satisfaisante"}
    school.clock.advance(days=1)
    assert "Aujourd’hui" in {each["évaluation"] for each in marks(school)}


def test_nothing_while_notes_is_closed(school, classmates):
    """What the head has not opened is not in the copy; nor is a classmate's mark."""
    (other,) = classmates([987654321])
    school.record(an_entry(12, student_id=school.student.id), an_entry(18, student_id=other.id))
    assert [str(each["note"]) for each in marks(school)] == ["12"]
    everybody = Scope.establishment(COLLEGE)
    set_opening(school.services.site, None, everybody, "notes", Audience.GUARDIAN, Stance.CLOSED)
    assert marks(school) == []


def rows(school):
    """How many rows each table of the plugin has."""
    with school.services.engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table))
            for name, table in metadata.tables.items()
        }


def erased(school, erasure, erase=erase):
    """Erase until nothing is left to erase; the rows of each batch."""
    batches = []
    while not batches or batches[-1]:
        with school.services.site.database.writing() as tx:
            batches.append(erase(tx, erasure))
    return batches[:-1]


def test_erased_about_one_student(school, classmates):
    """His marks of the years asked for, and nobody else's."""
    (other,) = classmates([987654321])
    last_year = YEAR.start - 1
    mine = {"student_id": school.student.id}
    school.record(
        *(an_entry(n, title=f"N {n}", **mine) for n in range(5)),
        an_entry(12, title="Avant", school_year=SchoolYear(last_year), **mine),
        an_entry(18, title="Autre", student_id=other.id),
    )
    about = frozenset({school.student.id})
    assert erased(school, Erasure(about, SchoolYear(last_year))) == [1]
    assert len(marks(school)) == 5
    assert erased(school, Erasure(about, limit=2)) == [2, 2, 1]
    assert marks(school) == []
    assert rows(school)["notes_marks"] == 1


def test_erased_with_the_years_that_are_over(school):
    """A year after the end of a school year, the daily run leaves nothing of it."""
    old = SchoolYear(YEAR.start - 2)
    mine = {"student_id": school.student.id}
    before = rows(school)
    school.record(*(an_entry(n, title=f"N {n}", school_year=old, **mine) for n in range(3)))
    school.record(an_entry(12, title="Cette année", **mine))
    at = school.services.site.now()
    with school.services.engine.begin() as connection:
        of = {"uai": COLLEGE.code, "school_year": old.start}
        connection.execute(
            insert(metadata.tables["notes_services"]),
            {**of, "class_group": "6 B", "subject_code": "M", "teacher": "X", "subject_label": "M"},
        )
        done = {"file_name": "x", "state": "done", "started_at": at, "done_by": "", "counts": {}}
        import_id = uuid4()
        connection.execute(
            insert(metadata.tables["notes_imports"]), {"id": import_id, **of, **done}
        )
        connection.execute(
            insert(metadata.tables["notes_import_faults"]),
            {"import_id": import_id, "line": 1, "reason": "illisible"},
        )
    run = run_lifecycle(school.services.site)
    assert run.counts["notes.marks"] == 3 + 3 + 3
    grown = {name: number - before[name] for name, number in rows(school).items()}
    assert {name: n for name, n in grown.items() if n} == {"notes_assessments": 1, "notes_marks": 1}
    assert [str(each["note"]) for each in marks(school)] == ["12"]


def reading(school):
    """What the mother's copy says of what she has seen."""
    copy = data_of(school.services.site, school.login_name)
    (section,) = (each for each in copy.sections if each.data.id == "notes.reading")
    return section.values


def seen_by(school, student_id, login_name=None, year=YEAR):
    """Note that an account has seen a mark of a student."""
    with school.services.site.database.writing() as tx:
        account = tx.accounts.by_login(login_name or school.login_name)
        store = DigestMarks(tx.connection)
        shown = as_shown(an_entry(12, student_id=student_id))
        known = learn(Known(), [shown])
        at = school.services.site.now()
        store.note_seen([Reader(student_id, account.id, year, known, at)])
        store.enroll([(account.id, DigestChoice(), at)])
    return account


def test_the_copy_says_what_was_seen(school):
    """When, how many, and how often a message is wanted."""
    assert reading(school) == {
        "messages sur les nouvelles notes": "Une fois par semaine, le samedi",
        "notes vues": [],
    }
    seen_by(school, school.student.id)
    (line,) = reading(school)["notes vues"]
    assert line["nombre de notes vues"] == 1
    assert line["vues le"] == school.services.site.now()


def test_nothing_is_left_of_a_student(school, classmates):
    """No row of any table of the plugin names him; nobody else loses anything."""
    (other,) = classmates([987654321])
    world = World(school.services)
    own = world.account(school.student, Audience.STUDENT)
    school.record(an_entry(12, student_id=school.student.id), an_entry(18, student_id=other.id))
    for student in (school.student, other):
        seen_by(school, student.id)
    seen_by(school, school.student.id, own.login_name)
    before = rows(school)
    about = Erasure(frozenset({school.student.id}), limit=1)
    assert erased(school, about) == [1, 1, 1]
    assert erased(school, about, erase_readers) == [1]
    gone = {name: number - rows(school)[name] for name, number in before.items()}
    assert {name: n for name, n in gone.items() if n} == {
        "notes_marks": 1,
        "notes_readers": 2,
        "notes_digests": 1,
    }
    with school.services.engine.connect() as connection:
        for table in metadata.tables.values():
            if "student_id" in table.c:
                left = select(func.count()).where(table.c.student_id == school.student.id)
                assert connection.scalar(left.select_from(table)) == 0


def test_choices_go_with_closed_accounts(school):
    """With the years that are over, readers go; a choice stays as long as its account."""
    account = seen_by(school, school.student.id, year=SchoolYear(YEAR.start - 2))
    over = Erasure(up_to=SchoolYear(YEAR.start - 1))
    assert erased(school, over, erase_readers) == [1]
    with school.services.site.database.writing() as tx:
        tx.accounts.replace(account, evolve(account, state=AccountState.CLOSED))
    assert erased(school, over, erase_readers) == [1]
    assert rows(school)["notes_digests"] == 0


def test_how_long_is_a_setting():
    """In days after the school year, said on the page about personal data."""
    settings = {"notes": NotesSettings(marks_days=30, seen_days=60)}
    found = {each.id: each for each in plugin.teleservices_personal_data(settings)}
    assert found["notes.marks"].keep_days == 30
    assert found["notes.reading"].keep_days == 60
    with pytest.raises(ValueError, match="marks_days"):
        NotesSettings(marks_days=-1)
