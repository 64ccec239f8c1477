"""How far accounts are, from the letter printed to the address confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from attrs import frozen

from teleservices_core.domain.standing import LetterTrace, Standing


class Stage(IntEnum):
    """The furthest point an account has reached; each implies those before."""

    NOTHING = 0
    EDITED = 1
    HANDED = 2
    CLAIMED = 3
    CONFIRMED = 4


def stage_of(standing: Standing, letter: LetterTrace | None, email: str | None) -> Stage:
    """The stage of an account with its latest letter and its confirmed address."""
    if standing.is_to_issue:
        return Stage.NOTHING
    if standing.is_claimed:
        return Stage.CLAIMED if email is None else Stage.CONFIRMED
    return Stage.HANDED if letter is not None and letter.is_handed else Stage.EDITED


@frozen
class Funnel:
    """How many accounts have reached each stage, or gone beyond."""

    total: int = 0
    edited: int = 0
    handed: int = 0
    claimed: int = 0
    confirmed: int = 0

    @classmethod
    def of(cls, stages: Iterable[Stage]) -> Funnel:
        """Count accounts by stage."""
        exactly = Counter(stages)
        beyond = [sum(exactly[later] for later in Stage if later >= stage) for stage in Stage]
        return cls(*beyond)

    @property
    def to_issue(self) -> int:
        """How many have no letter, and nothing to sign in with."""
        return self.total - self.edited

    def __add__(self, other: Funnel) -> Funnel:
        return Funnel(
            self.total + other.total,
            self.edited + other.edited,
            self.handed + other.handed,
            self.claimed + other.claimed,
            self.confirmed + other.confirmed,
        )
