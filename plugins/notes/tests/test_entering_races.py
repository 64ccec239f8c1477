"""Two people enter a mark at the same instant, on PostgreSQL: one wins, the other is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from teleservices_core.domain.staff import Role
from teleservices_core.testing.builders import COLLEGE, YEAR, a_schooling, a_student
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_core.testing.world import PASSWORD, World, person_id
from teleservices_core.usecases.signing_in import resume, sign_in
from teleservices_notes.model import Course, MarkStatus, Outcome, TeachingService
from teleservices_notes.rules.entering import NOTHING
from teleservices_notes.store import ClassMarks
from teleservices_notes.testing import MATHS, an_assessment
from teleservices_notes.usecases.entering import EnteredRow, EntryConflictError, enter_marks

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])


def test_one_wins(services, clock):
    """Never both, never a deadlock, and the mark is the winner's."""
    world, site = World(services), services.site
    world.establishment()
    pupil = a_student()
    world.student(pupil, a_schooling(pupil.id))
    accounts = [world.staff(Role.TEACHER, COLLEGE), world.staff(Role.HEAD, COLLEGE)]
    viewers = [
        resume(site, sign_in(site, each.login_name, PASSWORD, source="x").secret)
        for each in accounts
    ]
    course = Course(COLLEGE, YEAR, "6 B", MATHS)
    given = [an_assessment(id=uuid4(), given_on=date(2026, 10, 5)) for _trial in range(TRIALS // 4)]
    with site.database.writing() as tx:
        store = ClassMarks(tx.connection)
        store.replace_services((), [TeachingService(course, "Mme P", person_id(accounts[0]))])
        store.save(given, ())

    def an_act(viewer, assessment, value):
        outcome = Outcome(MarkStatus.MARK, Decimal(value), site.now())
        rows = [EnteredRow(pupil.id, NOTHING, outcome)]
        return lambda: enter_marks(site, viewer, COLLEGE, assessment.id, rows, ClassMarks)

    trials = [
        [an_act(viewer, each, value) for viewer, value in zip(viewers, (9, 11), strict=True)]
        for each in given
    ]
    met = 0
    outcomes = race(services.engine, trials, before=["SELECT notes_assessments"])
    for each, outcome in zip(given, outcomes, strict=True):
        winner = only_winner(outcome, EntryConflictError)
        met += outcome.met
        with site.database.reading() as tx:
            (mark,) = ClassMarks(tx.connection).marks_at(each.id).values()
        assert mark.outcome.value == (9, 11)[winner]
    assert met > len(given) // 2
