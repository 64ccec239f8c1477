"""What a host implements to sign people in itself; see :mod:`teleservices_core.ports`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.identities import ExternalIdentity, LinkedIdentity


class Identify(Protocol):
    """Says who the host has signed in, if anybody; called at each request of a page."""

    def __call__(self, environ: Mapping[str, Any]) -> ExternalIdentity | None:
        """The person of a WSGI environ. Must neither block nor call out: pages wait for it."""
        ...


class IdentityStore(Protocol):
    """Host identities and the accounts they sign in to."""

    def find(self, identity: ExternalIdentity) -> tuple[LinkedIdentity, Account] | None:
        """The link of an identity, undone or not, with its account, in one statement."""
        ...

    def of_accounts(self, account_ids: Sequence[UUID]) -> list[LinkedIdentity]:
        """The identities that sign in to one of some accounts, the first linked first."""
        ...

    def link(
        self,
        identity: ExternalIdentity,
        account_id: UUID,
        at: datetime,
        *,
        before: LinkedIdentity | None,
    ) -> bool:
        """Compare-and-set: True for the one caller that replaces ``before``, or nothing."""
        ...

    def seen(self, identity: ExternalIdentity, at: datetime) -> None:
        """Note that the identity has signed in."""
        ...

    def unlink(self, identity: LinkedIdentity, at: datetime) -> bool:
        """Compare-and-set: True for the one caller that undoes the link."""
        ...
