"""What is decided about modules, and how schools set them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from attrs import Factory, frozen

from teleservices_core.domain.delegations import Delegation
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.school_pages import SchoolPage
from teleservices_core.domain.values import Uai


class PolicyStore(Protocol):
    """Recorded decisions about modules, and campaigns."""

    def policy(self, uais: Iterable[Uai], school_year: SchoolYear) -> Policy:
        """Everything that establishments need for a year, the académie's included."""
        ...

    def policies(self, uais: Iterable[Uai], years: Iterable[SchoolYear]) -> Policy:
        """The same for several years at once: one statement."""
        ...

    def whole(self, school_year: SchoolYear) -> Policy:
        """Everything decided for a year, in the whole académie."""
        ...

    def record(self, opening: Opening, *, before: Stance | None) -> None:
        """Record a decision in place of another, or of none.

        Compare-and-set: raises ConflictError when the stance recorded there is
        no longer ``before``.
        """
        ...

    def forget(self, opening: Opening) -> None:
        """Undo a decision: what is inherited holds again. Raises as :meth:`record`."""
        ...

    def campaign(self, campaign_id: UUID) -> Campaign | None:
        """One round."""
        ...

    def add_campaign(self, campaign: Campaign) -> None:
        """Add a round, which has an id."""
        ...

    def replace_campaign(self, before: Campaign, after: Campaign) -> None:
        """Compare-and-set of a round. Raises ConflictError if it is no longer ``before``."""
        ...

    def remove_campaign(self, campaign: Campaign) -> None:
        """Cancel a round, if it is still as given. Raises ConflictError otherwise."""
        ...


@frozen
class StoredOptions:
    """An establishment's options of a module, as they rest in the database."""

    options: Mapping[str, Any] = Factory(dict)
    version: int = 0
    """0 when none were ever chosen."""


class SchoolPageStore(Protocol):
    """What establishments say to families, and how they set up modules."""

    def page(self, uai: Uai) -> SchoolPage:
        """The page of an establishment; an empty one when none was written."""
        ...

    def replace_page(self, before: SchoolPage, after: SchoolPage) -> None:
        """Compare-and-set on the version. Raises ConflictError when it has moved."""
        ...

    def options(self, uai: Uai, module_id: str, year: SchoolYear) -> StoredOptions:
        """What was chosen for a module and a school year."""
        ...

    def replace_options(
        self,
        uai: Uai,
        module_id: str,
        year: SchoolYear,
        options: Mapping[str, Any],
        *,
        version: int,
        set_by: str,
        set_at: datetime,
    ) -> None:
        """Compare-and-set on the version. Raises ConflictError when it has moved."""
        ...


class DelegationStore(Protocol):
    """What heads entrusted to members of staff."""

    def of_establishment(self, uai: Uai) -> list[Delegation]:
        """Every delegation given there, the latest to begin first."""
        ...

    def held(self, staff_ids: Sequence[UUID], uai: Uai, day: date) -> frozenset[str]:
        """The modules entrusted to one of the staff there, on a local day."""
        ...

    def add(self, delegation: Delegation) -> None:
        """Record a delegation."""
        ...

    def end(self, delegation_id: UUID, uai: Uai, at: datetime) -> None:
        """Take one back. Raises ConflictError if it has ended already."""
        ...
