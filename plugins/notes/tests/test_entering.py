"""A teacher's classes: assessments described, marks entered, and nothing of anybody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from attrs import evolve

from teleservices_core.domain.roster import Student
from teleservices_core.domain.values import Ine
from teleservices_core.errors import ConflictError, NotAllowedError, NotFoundError, RefusedError
from teleservices_core.testing.builders import COLLEGE, a_schooling, a_student
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import World
from teleservices_notes.model import (
    MarkStatus,
    Outcome,
)
from teleservices_notes.rules.entering import NOTHING, stamp
from teleservices_notes.store import ClassMarks
from teleservices_notes.usecases.assessing import (
    Described,
    add_assessment,
    change_assessment,
    remove_assessment,
)
from teleservices_notes.usecases.entering import (
    EnteredRow,
    EntryConflictError,
    grid,
)
from teleservices_notes.usecases.teaching import taught_courses

CLASS = f"/ecole/{COLLEGE}/notes/classes/matiere?classe=6+B&matiere=MATHS"


def a_row(pupil: Student, value: str | None = "12", seen: str = NOTHING, **changes) -> EnteredRow:
    """A row as a page sends it."""
    at = datetime(2026, 11, 24, tzinfo=UTC)
    outcome = None if value is None else Outcome(MarkStatus.MARK, Decimal(value), at, **changes)
    return EnteredRow(pupil.id, seen, outcome)


def test_courses(room):
    """A teacher's own; all of them for the head; none for the office."""
    site = room.services.site
    told = {
        who: [
            (each.course.class_group, each.course.subject.code)
            for each in taught_courses(site, room.viewer(who), COLLEGE, ClassMarks)
        ]
        for who in ("teacher", "colleague", "head")
    }
    assert told == {
        "teacher": [("6 B", "MATHS")],
        "colleague": [("6 B", "FRANC")],
        "head": [("6 B", "FRANC"), ("6 B", "MATHS")],
    }
    with pytest.raises(NotAllowedError):
        taught_courses(site, room.viewer("office"), COLLEGE, ClassMarks)


@pytest.mark.parametrize("who", ["colleague", "office"])
def test_not_his_class(room, who):
    """Who does not teach the course neither reads nor writes, whatever he sends."""
    site, viewer, given = room.services.site, room.viewer(who), room.assessment()
    described = Described("Autre", date(2026, 11, 20))
    acts = (
        lambda: grid(site, viewer, COLLEGE, given.id, ClassMarks),
        lambda: room.enter(given, a_row(room.pupils[0]), who=who),
        lambda: add_assessment(site, viewer, COLLEGE, "6 B", "MATHS", described, ClassMarks),
        lambda: change_assessment(
            site, viewer, COLLEGE, given.id, Described.of(given).stamp, described, ClassMarks
        ),
        lambda: remove_assessment(site, viewer, COLLEGE, given.id, ClassMarks),
    )
    for act in acts:
        with pytest.raises(NotAllowedError):
            act()
    assert room.outcomes(given) == {}


def test_enter_then_correct(room):
    """Recorded with who and when; the journal counts and gives no figure."""
    given, (one, two) = room.assessment(), room.pupils
    done = room.enter(given, a_row(one, "14.5", remark="Bien"), a_row(two, None))
    assert (done.added, done.corrected) == (1, 0)
    assert room.outcomes(given)[one.id].value == Decimal("14.5")
    seen = stamp(room.outcomes(given)[one.id])
    room.clock.advance(minutes=5)
    done = room.enter(given, a_row(one, "15", seen, remark="Bien"), who="head")
    assert (done.added, done.corrected) == (0, 1)
    with room.services.site.database.reading() as tx:
        mark = ClassMarks(tx.connection).marks_at(given.id)[one.id]
        entry = tx.audit.latest(1)[0]
    assert (mark.outcome.value, mark.entered_by) == (Decimal(15), "Claude DURAND")
    assert mark.outcome.entered_at == room.services.site.now()
    assert mark.first_entered_at < mark.outcome.entered_at
    assert entry.action == "notes.marks_entered"
    assert entry.detail["corrected"] == 1
    assert set(entry.detail) == {
        "assessment",
        "class_group",
        "subject",
        "title",
        "added",
        "corrected",
    }


def test_an_emptied_row(room):
    """The mark does not vanish before families' eyes: « non noté » replaces it."""
    given, (one, _two) = room.assessment(), room.pupils
    room.enter(given, a_row(one))
    room.enter(given, a_row(one, None, stamp(room.outcomes(given)[one.id])))
    assert room.outcomes(given)[one.id].status is MarkStatus.UNMARKED


def test_two_at_once(room):
    """The second is told, and nothing of his page is recorded; rows left alone do not count."""
    given, (one, two) = room.assessment(), room.pupils
    room.enter(given, a_row(one, "10"))
    seen = stamp(room.outcomes(given)[one.id])
    room.enter(given, a_row(one, "11", seen), who="head")
    with pytest.raises(EntryConflictError) as told:
        room.enter(given, a_row(one, "9", seen), a_row(two, "18"))
    assert {id_: m.outcome.value for id_, m in told.value.marks.items()} == {one.id: Decimal(11)}
    assert two.id not in room.outcomes(given)
    room.enter(given, a_row(one, "10", seen), a_row(two, "18"))
    assert {o.value for o in room.outcomes(given).values()} == {Decimal(11), Decimal(18)}


def test_another_classes_student(room):
    """A student who is not in the class is not found."""
    given = room.assessment()
    with pytest.raises(NotFoundError):
        room.enter(given, EnteredRow(uuid4(), NOTHING, None))
    with pytest.raises(ConflictError):
        room.enter(given, a_row(room.pupils[0], "21"))


def test_describe(room):
    """Added, changed over what was read, removed while it has no mark."""
    site, viewer = room.services.site, room.viewer()
    given = room.assessment()
    with pytest.raises(RefusedError, match="exists"):
        room.assessment()
    with pytest.raises(RefusedError, match="other_year"):
        room.assessment(given_on=date(2025, 11, 20))
    with pytest.raises(RefusedError, match="no_competency"):
        room.assessment(title="Oral", competencies=("D1",))
    seen = Described.of(given)
    changed = evolve(seen, title="Les fractions", out_of=Decimal(10))

    def change(before, after):
        return change_assessment(site, viewer, COLLEGE, given.id, before.stamp, after, ClassMarks)

    assert change(seen, changed).title == "Les fractions"
    with pytest.raises(ConflictError):
        change(seen, evolve(seen, title="Autre"))
    room.enter(given, a_row(room.pupils[0], "8"))
    with pytest.raises(RefusedError, match="above_scale"):
        change(changed, evolve(changed, out_of=Decimal(5)))
    with pytest.raises(RefusedError, match="has_marks"):
        remove_assessment(site, viewer, COLLEGE, given.id, ClassMarks)
    other = room.assessment(title="Par erreur")
    remove_assessment(site, viewer, COLLEGE, other.id, ClassMarks)
    assert room.actions()[0] == "notes.assessment_removed"


def test_the_whole_path(room):
    """From the first page to the marks, and what was typed survives its errors."""
    browser = room.browser()
    page = browser.get(f"/ecole/{COLLEGE}/enseignement/")
    assert f"/ecole/{COLLEGE}/notes/classes/" in page.text
    assert "Mathématiques" in browser.get(f"/ecole/{COLLEGE}/notes/classes/").text
    assert "Aucune évaluation" in browser.get(CLASS).text
    browser.get(f"/ecole/{COLLEGE}/notes/classes/evaluation?classe=6+B&matiere=MATHS")
    page = browser.submit(
        "evaluation", title=" ", given_on="20/11/2026", out_of="vingt", weight="0,5"
    )
    assert page.status_code == 422
    assert "Donnez un titre" in page.text
    assert 'value="vingt"' in page.text
    page = browser.submit(
        "evaluation", title="Fractions", given_on="20/11/2026", out_of="20", weight="0,5"
    )
    assert "saisissez les notes" in page.text
    assert "le téléservice « Notes » leur est fermé" in page.text.replace("\u00a0", " ")
    room.open()
    page = browser.get(page.request.path)
    assert "avant le mercredi 25 novembre 2026 à 0 h 00" in page.text.replace("\u00a0", " ")
    page = browser.submit("notes", mark=["14,5", "seize"])
    assert page.status_code == 422
    assert "« seize »" in page.text.replace("\u00a0", " ")
    assert 'value="14,5"' in page.text
    page = browser.submit("notes", mark=["14,5", "abs"])
    assert "2 notes enregistrées" in page.text.replace("\u00a0", " ")
    assert "2 sur 2" in page.text.replace("\u00a0", " ")


def test_statements(room):
    """Few, and as many whatever the class and the number of assessments."""
    browser = room.browser()
    given = room.assessment()
    one = f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes"
    paths = [f"/ecole/{COLLEGE}/notes/classes/", CLASS, one]

    def numbers():
        found = []
        for path in paths:
            with counted(room.services.engine) as run:
                assert browser.get(path).status_code == 200
            found.append(len(run))
        return found

    few = numbers()
    world = World(room.services)
    for number in range(10, 22):
        pupil = a_student(ine=Ine.rnie(number))
        world.student(pupil, a_schooling(pupil.id))
    for title in ("Dictée", "Oral", "Exposé"):
        room.enter(room.assessment(title=title), a_row(room.pupils[0]))
    assert numbers() == few
    assert max(few) <= 14, few


def test_conflict_on_the_page(room):
    """Both marks side by side, what was typed kept; the next sending is over the other's."""
    given, (one, _two) = room.assessment(), room.pupils
    browser = room.browser()
    browser.get(f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/notes")
    room.enter(given, a_row(one, "11", remark="Revu"), who="head")
    page = browser.submit("notes", mark=["9", "13"])
    told = page.text.replace("\u00a0", " ")
    assert page.status_code == 422
    assert "11, « Revu », par Claude DURAND" in told
    assert 'value="9"' in told
    assert len(room.outcomes(given)) == 1
    page = browser.submit("notes")
    assert "1 note enregistrée, 1 note corrigée." in page.text.replace("\u00a0", " ")
    assert room.outcomes(given)[one.id].value == Decimal(9)


def test_two_descriptions_at_once(room):
    """What differs is shown side by side, and nothing is recorded before it was."""
    given = room.assessment()
    browser = room.browser()
    address = f"/ecole/{COLLEGE}/notes/evaluations/{given.id}/"
    browser.get(address)
    described = Described.of(given)
    change_assessment(
        room.services.site,
        room.viewer("head"),
        COLLEGE,
        given.id,
        described.stamp,
        evolve(described, weight=Decimal(3)),
        ClassMarks,
    )
    page = browser.submit(address, title="Les fractions", weight="2")
    assert page.status_code == 422
    assert "Une autre personne a modifié" in page.text
    page = browser.submit(address)
    assert "est enregistrée" in page.text
    with room.services.site.database.reading() as tx:
        found = ClassMarks(tx.connection).assessment(given.id)
    assert found is not None
    assert (found.title, found.weight) == ("Les fractions", Decimal(2))
