"""Who a record is about."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.identity import (
    Relative,
    Unclear,
    identify_adult,
    identify_student,
    recognize,
)
from teleservices_core.domain.records import AdultRecord, StudentRecord
from teleservices_core.domain.roster import Adult, Student

RECORD = StudentRecord("1", "MARTIN", "Zoé", date(2013, 2, 1))
ZOE = Student(UUID(int=1), "MARTIN", "Zoé", date(2013, 2, 1))
ANA = Student(UUID(int=2), "PETIT", "Ana", date(2014, 5, 5))
EVE = Adult(UUID(int=3), "MARTIN", "Ève")
EVE_RECORD = AdultRecord("7", "Martin", "Eve")
CHILD, SIBLING = UUID(int=8), UUID(int=9)


class TestStudents:
    def test_the_national_identifier_comes_first(self) -> None:
        assert identify_student(RECORD, by_ine=ZOE, by_key=ANA) is ZOE

    def test_then_the_key(self) -> None:
        assert identify_student(RECORD, by_ine=None, by_key=ZOE) is ZOE

    def test_a_corrected_name_or_birth_date_is_the_same_person(self) -> None:
        renamed = evolve(ZOE, last_name="MARTINE", first_name="Zoe-Anne")
        redated = evolve(ZOE, born_on=date(2013, 1, 2))
        assert identify_student(RECORD, by_ine=None, by_key=renamed) is renamed
        assert identify_student(RECORD, by_ine=redated, by_key=None) is redated

    def test_a_key_given_to_somebody_else_is_not_believed(self) -> None:
        assert identify_student(RECORD, by_ine=None, by_key=ANA) is None

    def test_an_ine_of_somebody_else_is_unclear(self) -> None:
        found = identify_student(RECORD, by_ine=ANA, by_key=ZOE)
        assert found is Unclear.INE_OF_ANOTHER


class TestAdults:
    def test_a_new_name_is_the_same_person(self) -> None:
        married = evolve(EVE, last_name="DURAND")
        assert identify_adult(EVE_RECORD, married) is married

    def test_a_service_may_be_renamed(self) -> None:
        service = evolve(EVE, first_name="", last_name="ASE 21")
        assert (
            identify_adult(evolve(EVE_RECORD, first_name="", last_name="ASE"), service) is service
        )

    def test_a_usage_name_counts(self) -> None:
        other = evolve(EVE, first_name="E.", last_name="DURAND", usage_name="MARTIN")
        assert identify_adult(EVE_RECORD, other) is other

    def test_a_key_given_to_somebody_else_is_not_believed(self) -> None:
        other = evolve(EVE, first_name="Luc", last_name="DURAND")
        assert identify_adult(EVE_RECORD, other) is None
        assert identify_adult(EVE_RECORD, None) is None


class TestRecognition:
    """The one use of names (F40)."""

    def of(self, *found: Relative) -> UUID | None:
        relatives: dict[UUID, list[Relative]] = {}
        for each in found:
            relatives.setdefault(each.student_id, []).append(each)
        return recognize(EVE_RECORD, [CHILD, SIBLING], relatives)

    def test_by_a_child(self) -> None:
        assert self.of(Relative(CHILD, EVE, is_keyed_here=False)) == EVE.id

    def test_not_by_somebody_else(self) -> None:
        other = evolve(EVE, first_name="Eva")
        assert self.of(Relative(CHILD, other, is_keyed_here=False)) is None
        assert self.of() is None

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
