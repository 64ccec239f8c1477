"""Numbers and digests: what proves a receipt."""

from __future__ import annotations

from uuid import UUID

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.testing.builders import COLLEGE, YEAR
from teleservices_core.testing.clock import A_TUESDAY
from teleservices_fiche.model import Receipt, ReceiptKind
from teleservices_fiche.rules.papers import (
    digest_of_values,
    is_genuine,
    proposals_digest,
    read_number,
    show_digest,
)
from teleservices_fiche.testing import a_person, a_proposal, values

RECEIPT = Receipt(
    "7K4M9QXZ2B",
    proposals_digest("7K4M9QXZ2B", A_TUESDAY, [a_proposal()]),
    ReceiptKind.PROPOSALS,
    A_TUESDAY,
    *(UUID(int=n) for n in (3, 2, 1)),
    COLLEGE,
    YEAR,
)


def test_who_holds_both_is_told():
    """As printed, or typed in small letters, with or without spaces."""
    shown = show_digest(RECEIPT.digest)
    for typed in (shown, shown.lower(), shown.replace(" ", ""), f" {shown}. "):
        assert is_genuine(RECEIPT, typed)
    assert read_number(" 7k4m 9qxz-2b ") == RECEIPT.number


@given(st.text(max_size=24))
def test_nobody_else_is(typed):
    """Nor for a number that does not exist, whatever the digest."""
    assert not is_genuine(None, typed)
    if not is_genuine(RECEIPT, typed):
        return
    assert show_digest(RECEIPT.digest).replace(" ", "").lower() in typed.lower().replace(" ", "")


def test_no_digest_opens_a_number_that_does_not_exist():
    assert not is_genuine(None, "0" * 16)


@given(values(), values())
def test_a_digest_stands_for_what_was_sent(one, other):
    """Another value, another digest."""
    sent = a_proposal()
    digests = [
        proposals_digest("X", A_TUESDAY, [evolve(sent, proposed=each)]) for each in (one, other)
    ]
    assert (digests[0] == digests[1]) is (one == other and type(one) is type(other))


@given(values(), values())
def test_a_page_has_the_digest_of_what_it_shows(one, other):
    shown = [digest_of_values({a_person(): {"email": each}}) for each in (one, other)]
    assert (shown[0] == shown[1]) is (one == other and type(one) is type(other))
