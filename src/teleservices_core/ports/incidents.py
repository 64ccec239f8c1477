"""What the outside implements for the day when something goes wrong.

See :mod:`teleservices_core.ports`.
"""

from __future__ import annotations

from datetime import date
from typing import Protocol

from teleservices_core.domain.incidents import Population, RenewalCounts
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import CutOff


class CutOffStore(Protocol):
    """Plugins switched off while the site runs."""

    def all(self) -> list[CutOff]:
        """Every one, by name."""
        ...

    def add(self, cut_off: CutOff) -> bool:
        """Switch a plugin off; False when it was already."""
        ...

    def remove(self, plugin: str) -> bool:
        """Switch a plugin on again; False when it was not off."""
        ...


class IncidentStore(Protocol):
    """Acts on all the accounts of a population at once."""

    def count(self, population: Population, year: SchoolYear, day: date) -> RenewalCounts:
        """What :meth:`require_renewal` would do. Two statements."""
        ...

    def require_renewal(self, population: Population, year: SchoolYear, day: date) -> int:
        """Have the passwords renewed at the next sign-in; returns of how many accounts."""
        ...

    def close_sessions(
        self,
        population: Population,
        year: SchoolYear,
        day: date,
        *,
        to_renew: bool = False,
        but: str | None = None,
    ) -> int:
        """Close sessions; with ``to_renew``, of accounts whose password must be renewed."""
        ...
