"""Two lists of services are confirmed at the same instant, on PostgreSQL."""

from __future__ import annotations

from functools import partial

import pytest

from teleservices_core.errors import ConflictError
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_notes.store import ClassMarks
from teleservices_notes.testing import FRENCH, MATHS
from teleservices_notes.usecases.teaching import ServiceLine, import_services

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])


def test_one_list_wins(school):
    """Never a mixture of both, from an empty list on: the other is told."""
    site, given = school.services.site, []

    def confirm(lines, seen):
        import_services(site, None, COLLEGE, lines, ClassMarks, seen=seen)

    def trials():
        for trial in range(TRIALS // 8):
            lists = [
                [ServiceLine(2, "6 B", subject, f"{name} {trial}", "") for subject in subjects]
                for name, subjects in (("Mme A", (MATHS, FRENCH)), ("M. B", (MATHS,)))
            ]
            given.append(lists)
            yield [
                partial(confirm, lines, tried.stamp)
                for lines in lists
                for tried in [import_services(site, None, COLLEGE, lines, ClassMarks, dry_run=True)]
            ]

    met = 0
    outcomes = race(school.services.engine, trials(), before=["SELECT pg_advisory_xact_lock"])
    for outcome in outcomes:
        winner = only_winner(outcome, ConflictError)
        met += outcome.met
        with site.database.reading() as tx:
            found = ClassMarks(tx.connection).services(COLLEGE, site.school_year())
        assert {each.teacher for each in found} == {given[-1][winner][0].teacher}
        assert len(found) == len(given[-1][winner])
    assert met > len(given) // 2
