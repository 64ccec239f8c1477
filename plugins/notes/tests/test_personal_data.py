"""The copy of one's data holds the marks that the pages show, and no other."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import func, insert, select

from teleservices_core.contributions import Erasure
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.usecases.lifecycle import run_lifecycle
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.personal_data import data_of
from teleservices_notes.store import metadata
from teleservices_notes.store.erasing import erase
from teleservices_notes.testing import an_entry


def marks(school):
    """The marks of the mother's copy."""
    copy = data_of(school.services.site, school.login_name)
    (section,) = (each for each in copy.sections if each.data.id == "notes.marks")
    return section.values["notes"]


def test_published_marks_only(school):
    """A mark of today comes tomorrow, in the copy as on the page (F50)."""
    mine = {"student_id": school.student.id}
    school.record(
        an_entry("14.5", title="Hier", entered_at=A_TUESDAY - timedelta(days=1), **mine),
        an_entry(None, title="Absente", entered_at=A_TUESDAY - timedelta(days=2), **mine),
        an_entry("3.5", title="Aujourd’hui", entered_at=A_TUESDAY, **mine),
    )
    told = {each["évaluation"]: each for each in marks(school)}
    assert set(told) == {"Hier", "Absente"}
    assert str(told["Hier"]["note"]) == "14.5"
    assert told["Hier"]["faite le"] == date(2026, 10, 5)
    assert told["Absente"]["note"] == "non noté"
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


def erased(school, erasure):
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
