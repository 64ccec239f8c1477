"""What the outside implements for who oversees a site: the audit trail and figures of adoption.

See :mod:`teleservices_core.ports`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from attrs import Factory, frozen

from teleservices_core.domain.adoption import SchoolAdoption
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai


@frozen
class AuditEntry:
    """Who did what to whom, written in the same transaction as the change."""

    action: str
    at: datetime
    actor_id: UUID | None = None
    actor: str = ""
    role: str = ""
    """In which function a member of staff acted, such as ``hotline``; empty for a family."""
    uai: Uai | None = None
    subject_id: UUID | None = None
    detail: Mapping[str, Any] = Factory(dict)
    id: UUID | None = None
    """Given when it is written."""


@frozen
class AuditSearch:
    """What to look for in the audit trail; what is empty does not count."""

    uai: Uai | None = None
    persons: tuple[UUID, ...] = ()
    """Who acted, or about whom: accounts and the persons they hold."""
    actions: tuple[str, ...] = ()
    module_id: str = ""
    """Entries about a module; give ``actions`` too, which have an index."""
    from_at: datetime | None = None
    until_at: datetime | None = None
    """First instant no longer looked at."""
    before: tuple[datetime, UUID] | None = None
    """The instant and the id of the last entry of the page before."""


class AuditStore(Protocol):
    """The audit trail; append-only."""

    def add(self, entry: AuditEntry) -> None:
        """Append one entry."""
        ...

    def latest(self, limit: int, *, uai: Uai | None = None) -> list[AuditEntry]:
        """The newest entries, of one establishment or of all."""
        ...

    def about(
        self, subject_id: UUID, *, limit: int | None = None, but: Collection[str] = ()
    ) -> list[AuditEntry]:
        """Entries about a person or an account, the latest first, ``but`` some actions."""
        ...

    def by_staff(
        self, account_id: UUID, student_ids: Sequence[UUID], *, limit: int, offset: int
    ) -> tuple[list[AuditEntry], int]:
        """What members of staff did about an account and students, and how many acts in all.

        The latest first. An act about the account that names its students too
        counts once. Acts of families are left out: another guardian's are not
        this one's business.
        """
        ...

    def search(self, wanted: AuditSearch, limit: int) -> list[AuditEntry]:
        """The newest entries that match: one statement, whose cost is that of a page."""
        ...

    def decisions(self, uais: Collection[Uai], since: datetime) -> list[AuditEntry]:
        """Acts that opened or closed modules in establishments or for all, the latest first."""
        ...

    def consulted(
        self, actor_id: UUID, actions: Collection[str], since: datetime
    ) -> Mapping[tuple[str, Uai | None, UUID | None], datetime]:
        """What somebody looked at, and when last: by (action, establishment, about whom)."""
        ...

    def names(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """What the accounts and persons of some ids are called: one statement."""
        ...


class AdoptionStore(Protocol):
    """How far the accounts of establishments are."""

    def of_establishments(
        self, uais: Collection[Uai], school_year: SchoolYear, day: date
    ) -> Mapping[Uai, SchoolAdoption]:
        """Accounts of the students present on a local day and of their guardians: one statement."""
        ...
