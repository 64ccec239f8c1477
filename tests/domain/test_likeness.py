"""Whether two descriptions are of one person."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.likeness import (
    Comparison,
    Identity,
    Sameness,
    Trait,
    compare_adults,
    compare_students,
)
from teleservices_core.domain.roster import Adult, Sex
from teleservices_core.testing.strategies import names

SAME, UNCERTAIN, DIFFERENT = Sameness.SAME, Sameness.UNCERTAIN, Sameness.DIFFERENT
ZOE = Identity(
    "MARTIN",
    "Zoé",
    date(2013, 2, 1),
    sex=Sex.FEMALE,
    ines=frozenset({"000000001AA"}),
    birth_place="21231",
)
OTHER_INE = frozenset({"000000002AA"})


def by_ine(**changes: Any) -> Comparison:
    return compare_students(ZOE, evolve(ZOE, **changes))


def by_key(**changes: Any) -> Comparison:
    return compare_students(ZOE, evolve(ZOE, **changes), same_key=True)


class TestTheNumberAlone:
    """A national identifier and a birth date are no proof by themselves."""

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"last_name": "Martin"},
            {"first_name": "ZOE"},
            {"first_name": "Zoé, Anne"},
            {"last_name": "MARTIN-DURAND"},
            {"last_name": "DURAND", "usage_name": "MARTIN"},
            {"sex": Sex.UNKNOWN},
            {"birth_place": ""},
        ],
    )
    def test_agrees(self, changes: dict[str, Any]) -> None:
        assert by_ine(**changes).sameness is SAME

    @pytest.mark.parametrize(
        ("changes", "trait"),
        [
            ({"last_name": "PETIT"}, Trait.LAST_NAME),
            ({"last_name": "MARTINE"}, Trait.LAST_NAME),
            ({"first_name": "Léa"}, Trait.FIRST_NAME),
            ({"first_name": "Anne-Zoé"}, Trait.FIRST_NAME),
            ({"first_name": "Zoé-Anne"}, Trait.FIRST_NAME),
            ({"first_name": "Zoé Anne"}, Trait.FIRST_NAME),
            ({"first_name": "Zoé Anne, Léa"}, Trait.FIRST_NAME),
            ({"born_on": date(2013, 2, 2)}, Trait.BIRTH_DATE),
            ({"sex": Sex.MALE}, Trait.SEX),
            ({"birth_place": "75056"}, Trait.BIRTH_PLACE),
        ],
    )
    def test_waits_for_a_person_where_one_thing_disagrees(
        self, changes: dict[str, Any], trait: Trait
    ) -> None:
        found = by_ine(**changes)
        assert (found.sameness, found.differing) == (UNCERTAIN, (trait,))
        assert Trait.INE in found.agreeing

    def test_is_never_believed_when_names_differ(self) -> None:
        found = by_ine(last_name="PETIT", first_name="Ana", birth_place="75056")
        assert found.sameness is UNCERTAIN

    @given(names(), names(), st.dates(date(2000, 1, 1), date(2020, 1, 1)))
    def test_says_same_only_when_everything_agrees(
        self, last_name: str, first_name: str, born_on: date
    ) -> None:
        found = by_ine(last_name=last_name, first_name=first_name, born_on=born_on)
        assert (found.sameness is SAME) == (not found.differing)

    def test_districts_of_a_city_are_the_city(self) -> None:
        paris = evolve(ZOE, birth_place="75056")
        assert compare_students(paris, evolve(ZOE, birth_place="75113")).sameness is SAME


class TestTheKeyOfABase:
    """Names and dates get corrected in a base; a base made anew gives its keys to others."""

    @pytest.mark.parametrize(
        "changes",
        [
            {"last_name": "PETIT"},
            {"born_on": date(2012, 5, 7)},
            {"first_name": "Zoée"},
            {"first_name": "Zoé-Anne"},
            {"first_name": "Zoé-Anne", "last_name": "PETIT"},
            {"ines": OTHER_INE},
            {"ines": frozenset()},
            {"last_name": "MARTINE", "ines": frozenset()},
            {"born_on": date(2013, 1, 2), "ines": frozenset()},
            {"sex": Sex.MALE},
        ],
    )
    def test_with_a_correction_is_the_same(self, changes: dict[str, Any]) -> None:
        assert by_key(**changes).sameness is SAME

    @pytest.mark.parametrize(
        "changes",
        [
            {"first_name": "Léa"},
            {"first_name": "Léa", "ines": OTHER_INE},
            {"first_name": "Zoé-Anne", "ines": OTHER_INE},
            {"first_name": "Zoé-Anne", "ines": frozenset()},
            {"first_name": "Zoé-Anne", "last_name": "MARTINE", "ines": frozenset()},
            {"last_name": "PETIT", "ines": frozenset()},
            {"last_name": "PETIT", "first_name": "Ana"},
            {"last_name": "PETIT", "first_name": "Ana", "ines": frozenset()},
            {"last_name": "PETIT", "sex": Sex.MALE},
            {"sex": Sex.MALE, "ines": OTHER_INE},
            {"birth_place": "75056", "ines": frozenset()},
        ],
    )
    def test_of_who_half_agrees_waits(self, changes: dict[str, Any]) -> None:
        assert by_key(**changes).sameness is UNCERTAIN

    @pytest.mark.parametrize("ines", [OTHER_INE, frozenset()])
    def test_of_who_has_nothing_in_common_says_nothing(self, ines: frozenset[str]) -> None:
        found = by_key(last_name="PETIT", first_name="Ana", born_on=date(2014, 5, 5), ines=ines)
        assert found.sameness is DIFFERENT


EVE = Adult(UUID(int=3), "MARTIN", "Ève", "MME", email="eve@example.org", mobile="0639980001")


class TestAdults:
    """Two names, and something else or a key."""

    def keyed(self, share_child: bool = True, **changes: Any) -> Sameness:
        other = evolve(EVE, **{"email": "", "mobile": "", **changes})
        found = compare_adults(EVE, other, same_key=True, share_child=share_child)
        return found.sameness

    def test_under_one_key(self) -> None:
        assert self.keyed() is SAME
        assert self.keyed(first_name="E.") is SAME
        assert self.keyed(first_name="Éve") is SAME
        assert self.keyed(last_name="DURAND", usage_name="Martin") is SAME
        assert self.keyed(last_name="DURAND") is SAME
        assert self.keyed(first_name="Luc", title="M.") is UNCERTAIN
        assert self.keyed(first_name="Luc", last_name="DURAND") is DIFFERENT

    def test_a_homonym_under_a_key_given_anew_is_not_believed(self) -> None:
        assert self.keyed(share_child=False) is SAME, "nothing says otherwise"
        assert self.keyed(share_child=False, last_name="DURAND") is UNCERTAIN
        assert self.keyed(share_child=False, email="autre@example.org") is UNCERTAIN
        assert self.keyed(share_child=False, mobile="+33639980001") is SAME

    def test_a_service_may_be_renamed(self) -> None:
        service = Adult(UUID(int=4), "ASE 21", "")
        renamed = evolve(service, last_name="ASE")
        assert compare_adults(service, renamed, same_key=True, share_child=True).sameness is SAME

    def test_under_two_keys_is_never_certain(self) -> None:
        other = evolve(EVE, id=UUID(int=9), mobile="06 39 98 00 01")
        found = compare_adults(EVE, other, share_child=True)
        assert found.sameness is UNCERTAIN
        assert {Trait.EMAIL, Trait.PHONE, Trait.CHILD} < set(found.agreeing)
        assert compare_adults(EVE, evolve(other, title="M.")).sameness is DIFFERENT
        assert compare_adults(EVE, evolve(other, first_name="Eva")).sameness is DIFFERENT


@given(names(), names(), names(), names())
def test_order_does_not_matter(last: str, first: str, other_last: str, other_first: str) -> None:
    one = evolve(ZOE, last_name=last, first_name=first)
    other = evolve(ZOE, last_name=other_last, first_name=other_first)
    for same_key in (True, False):
        assert compare_students(one, other, same_key=same_key) == compare_students(
            other, one, same_key=same_key
        )
