"""Builders and Hypothesis strategies for tests that need sheets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from uuid6 import uuid7

from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_fiche.model import (
    FRANCE,
    Address,
    Maker,
    Person,
    PersonKind,
    Proposal,
    Value,
)

SOME_STUDENT: Final = UUID(int=1)
SOME_GUARDIAN: Final = UUID(int=2)
HOME: Final = Address(("12 rue des Lilas",), "21000", "Dijon")


def a_person(id_: UUID = SOME_GUARDIAN, kind: PersonKind = PersonKind.GUARDIAN) -> Person:
    """A guardian."""
    return Person(kind, id_)


def a_maker(id_: UUID = SOME_GUARDIAN, **changes: Any) -> Maker:
    """A guardian with an account."""
    values: dict[str, Any] = {
        "account_id": UUID(int=3),
        "person": a_person(id_),
        "name": "Anne MARTIN",
    }
    return Maker(**{**values, **changes})


def a_proposal(proposed: Value = "+33639980002", **changes: Any) -> Proposal:
    """A new mobile telephone, proposed by its owner."""
    id_ = uuid7()
    values: dict[str, Any] = {
        "id": id_,
        "number": id_.hex[-16:].upper(),
        "uai": COLLEGE,
        "school_year": YEAR,
        "student_id": SOME_STUDENT,
        "person": a_person(),
        "field": "phone_mobile",
        "seen": "+33639980001",
        "proposed": proposed,
        "catalogue_version": 2,
        "maker": a_maker(),
        "made_at": A_TUESDAY,
    }
    return Proposal(**{**values, **changes})


def later(minutes: int) -> datetime:
    """Some minutes after the clock of the tests."""
    return A_TUESDAY + timedelta(minutes=minutes)


_LETTERS: Final = st.sampled_from("abcdeéèïoçrstABCDEÉ'- 0123456789")


def words(most: int) -> st.SearchStrategy[str]:
    """A tidy text that is not blank."""
    return (
        st.text(_LETTERS, min_size=1, max_size=most)
        .map(lambda text: " ".join(text.split()))
        .filter(bool)
    )


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    """French and foreign addresses."""
    lines = tuple(draw(st.lists(words(38), min_size=1, max_size=4)))
    if draw(st.booleans()):
        return Address(lines, f"{draw(st.integers(0, 99_999)):05}", draw(words(32)), FRANCE)
    return Address(lines, "", draw(words(32)), draw(st.sampled_from(["109", "131", "350"])))


def values() -> st.SearchStrategy[Value]:
    """Anything that a field may hold."""
    return st.none() | st.booleans() | words(20) | addresses()
