"""A file and a teacher bring the same mark at the same instant, on PostgreSQL."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.races import TRIALS, race
from teleservices_notes.model import MarkStatus, Outcome
from teleservices_notes.rules.entering import NOTHING
from teleservices_notes.store import ClassMarks
from teleservices_notes.testing import an_assessment
from teleservices_notes.usecases import MarkLine, import_marks
from teleservices_notes.usecases.entering import EnteredRow, EntryConflictError, enter_marks

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])


def test_neither_is_lost_without_a_word(room):
    """The teacher's is kept and the file says so, or the teacher is told of the file's."""
    site, viewer, pupil = room.services.site, room.viewer(), room.pupils[0]
    given = [an_assessment(id=uuid4(), given_on=date(2026, 10, 5)) for _trial in range(TRIALS // 8)]
    with site.database.writing() as tx:
        ClassMarks(tx.connection).save(given, ())
    earlier = site.now() - timedelta(days=1)

    def trial(assessment):
        typed = Outcome(MarkStatus.MARK, Decimal(9), site.now())
        row = EnteredRow(pupil.id, NOTHING, typed)
        line = MarkLine(2, assessment, pupil.ine, MarkStatus.MARK, Decimal(11), earlier)
        return [
            lambda: enter_marks(site, viewer, COLLEGE, assessment.id, [row], ClassMarks),
            lambda: import_marks(site, None, COLLEGE, [line], ClassMarks),
        ]

    met, before = 0, ["SELECT notes_assessments"]
    outcomes = race(room.services.engine, map(trial, given), before=before)
    for assessment, outcome in zip(given, outcomes, strict=True):
        entered, report = outcome.results
        met += outcome.met
        (recorded,) = room.outcomes(assessment).values()
        if isinstance(entered, EntryConflictError):
            assert (report.marks_added, recorded.value) == (1, Decimal(11))
        else:
            assert (entered.added, recorded.value) == (1, Decimal(9))
            assert report.marks_outdated == 1
    assert met > len(given) // 2
