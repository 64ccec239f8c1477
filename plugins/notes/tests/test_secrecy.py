"""No figure of a page depends on a mark that is not published."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from teleservices_core.testing.builders import COLLEGE, DIJON, YEAR
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_notes.model import PublicationMode
from teleservices_notes.rules import is_visible, mark_book, visible
from teleservices_notes.store import MarkStore
from teleservices_notes.testing import MATHS, entries

ZONE = DIJON.zone
MODES = st.sampled_from(PublicationMode)


def shown(entry, mode):
    return is_visible(entry.assessment, entry.mark, mode, A_TUESDAY, ZONE)


@st.composite
def two_worlds(draw):
    """A mode and two sets of marks that differ only in what is not published."""
    mode = draw(MODES)
    seen = draw(st.lists(entries().filter(lambda e: shown(e, mode)), max_size=5))
    hidden = entries().filter(lambda e: not shown(e, mode))
    return mode, seen, draw(st.lists(hidden, max_size=4)), draw(st.lists(hidden, max_size=4))


@given(two_worlds(), st.randoms())
def test_the_book_is_the_same(worlds, random):
    """Everything that a page is made from, compared as values."""
    mode, seen, some, others = worlds

    def book(hidden):
        found = [*seen, *hidden]
        random.shuffle(found)
        return mark_book(visible(found, mode, A_TUESDAY, ZONE), mode)

    assert book(some) == book(others) == mark_book(seen, mode)


@pytest.mark.faq("F50")
@pytest.mark.faq("F51")
def test_the_pages_are_the_same_bytes(school):
    """The HTML of the child's page and of each subject's, byte for byte."""

    def pages(mode, found):
        school.forget()
        unique = {e.assessment.id: e for e in found}.values()
        mine = [evolve(e, mark=evolve(e.mark, student_id=school.student.id)) for e in unique]
        school.record(*mine)
        with school.services.site.database.writing() as tx:
            MarkStore(tx.connection).set_mode(COLLEGE, YEAR, mode)
        paths = ["", *(f"{code}/" for code in ("MATHS", "FRANC", "HIGEO", MATHS.label))]
        answers = [school.browser.get(school.path + path) for path in paths]
        assert answers[0].status_code == 200
        assert answers[0].request.path == school.path, "still signed in"
        return [(answer.status_code, answer.data) for answer in answers]

    @settings(max_examples=25)
    @given(two_worlds())
    def same(worlds):
        mode, seen, some, others = worlds
        with_some = pages(mode, [*some, *seen])
        assert pages(mode, [*others, *seen]) == with_some
        assert pages(mode, seen) == with_some

    same()
