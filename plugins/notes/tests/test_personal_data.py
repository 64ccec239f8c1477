"""The copy of one's data holds the marks that the pages show, and no other."""

from __future__ import annotations

from datetime import date, timedelta

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.usecases.opening import set_opening
from teleservices_core.usecases.personal_data import data_of
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
