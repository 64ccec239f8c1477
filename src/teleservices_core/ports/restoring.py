"""What the outside implements for backups: which site this is, and what a restore kills.

See :mod:`teleservices_core.ports`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from attrs import frozen


@frozen
class SiteMark:
    """Which site a database is of."""

    site_id: UUID
    epoch: int
    """How many times it was restored: what was issued in an epoch before opens nothing."""


class RestoreStore(Protocol):
    """Acts on a whole database that has just been brought back; set-based."""

    def mark(self) -> SiteMark:
        """Which site this is; drawn at random when first asked for."""
        ...

    def known_mark(self) -> SiteMark | None:
        """The same for who only reads; None for a database that was never asked."""
        ...

    def raise_epoch(self, epoch: int) -> None:
        """Begin an epoch."""
        ...

    def end_everything(self, at: datetime) -> Mapping[str, int]:
        """End sessions, devices, links, unused letters and waiting mails; how many of each.

        What pages read before cannot be written any more either.
        """
        ...

    def kill_passwords(self, account_ids: Collection[UUID], nobodys_hash: str) -> int:
        """Put a hash that nobody knows the secret of in the place of passwords."""
        ...

    def kill_reachable(self, nobodys_hash: str) -> int:
        """The same for every account that a link can be mailed to."""
        ...

    def drop_recovery_codes(self) -> int:
        """Forget every recovery code of second factors; returns how many."""
        ...

    def renew_passwords(self) -> int:
        """Have every password of who has no address renewed at the next sign-in."""
        ...

    def drop_identities(self, account_ids: Collection[UUID]) -> int:
        """Forget which identities of the host open accounts."""
        ...

    def known_acts(self, ids: Collection[UUID]) -> set[UUID]:
        """Which rows of the journal are there, among some."""
        ...

    def accounts(self) -> Iterable[UUID]:
        """The ids of all accounts."""
        ...

    def students(self) -> Iterable[UUID]:
        """The ids of all students."""
        ...

    def adults(self) -> Iterable[UUID]:
        """The ids of all adults."""
        ...
