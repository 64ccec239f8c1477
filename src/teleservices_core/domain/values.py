"""Official identifiers. An invalid one cannot exist, except where noted."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from teleservices_core.errors import InvalidValueError

_CHECK_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""23 letters: the alphabet without I, O and Q."""
_RNIE_LETTERS: Final = "ABCDEFGHJK"
_UAI: Final = re.compile(r"[0-9]{7}[A-Z]")
_INE: Final = re.compile(r"[0-9A-Z]{11}")
_MEF: Final = re.compile(r"[0-9A-Z]{11}")


def _code(text: str) -> str:
    return str(text).strip().upper()


def _check_letter(digits: str) -> str:
    return _CHECK_LETTERS[int(digits) % 23]


@frozen(order=True)
class Uai:
    """Code of an establishment: seven digits and their check letter.

    The first three digits are the département (``021``), with ``620`` and
    ``720`` for Corse. Raises :exc:`InvalidValueError` when the form or the
    letter is wrong.
    """

    code: str = field(converter=_code)

    @code.validator
    def _validate(self, _attribute: object, code: str) -> None:
        if not _UAI.fullmatch(code):
            raise InvalidValueError("UAI", code, "expected seven digits and a letter")
        if code[7] != (letter := _check_letter(code[:7])):
            raise InvalidValueError("UAI", code, f"the check letter should be {letter}")

    @classmethod
    def from_digits(cls, digits: str) -> Uai:
        """Complete seven digits with their check letter."""
        return cls(digits + _check_letter(digits))

    @property
    def departement(self) -> str:
        """The département's three-digit code, as UAI numbers write it."""
        return self.code[:3]

    def __str__(self) -> str:
        return self.code


class IneGeneration(StrEnum):
    """Which register an INE comes from."""

    RNIE = "rnie"
    """Nine digits and two letters, since 2018."""
    BEA = "bea"
    """Ten digits and a letter, from 1995 to 2018."""
    APPRENTICE = "apprentice"
    """Four digits, an A, five digits and a letter."""
    OTHER = "other"


@frozen(order=True)
class Ine:
    """National student identifier, eleven characters of any generation.

    Only the form is required. The control keys were found by analysis and are
    in no official text, so a wrong key is a :attr:`warning`, never a refusal.
    """

    code: str = field(converter=_code)

    @code.validator
    def _validate(self, _attribute: object, code: str) -> None:
        if not _INE.fullmatch(code):
            raise InvalidValueError("INE", code, "expected eleven letters or digits")

    @classmethod
    def rnie(cls, number: int) -> Ine:
        """The INE-RNIE of a nine-digit number, with its key."""
        key = 97 - number % 97
        return cls(f"{number:09d}{_RNIE_LETTERS[key // 10]}{_RNIE_LETTERS[key % 10]}")

    @classmethod
    def bea(cls, number: int) -> Ine:
        """The INE-BEA of a ten-digit number, with its letter."""
        return cls(f"{number:010d}{_check_letter(f'{number:010d}')}")

    @property
    def generation(self) -> IneGeneration:
        """The register this identifier has the form of."""
        if re.fullmatch(r"[0-9]{9}[A-Z]{2}", self.code):
            return IneGeneration.RNIE
        if re.fullmatch(r"[0-9]{10}[A-Z]", self.code):
            return IneGeneration.BEA
        if re.fullmatch(r"[0-9]{4}A[0-9]{5}[A-Z]", self.code):
            return IneGeneration.APPRENTICE
        return IneGeneration.OTHER

    @property
    def warning(self) -> str | None:
        """What looks wrong with the key, or None."""
        match self.generation:
            case IneGeneration.RNIE:
                expected = Ine.rnie(int(self.code[:9]))
            case IneGeneration.BEA:
                expected = Ine.bea(int(self.code[:10]))
            case _:
                return None
        if self.code == expected.code:
            return None
        return f"the key of {self.code} should be {expected.code.lstrip('0123456789')}"

    def __str__(self) -> str:
        return self.code


@frozen(order=True)
class Mef:
    """Code of a formation: eleven characters, "10010012110" for a 6e."""

    code: str = field(converter=_code)

    @code.validator
    def _validate(self, _attribute: object, code: str) -> None:
        if not _MEF.fullmatch(code):
            raise InvalidValueError("MEF", code, "expected eleven letters or digits")

    def __str__(self) -> str:
        return self.code
