"""Who a record is about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.identity import (
    Attribution,
    Candidate,
    Relative,
    identify_student,
    recognize,
)
from teleservices_core.domain.likeness import Identity, Trait
from teleservices_core.domain.records import AdultRecord, StudentRecord
from teleservices_core.domain.roster import Adult, Kinship
from teleservices_core.domain.values import Ine

RECORD = StudentRecord("1", "MARTIN", "Zoé", date(2013, 2, 1))
INE = Ine.rnie(1)
NUMBERED = evolve(RECORD, ine=INE)
EVE = Adult(UUID(int=3), "MARTIN", "Ève")
EVE_RECORD = AdultRecord("7", "Martin", "Eve")
CHILD, SIBLING = UUID(int=8), UUID(int=9)


def known(id_: int, **changes: Any) -> Candidate:
    return Candidate(UUID(int=id_), (evolve(Identity.of_record(RECORD), **changes),))


class TestStudents:
    """A key or a number leads to a candidate; the rest must agree."""

    ZOE = known(1, ines=frozenset({INE.code}))
    ANA = known(2, last_name="PETIT", first_name="Ana", born_on=date(2014, 5, 5))

    def test_nobody_is_somebody_new(self) -> None:
        found = identify_student(RECORD, by_key=None, by_ine={})
        assert found == Attribution(None)

    def test_the_key_or_the_number_of_who_agrees(self) -> None:
        for where in (
            {"by_key": self.ZOE, "by_ine": {}},
            {"by_key": None, "by_ine": {INE.code: self.ZOE}},
            {"by_key": self.ANA, "by_ine": {INE.code: self.ZOE}},
        ):
            found = identify_student(NUMBERED, **where)
            assert (found.student_id, found.doubts, found.takes_ine) == (self.ZOE.id, (), True)

    def test_a_number_of_somebody_else_is_not_taken(self) -> None:
        girl = known(2, last_name="PETIT", first_name="Ana", ines=frozenset({INE.code}))
        found = identify_student(NUMBERED, by_key=None, by_ine={INE.code: girl})
        (doubt,) = found.doubts
        assert (found.student_id, found.takes_ine, found.is_vouched) == (None, False, False)
        assert doubt.other_id == girl.id
        assert set(doubt.comparison.differing) == {Trait.LAST_NAME, Trait.FIRST_NAME}

    def test_who_is_present_stays_whoever_has_the_number(self) -> None:
        twin = known(2, first_name="Léa", ines=frozenset({INE.code}))
        here = known(1, ines=frozenset({"123456789AB"}))
        found = identify_student(NUMBERED, by_key=here, by_ine={INE.code: twin})
        assert (found.student_id, found.takes_ine) == (here.id, False)
        assert [doubt.other_id for doubt in found.doubts] == [twin.id]

    def test_a_key_given_to_somebody_else_is_not_believed(self) -> None:
        found = identify_student(RECORD, by_key=self.ANA, by_ine={})
        assert found == Attribution(None)

    def test_a_key_of_somebody_who_half_agrees_is_asked_about(self) -> None:
        twin = known(2, first_name="Léa")
        found = identify_student(RECORD, by_key=twin, by_ine={})
        assert found.student_id is None
        assert [doubt.other_id for doubt in found.doubts] == [twin.id]

    def test_a_record_never_goes_over_to_whom_it_was_asked_about(self) -> None:
        """Renamed as the other one is, whose number the file already gave her by mistake."""
        other = known(1, ines=frozenset({INE.code}))
        here = known(2, last_name="PETIT")
        where = {"by_key": here, "by_ine": {INE.code: other}}
        assert identify_student(NUMBERED, **where).student_id == other.id
        found = identify_student(NUMBERED, **where, asked={here.id, other.id})
        assert (found.student_id, found.takes_ine) == (None, False)
        assert {doubt.other_id for doubt in found.doubts} == {here.id, other.id}
        present = known(2, first_name="Zoe")
        found = identify_student(
            NUMBERED, by_key=present, by_ine={INE.code: other}, asked={here.id, other.id}
        )
        assert found.student_id == present.id
        assert [doubt.other_id for doubt in found.doubts] == [other.id]

    def test_a_number_that_comes_late_is_asked_about(self) -> None:
        elsewhere = known(2, ines=frozenset({INE.code}))
        found = identify_student(NUMBERED, by_key=known(1), by_ine={INE.code: elsewhere})
        assert (found.student_id, found.takes_ine) == (UUID(int=1), False)
        assert [doubt.other_id for doubt in found.doubts] == [elsewhere.id]

    def test_a_homonym_s_key_does_not_outweigh_the_number(self) -> None:
        homonym = known(2, ines=frozenset({"123456789AB"}))
        found = identify_student(NUMBERED, by_key=homonym, by_ine={INE.code: self.ZOE})
        assert (found.student_id, found.doubts) == (self.ZOE.id, ())

    def test_an_identity_that_an_answer_confirmed_is_known(self) -> None:
        former = known(1, last_name="DURAND", first_name="Zora")
        answered = evolve(former, identities=(*former.identities, Identity.of_record(RECORD)))
        assert identify_student(RECORD, by_key=answered, by_ine={}).student_id == former.id


class TestRecognition:
    """The one use of names (F40)."""

    def of(self, *found: Relative) -> UUID | None:
        relatives: dict[UUID, list[Relative]] = {}
        for each in found:
            relatives.setdefault(each.student_id, []).append(each)
        children = [(CHILD, Kinship.MOTHER), (SIBLING, Kinship.OTHER)]
        return recognize(EVE_RECORD, children, relatives)

    def test_by_a_child(self) -> None:
        assert self.of(Relative(CHILD, EVE, is_keyed_here=False)) == EVE.id

    def test_not_by_somebody_else(self) -> None:
        other = evolve(EVE, first_name="Eva")
        assert self.of(Relative(CHILD, other, is_keyed_here=False)) is None
        assert self.of() is None

    def test_not_by_another_kinship_or_title(self) -> None:
        grandmother = Relative(CHILD, EVE, is_keyed_here=False, kinship=Kinship.ASCENDANT)
        assert self.of(grandmother) is None
        assert self.of(evolve(grandmother, kinship=Kinship.MOTHER)) == EVE.id
        camille = evolve(EVE_RECORD, title="M.")
        mother = Relative(CHILD, evolve(EVE, title="MME"), is_keyed_here=False)
        assert recognize(camille, [(CHILD, Kinship.OTHER)], {CHILD: [mother]}) is None

    def test_not_between_two_of_one_name(self) -> None:
        twin = evolve(EVE, id=UUID(int=4))
        pair = (
            Relative(CHILD, EVE, is_keyed_here=False),
            Relative(CHILD, twin, is_keyed_here=False),
        )
        assert self.of(*pair) is None

    def test_not_whom_the_establishment_knows_otherwise(self) -> None:
        assert self.of(Relative(CHILD, EVE, is_keyed_here=True)) is None

    def test_the_one_known_longest_when_children_differ(self) -> None:
        later = evolve(EVE, id=UUID(int=5))
        found = self.of(
            Relative(SIBLING, later, is_keyed_here=False), Relative(CHILD, EVE, is_keyed_here=False)
        )
        assert found == EVE.id
