"""What a change is said to turn is what turns: in the eyes of families, from their own reading."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.staff import Role
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.home import child_module
from teleservices_core.usecases.opening import set_opening
from teleservices_notes.model import FAMILIES, Entry
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import entries, plans, rules
from teleservices_notes.usecases import student_marks
from teleservices_notes.usecases.publication import (
    change_own_rules,
    change_plan,
    publication_plan,
    stamp_of,
    try_own_rules,
    try_plan,
)

from .test_publication_console import CONSOLE


@pytest.fixture
def readers(school):
    """The mother's account and the child's own."""
    own = World(school.services).account(school.student, Audience.STUDENT)
    with school.services.site.database.reading() as tx:
        mother = tx.accounts.by_login(school.login_name)
    return {Audience.GUARDIAN: mother, Audience.STUDENT: own}


def record(school, found: list[Entry]) -> None:
    """The child's marks, at assessments with their own rules."""
    mine = [Entry(e.assessment, evolve(e.mark, student_id=school.student.id)) for e in found]
    school.record(*mine)
    with school.services.site.database.writing() as tx:
        for given_ in (each.assessment for each in found):
            bare = evolve(given_, own_rules=())
            MarkStore(tx.connection).set_own_rules(bare, given_.own_rules)


def seen(school, readers) -> set[tuple[Audience, UUID]]:
    """Which marks each reader is shown now, the closed module included."""
    site, found = school.services.site, set()
    for audience, account in readers.items():
        child, answer = child_module(site, account, school.student.id, "notes")
        if answer is not None and answer.is_open:
            book = student_marks(site, child, MarkStore)
            found |= {(audience, each.assessment.id) for each in book.latest}
    return found


def turned(done) -> tuple[set[tuple[Audience, UUID]], set[tuple[Audience, UUID]]]:
    """What is said to appear, and to vanish."""
    return tuple(
        {(each.audience, each.assessment.id) for each in done.flips if each.marks * sign > 0}
        for sign in (1, -1)
    )


MARKS = st.lists(entries(), min_size=1, max_size=4, unique_by=lambda each: each.assessment.id)
STANCES = st.tuples(*(st.sampled_from([Stance.OPEN, Stance.OPEN, Stance.CLOSED]) for _ in FAMILIES))
LATER = st.integers(0, 1500).map(lambda number: timedelta(minutes=number))


# Each example writes and reads a site: to shrink a failure would take minutes.
@settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(MARKS, plans(), plans(), STANCES, st.lists(rules(), max_size=1), LATER)
def test_what_is_said_is_what_happens(school, readers, found, plan, changed, stances, own, later):
    """Any marks, any two plans, the module open to whomever; then one assessment's own rule."""
    site = school.services.site
    # A mark remembers two outcomes, enough from its last entry on: often of the same day.
    school.clock.set(max(each.mark.outcome.entered_at for each in found) + later)
    school.forget()
    record(school, found)
    where = Scope.establishment(COLLEGE)
    for audience, stance in zip(FAMILIES, stances, strict=True):
        set_opening(site, None, where, "notes", audience, stance)

    def choose(wanted):
        version = publication_plan(site, COLLEGE, MarkStore).version
        return change_plan(site, None, COLLEGE, lambda _plan: wanted, version, MarkStore)

    choose(plan)
    before = seen(school, readers)
    tried = try_plan(site, None, COLLEGE, lambda _plan: changed, MarkStore)
    assert seen(school, readers) == before
    done = choose(changed)
    after = seen(school, readers)
    assert done.flips == tried.flips
    assert turned(tried) == (after - before, before - after)

    assessment, wanted = found[0].assessment, tuple(own)
    what = (site, None, COLLEGE, assessment.id, wanted)
    tried = try_own_rules(*what, MarkStore)
    change_own_rules(*what, stamp_of(assessment.own_rules), MarkStore)
    now = seen(school, readers)
    assert turned(tried) == (now - after, after - now)


def test_closed_to_families(school, shown):
    """Who chooses is not told that families see it before the module is open to them."""
    site, where = school.services.site, Scope.establishment(COLLEGE)
    for audience in FAMILIES:
        set_opening(site, None, where, "notes", audience, Stance.CLOSED)
    head = Browser(school.services)
    head.sign_in(World(school.services).staff(Role.HEAD, COLLEGE).login_name, PASSWORD)
    head.get(CONSOLE)
    page = shown(head.submit(CONSOLE, part="default", default_mode="immediate"))
    assert "Le téléservice « Notes » est fermé aux familles" in page
    assert "quand « Notes » leur sera ouvert" in shown(head.submit(CONSOLE))
    set_opening(site, None, where, "notes", Audience.GUARDIAN, Stance.OPEN)
    page = shown(head.submit(CONSOLE, part="default", default_mode="scheduled"))
    assert "est fermé aux élèves" in page
    assert "dès maintenant" in shown(head.submit(CONSOLE))
