"""What is told of an instant gone by is told under the rules of then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from teleservices_core.contributions import DataScope
from teleservices_core.testing.builders import COLLEGE
from teleservices_notes.model import Publication, PublicationMode, PublicationRule
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import FRENCH, an_entry
from teleservices_notes.usecases import (
    change_own_rules,
    change_plan,
    export_marks,
    past,
    publication_plan,
)
from teleservices_notes.usecases.publication import stamp_of

AT_ONCE, ROLLING, SCHEDULED, AFTER_PERIOD = map(Publication, PublicationMode)


@pytest.fixture
def told(school):
    """What a copy tells of an instant, by title."""
    site = school.services.site

    def told(at):
        with site.database.reading() as tx:
            account = tx.accounts.by_login(school.login_name)
            children = tuple(tx.roster.children(account, site.school_year()))
            scope = DataScope(account, children, at, site.academie.zone)
            return {each["évaluation"] for each in export_marks(tx, scope, MarkStore)["notes"]}

    return told


def choose(school, publication):
    site = school.services.site
    version = publication_plan(site, COLLEGE, MarkStore).version
    change_plan(
        site, None, COLLEGE, lambda plan: evolve(plan, default=publication), version, MarkStore
    )


def test_the_rules_of_then(school, told):
    """A later rule reveals nothing of before, of the school or of one assessment."""
    mine = {"student_id": school.student.id}
    old, dated = (
        an_entry(12, title="Ancienne", **mine),
        an_entry(13, title="Datée", subject=FRENCH, publish_on=date(2026, 11, 1), **mine),
    )
    school.record(old, dated)
    choose(school, SCHEDULED)
    closed_at = school.clock.now()
    assert told(closed_at) == {"Datée"}
    school.clock.advance(days=1)
    choose(school, AT_ONCE)
    own = (PublicationRule(AFTER_PERIOD),)
    seen = stamp_of(())
    site = school.services.site
    change_own_rules(site, None, COLLEGE, dated.assessment.id, own, seen, MarkStore)
    assert told(school.clock.now()) == {"Ancienne"}
    assert told(closed_at) == {"Datée"}
    school.clock.advance(days=1)
    choose(school, ROLLING)
    assert told(closed_at) == {"Datée"}
    assert told(closed_at - timedelta(microseconds=1)) == {"Ancienne", "Datée"}, "rolling before"


def test_too_much_to_read(school, told, monkeypatch):
    """Rather nothing than what nobody could check."""
    monkeypatch.setattr(past, "MOST", 1)
    school.record(an_entry(12, title="Ancienne", student_id=school.student.id))
    at = datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert told(at) == {"Ancienne"}
    for publication in (SCHEDULED, ROLLING):
        choose(school, publication)
    assert told(at) == set()
