"""Identifiers, telephone numbers and addresses that nobody can have."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Final

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.values import Ine

DOMAINS: Final = ("example.org", "example.com")
"""Domains kept for documentation (RFC 2606); email-validator refuses those in .test."""

_RNIE_FROM: Final = 900_000_000
_RNIE_PRIME: Final = 99_999_989
"""The largest prime under 10^8: multiplying modulo it never meets twice."""
_BEA_FROM: Final = 9_900_000_000


def rng(seed: int, *path: object) -> Random:
    """A generator for one part of an academy, the same for a seed for ever.

    Parts have their own, so that adding to one leaves the others unchanged.
    """
    # Not for secrets: reproducible draws are the point.
    return Random("/".join(str(part) for part in (seed, *path)))  # noqa: S311


class Serials:
    """Gives out identifiers once each, over a whole académie."""

    def __init__(self, seed: int) -> None:
        self._offset = rng(seed, "ine").randrange(_RNIE_PRIME)
        self._students = count(1_200_001)
        self._adults = count(3_400_001)
        self._addresses = count(5_600_001)
        # The personas' numbers, written by hand, come before.
        self._contacts = count(101)
        self._ines = count(1)

    def student(self) -> int:
        """A new ELEVE_ID."""
        return next(self._students)

    def adult(self) -> int:
        """A new PERSONNE_ID."""
        return next(self._adults)

    def address(self) -> int:
        """A new ADRESSE_ID."""
        return next(self._addresses)

    def contact(self) -> int:
        """A new rank, from which telephone numbers and e-mail addresses are made."""
        return next(self._contacts)

    def ine(self) -> Ine:
        """A new INE-RNIE, in no visible order; 99 million are at hand."""
        rank = next(self._ines)
        return Ine.rnie(_RNIE_FROM + (rank * 48_271 + self._offset) % _RNIE_PRIME)


def old_ine(ine: Ine) -> Ine:
    """The INE-BEA that goes with a synthetic INE-RNIE."""
    return Ine.bea(_BEA_FROM + int(ine.code[1:9]))


def mobile(rank: int) -> str:
    """A mobile number of the range ARCEP keeps for fiction: 06 39 98 xx xx."""
    return f"063998{rank % 10_000:04d}"


def landline(rank: int) -> str:
    """A number of the fiction ranges 01 99 00 xx xx and 03 53 01 xx xx."""
    return f"{'035301' if rank % 3 else '019900'}{rank // 3 % 10_000:04d}"


def written(phone: str, style: int) -> str:
    """A number as schools type them: together, in pairs, or international."""
    match style % 10:
        case 0 | 1:
            return "+33" + phone[1:]
        case 2 | 3:
            return " ".join(phone[at : at + 2] for at in range(0, 10, 2))
        case 4:
            return ".".join(phone[at : at + 2] for at in range(0, 10, 2))
        case _:
            return phone


def email(first_name: str, last_name: str, rank: int) -> str:
    """An address of nobody's; the rank keeps two namesakes apart."""
    return f"{fold(first_name)}.{fold(last_name)}{rank}@{DOMAINS[rank % len(DOMAINS)]}"
