"""What a change of publication turns, counted from tallies as from the marks one by one."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.localtime import local_date, midnight
from teleservices_core.testing.builders import COLLEGE, DIJON, LYCEE, YEAR
from teleservices_notes.model import FAMILIES, Entry
from teleservices_notes.pages.consequences import FIRST, consequences_of
from teleservices_notes.rules import Flip, Tally, Viewpoint, flips
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import an_assessment, an_entry, entries, mark_of, plans
from teleservices_notes.testing import histories as any_history

ZONE = DIJON.zone
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BEGUN = midnight(local_date(NOW, ZONE), ZONE)


@st.composite
def classes(draw):
    """Assessments, each with the marks of a few students."""
    found = draw(st.lists(entries(), max_size=5, unique_by=lambda e: e.assessment.id))
    return [
        [
            entry,
            *(
                Entry(entry.assessment, mark_of(history, ZONE))
                for history in draw(st.lists(any_history(), max_size=2))
            ),
        ]
        for entry in found
    ]


def tally(marked, at):
    begun = midnight(local_date(at, ZONE), ZONE)
    stood = [e for e in marked if e.mark.first_entered_at < begun]
    return Tally(marked[0].assessment, len(marked), len(stood))


@given(classes(), plans(), plans(), st.integers(0, 1500))
def test_counts_are_those_of_the_marks(found, plan, changed, minutes):
    """For each audience and assessment, as many more or fewer as a look at each mark says."""
    # From the last entry on, which a mark remembers enough for; often of the same day.
    entered = [e.mark.outcome.entered_at for marked in found for e in marked]
    at = max(entered, default=NOW) + timedelta(minutes=minutes)
    expected = Counter()
    for audience in FAMILIES:
        before, after = (Viewpoint(each, audience, at, ZONE) for each in (plan, changed))
        for marked in found:
            key = audience, marked[0].assessment.id
            expected[key] = len(after.look(marked)) - len(before.look(marked))
    tallies = [tally(marked, at) for marked in found]
    turned = flips(tallies, plan, tallies, changed, at, ZONE)
    assert {(f.audience, f.assessment.id): f.marks for f in turned} == {
        key: number for key, number in expected.items() if number
    }
    assert flips(tallies, plan, tallies, plan, at, ZONE) == []


def test_tallies(services):
    """Counted by the database: nothing of the future, the past of a mark corrected today."""
    today, yesterday = BEGUN + timedelta(hours=8), BEGUN - timedelta(hours=8)
    old = an_entry(12, entered_at=yesterday)
    fresh, coming = (an_entry(13, entered_at=at) for at in (today, NOW + timedelta(hours=1)))
    corrected = an_entry(8, entered_at=yesterday)
    now = evolve(corrected.mark.outcome, entered_at=today)
    corrected = Entry(
        corrected.assessment, evolve(corrected.mark, outcome=now, prior=corrected.mark.outcome)
    )
    empty = an_assessment(class_group="5 A")
    elsewhere = an_entry(9, uai=LYCEE)
    recorded = [old, fresh, coming, corrected, elsewhere]
    with services.site.database.writing() as tx:
        store = MarkStore(tx.connection)
        store.save([*(e.assessment for e in recorded), empty], [e.mark for e in recorded])
        everything = store.tallies(COLLEGE, YEAR, NOW, BEGUN)
        assert {each.assessment.id: (each.marks, each.before_today) for each in everything} == {
            old.assessment.id: (1, 1),
            fresh.assessment.id: (1, 0),
            coming.assessment.id: (0, 0),
            corrected.assessment.id: (1, 1),
            empty.id: (0, 0),
        }
        exactly = store.tallies(COLLEGE, YEAR, today, today)
        assert {e.assessment.id: (e.marks, e.before_today) for e in exactly}[
            fresh.assessment.id
        ] == (1, 0)
        assert store.tallies(COLLEGE, YEAR, NOW, BEGUN, class_group="5 A") == [Tally(empty, 0, 0)]
        (one,) = store.tallies(COLLEGE, YEAR, NOW, BEGUN, assessment_id=old.assessment.id)
        assert one.assessment == old.assessment
        assert store.class_groups(COLLEGE, YEAR) == ["5 A", "6 B"]


def test_told_by_class():
    """Both audiences alike are families; a few assessments are named, the others counted."""
    found = [an_assessment(class_group=group) for group in ("6 B", "6 B", "6 B", "6 B", "5 A")]
    turned = [Flip(audience, each, 2) for audience in FAMILIES for each in found[:4]]
    turned.append(Flip(FAMILIES[1], found[4], -3))
    told = consequences_of(turned)
    (shown,), (hidden,) = told.shown, told.hidden
    assert (shown.class_group, shown.readers, shown.marks) == ("6 B", "les familles", 8)
    assert (len(shown.examples), shown.more) == (FIRST, 1)
    assert (hidden.class_group, hidden.readers, hidden.marks) == ("5 A", "les élèves", 3)
