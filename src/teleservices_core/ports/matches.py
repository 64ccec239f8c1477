"""What the outside implements for « rapprochements »; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from teleservices_core.domain.likeness import Identity
from teleservices_core.domain.matches import Match, MatchKind, MatchState, PersonSeen
from teleservices_core.domain.values import Uai


class MatchStore(Protocol):
    """Pairs of persons who may be one."""

    def lock(self) -> None:
        """Wait for any import of the site to end, and keep others waiting until the end."""
        ...

    def get(self, match_id: UUID) -> Match | None:
        """One pair, answered or not."""
        ...

    def known_pairs(self, person_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
        """(older, newer) of every pair about one of the persons, whatever its state."""
        ...

    def identities(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[Identity]]:
        """Who students are: as known now, first, then as answers have confirmed."""
        ...

    def places(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[Uai]]:
        """The establishments that know students, the latest schooling first, in no other order."""
        ...

    def open_pairs(self, uai: Uai, kind: MatchKind) -> list[tuple[UUID, UUID]]:
        """(older, newer) of those that an establishment knows both and has still to answer."""
        ...

    def of_school(self, uai: Uai) -> list[Match]:
        """What an establishment is asked: those that wait first, then the latest answers."""
        ...

    def of_academy(self) -> list[Match]:
        """The same for the académie: those that concern two establishments."""
        ...

    def about(self, person_ids: Collection[UUID]) -> list[Match]:
        """Every pair about one of some persons, the oldest question first."""
        ...

    def count_open(self, uai: Uai | None = None) -> int:
        """How many wait, in an establishment or in all."""
        ...

    def waiting(self) -> list[tuple[Uai, MatchKind, int]]:
        """How many wait in each establishment."""
        ...

    def seen(self, match: Match, day: date) -> tuple[PersonSeen, PersonSeen]:
        """The older and the newer, with what tells them apart or together, on a local day."""
        ...

    def is_over(self, match: Match) -> bool:
        """Whether another answer has made one of two students one with a third meanwhile."""
        ...

    def is_built_on(self, match: Match) -> bool:
        """Whether a later answer, still in force, has made the student who stays one with another.

        Answers about one student are taken back the last first.
        """
        ...

    def absorbed(self, student_id: UUID) -> list[UUID]:
        """The students said to be the same as one, whose data are now this one's."""
        ...

    def take_ine(self, student_id: UUID, ine: str | None) -> None:
        """Give a student a national identifier that nobody has, or none."""
        ...

    def postpone(self, match: Match, at: datetime) -> bool:
        """Compare-and-set: note that it was left for later."""
        ...

    def answer(
        self,
        match: Match,
        state: MatchState,
        at: datetime,
        by: str,
        moved: Mapping[str, Any] | None = None,
    ) -> bool:
        """Compare-and-set: True for the one caller that answers, or takes an answer back."""
        ...

    def moved(self, match_id: UUID) -> Mapping[str, Any]:
        """What the answer « same » brought together."""
        ...
