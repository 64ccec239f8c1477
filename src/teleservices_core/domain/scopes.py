"""Where a setting is made: from the académie down to one class.

A question meets a chain of scopes, the widest first. What is imposed or
forbidden at one is beyond the reach of those below it.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache

from attrs import frozen

from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.values import Uai


class Rank(IntEnum):
    """The ranks of the chain, the widest first."""

    ACADEMIE = 0
    DEPARTEMENT = 1
    NAMED = 2
    """One establishment, named by the rectorat."""
    ESTABLISHMENT = 3
    """The same one, by its own head."""
    LEVEL = 4
    """A level of its classes, by its head."""
    DIVISION = 5
    """One class, by its head."""

    @property
    def is_heads(self) -> bool:
        """Whether the head of the establishment decides there."""
        return self >= Rank.ESTABLISHMENT


@frozen(order=True, cache_hash=True)
class Scope:
    """One place of the chain.

    ``place`` is a three-digit département, a UAI, or nothing; ``part`` a level
    or a class of the establishment.
    """

    rank: Rank
    place: str = ""
    part: str = ""

    @classmethod
    def academie(cls) -> Scope:
        """The whole académie."""
        return cls(Rank.ACADEMIE)

    @classmethod
    def departement(cls, code: str) -> Scope:
        """A département, by the first three digits of its UAI numbers: "021"."""
        return cls(Rank.DEPARTEMENT, code)

    @classmethod
    def named(cls, uai: Uai) -> Scope:
        """One establishment, by the rectorat."""
        return cls(Rank.NAMED, uai.code)

    @classmethod
    def establishment(cls, uai: Uai) -> Scope:
        """One establishment, by its head."""
        return cls(Rank.ESTABLISHMENT, uai.code)

    @classmethod
    def level(cls, uai: Uai, level: ClassLevel) -> Scope:
        """A level of an establishment's classes."""
        return cls(Rank.LEVEL, uai.code, level.value)

    @classmethod
    def division(cls, uai: Uai, class_group: str) -> Scope:
        """One class of an establishment, by its code ("3 A")."""
        return cls(Rank.DIVISION, uai.code, class_group)

    @property
    def label(self) -> str:
        """The level, class, UAI or département, as people write it; empty for the académie."""
        if self.rank is Rank.LEVEL:
            return ClassLevel(self.part).label
        return self.part or self.place

    @property
    def class_group(self) -> str:
        """The class, if the scope is one; else empty."""
        return self.part if self.rank is Rank.DIVISION else ""

    @property
    def uai(self) -> Uai | None:
        """The establishment of the scope, if it lies in one."""
        return Uai(self.place) if self.rank >= Rank.NAMED else None

    @property
    def path(self) -> tuple[Scope, ...]:
        """The scopes that come before it and itself, the widest first.

        A class is asked for without its level, which only its students tell.
        """
        uai = self.uai
        if uai is None:
            return (Scope.academie(), self)[-1 - self.rank :]
        return (*chain(uai)[: min(self.rank, Rank.LEVEL)], self)

    def covers(self, uai: Uai) -> bool:
        """Whether the scope concerns an establishment, or a part of it."""
        if self.rank is Rank.DEPARTEMENT:
            return self.place == uai.departement
        return self.rank is Rank.ACADEMIE or self.place == uai.code


@lru_cache(maxsize=8192)
def chain(uai: Uai, level: ClassLevel | None = None, class_group: str = "") -> tuple[Scope, ...]:
    """The scopes that concern a class of an establishment, the widest first."""
    scopes = [
        Scope.academie(),
        Scope.departement(uai.departement),
        Scope.named(uai),
        Scope.establishment(uai),
    ]
    if level is not None:
        scopes.append(Scope.level(uai, level))
    if class_group:
        scopes.append(Scope.division(uai, class_group))
    return tuple(scopes)
