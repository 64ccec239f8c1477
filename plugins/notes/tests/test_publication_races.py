"""Two people choose at the same instant, on PostgreSQL: one wins, the other is told."""

from __future__ import annotations

from functools import partial
from itertools import cycle

import pytest

from teleservices_core.errors import ConflictError
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.races import TRIALS, only_winner, race
from teleservices_notes.model import Publication, PublicationMode, PublicationPlan, PublicationRule
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import an_entry
from teleservices_notes.usecases.publication import (
    change_own_rules,
    change_plan,
    publication_plan,
    stamp_of,
)

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])

AT_ONCE, ROLLING, SCHEDULED, AFTER_PERIOD = map(Publication, PublicationMode)
PAIRS = cycle([(AT_ONCE, SCHEDULED), (AFTER_PERIOD, ROLLING)])


def test_two_plans(school):
    """From the first choice on, no plan is ever written over one that was not seen."""
    site, chosen = school.services.site, []

    def choose(plan, seen):
        change_plan(site, None, COLLEGE, lambda _before: plan, seen, MarkStore)

    def trials():
        for _trial in range(TRIALS // 4):
            seen = publication_plan(site, COLLEGE, MarkStore).version
            chosen.append([PublicationPlan(each) for each in next(PAIRS)])
            yield [partial(choose, plan, seen) for plan in chosen[-1]]

    met, before = 0, ["INSERT INTO notes_settings", "UPDATE notes_settings"]
    for version, outcome in enumerate(race(school.services.engine, trials(), before=before), 1):
        winner = only_winner(outcome, ConflictError)
        met += outcome.met
        recorded = publication_plan(site, COLLEGE, MarkStore)
        assert (recorded.version, recorded.plan) == (version, chosen[-1][winner])
    assert met > len(chosen) // 2


def test_two_rules_of_an_assessment(school):
    """The same of one assessment's own rules."""
    site, chosen = school.services.site, []
    entry = an_entry(12, student_id=school.student.id)
    school.record(entry)

    def choose(rules, seen):
        change_own_rules(site, None, COLLEGE, entry.assessment.id, rules, seen, MarkStore)

    def recorded():
        with site.database.reading() as tx:
            (found,) = MarkStore(tx.connection).assessments([entry.assessment.id]).values()
        return found.own_rules

    def trials():
        for _trial in range(TRIALS // 4):
            seen = stamp_of(recorded())
            chosen.append([(PublicationRule(each),) for each in next(PAIRS)])
            yield [partial(choose, rules, seen) for rules in chosen[-1]]

    met, before = 0, ["SELECT notes_assessments.id"]
    for outcome in race(school.services.engine, trials(), before=before):
        winner = only_winner(outcome, ConflictError)
        met += outcome.met
        assert recorded() == chosen[-1][winner]
    assert met > len(chosen) // 2
