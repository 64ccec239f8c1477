"""No figure of a page depends on an outcome that is not published to its reader."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.domain.accounts import Audience
from teleservices_core.testing.browsing import Browser
from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_core.testing.world import PASSWORD, World
from teleservices_core.usecases.personal_data import data_of
from teleservices_notes.model import FAMILIES, Entry
from teleservices_notes.rules import Viewpoint, mark_book
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import MATHS, entries, outcomes, plans

ZONE = DIJON.zone


def without_the_hidden(draw, entry, eyes):
    """The same mark, but for an outcome that the reader may not see: another, or no mark at all."""
    found = eyes.seen(entry.assessment, entry.mark)
    if found is None:
        return draw(
            st.none()
            | outcomes(entry.mark.outcome.entered_at, entry.assessment.out_of).map(
                lambda other: Entry(entry.assessment, evolve(entry.mark, outcome=other))
            )
        )
    if found.outcome is entry.mark.outcome:
        return entry
    other = draw(outcomes(entry.mark.outcome.entered_at, entry.assessment.out_of))
    return Entry(entry.assessment, evolve(entry.mark, outcome=other))


@st.composite
def two_worlds(draw):
    """A reader, a plan, and two sets of marks that differ only in what he may not see."""
    plan, audience = draw(plans()), draw(st.sampled_from(FAMILIES))
    eyes = Viewpoint(plan, audience, A_TUESDAY, ZONE)
    some = draw(st.lists(entries(), max_size=6, unique_by=lambda e: e.assessment.id))
    others = [without_the_hidden(draw, entry, eyes) for entry in some]
    hidden = entries().filter(lambda e: eyes.seen(e.assessment, e.mark) is None)
    more = draw(st.lists(hidden, max_size=2))
    return audience, plan, some, [*filter(None, others), *more]


@given(two_worlds(), st.randoms())
def test_the_book_is_the_same(worlds, random):
    """Everything that a page is made from, compared as values."""
    audience, plan, some, others = worlds
    eyes = Viewpoint(plan, audience, A_TUESDAY, ZONE)

    def book(found):
        shuffled = random.sample(found, len(found))
        return mark_book(eyes.look(shuffled), plan, eyes.rule("6 B"))

    assert book(some) == book(others)


@pytest.mark.faq("F50")
@pytest.mark.faq("F51")
def test_the_pages_are_the_same_bytes(school):
    """Every page of the child, the statement and the copy of one's data, for both readers."""
    account = World(school.services).account(school.student, Audience.STUDENT)
    own = Browser(school.services)
    own.sign_in(account.login_name, PASSWORD)
    browsers = {Audience.GUARDIAN: school.browser, Audience.STUDENT: own}
    logins = {Audience.GUARDIAN: school.login_name, Audience.STUDENT: account.login_name}

    def pages(audience, plan, found):
        school.forget()
        mine = [evolve(e, mark=evolve(e.mark, student_id=school.student.id)) for e in found]
        school.record(*mine)
        with school.services.site.database.writing() as tx:
            store = MarkStore(tx.connection)
            store.set_plan(COLLEGE, YEAR, plan, 0)
            for each in mine:
                store.set_own_rules(
                    evolve(each.assessment, own_rules=()), each.assessment.own_rules
                )
        codes = ("MATHS", "FRANC", "HIGEO", MATHS.label)
        subjects = [f"{code}/" for code in codes]
        paths = ["", "?periode=1", "annee/evolution", "annee/releve.pdf", *subjects]
        paths = [*(school.path + path for path in paths), "/notes/"]
        answers = [browsers[audience].get(path) for path in paths]
        assert [each.status_code for each in answers[:4]] == [200] * 4
        assert answers[0].request.path == school.path, "still signed in"
        copy = data_of(school.services.site, logins[audience])
        told = [each.values for each in copy.sections if each.data.module_id == "notes"]
        assert told
        return told, [(answer.status_code, answer.data) for answer in answers]

    @settings(max_examples=25)
    @given(two_worlds())
    def same(worlds):
        audience, plan, some, others = worlds
        assert pages(audience, plan, some) == pages(audience, plan, others)

    same()
