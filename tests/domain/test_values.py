"""Identifiers: forms, keys and what is only a warning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.domain.values import Ine, IneGeneration, Mef, Uai
from teleservices_core.errors import InvalidValueError


@given(st.integers(0, 9_999_999))
def test_uai_round_trips(number):
    """Seven digits give one code, which reads back as itself."""
    uai = Uai.from_digits(f"{number:07d}")
    assert Uai(str(uai).lower() + " ") == uai
    assert uai.departement == f"{number:07d}"[:3]


@given(st.integers(0, 9_999_999), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_uai_has_one_letter(number, letter):
    """Any other letter is refused, and the message gives the right one."""
    right = Uai.from_digits(f"{number:07d}")
    if letter == right.code[7]:
        return
    with pytest.raises(InvalidValueError, match=f"should be {right.code[7]}"):
        Uai(f"{number:07d}{letter}")


@pytest.mark.parametrize("code", ["0219999E", "0589999D", "0719999H", "0899999K", "9749999A"])
def test_known_uai(code):
    """Codes computed elsewhere hold."""
    assert Uai(code).code == code


@pytest.mark.parametrize("code", ["", "21999E", "0219999", "0219999É", "021 999E", "0219999EE"])
def test_malformed_uai(code):
    """What is not seven digits and a letter is no UAI."""
    with pytest.raises(InvalidValueError):
        Uai(code)


@given(st.integers(0, 999_999_999))
def test_rnie_round_trips(number):
    """An INE-RNIE made here has the right key and generation."""
    ine = Ine.rnie(number)
    assert ine.generation is IneGeneration.RNIE
    assert ine.warning is None
    assert Ine(ine.code) == ine


@given(st.integers(0, 9_999_999_999))
def test_bea_round_trips(number):
    """An INE-BEA made here has the right letter and generation."""
    ine = Ine.bea(number)
    assert ine.generation is IneGeneration.BEA
    assert ine.warning is None


@given(st.integers(0, 999_999_999), st.integers(1, 96))
def test_wrong_key_only_warns(number, shift):
    """A wrong key is said, never refused: no official text describes it."""
    right = Ine.rnie(number)
    other = Ine.rnie((number + shift) % 1_000_000_000)
    wrong = Ine(right.code[:9] + other.code[9:])
    assert (wrong.warning is None) is (wrong == right)


def test_other_generations():
    """Apprentices' and unknown forms are accepted without opinion."""
    assert Ine("1234A12345Z").generation is IneGeneration.APPRENTICE
    assert Ine("0AB1CD2EF31").generation is IneGeneration.OTHER
    assert Ine("0AB1CD2EF31").warning is None
    assert Mef("10010012110").code == "10010012110"
