"""How far the accounts of an establishment are, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from teleservices_core.domain.accounts import AccountState

_WITHOUT_LETTER: Final = frozenset({AccountState.NEW, AccountState.CLOSED})
_IN_USE: Final = frozenset({AccountState.ACTIVE, AccountState.LOCKED})
_CLAIMED: Final = _IN_USE | {AccountState.CLAIMED}


@frozen
class Adoption:
    """Numbers of accounts, each among the one before."""

    accounts: int = 0
    issued: int = 0
    """Those that were given a letter."""
    claimed: int = 0
    """Those whose owner has chosen a password."""
    active: int = 0
    """Those whose first login is over: a guardian's address is confirmed."""

    @classmethod
    def of(cls, states: Mapping[AccountState, int]) -> Adoption:
        """From the numbers of accounts in each state."""
        return cls(
            accounts=sum(states.values()),
            issued=sum(n for state, n in states.items() if state not in _WITHOUT_LETTER),
            claimed=sum(n for state, n in states.items() if state in _CLAIMED),
            active=sum(n for state, n in states.items() if state in _IN_USE),
        )

    def __add__(self, other: Adoption) -> Adoption:
        return Adoption(
            self.accounts + other.accounts,
            self.issued + other.issued,
            self.claimed + other.claimed,
            self.active + other.active,
        )


@frozen
class SchoolAdoption:
    """The figures of an establishment's two audiences."""

    guardians: Adoption = Adoption()
    students: Adoption = Adoption()

    def __add__(self, other: SchoolAdoption) -> SchoolAdoption:
        return SchoolAdoption(self.guardians + other.guardians, self.students + other.students)
