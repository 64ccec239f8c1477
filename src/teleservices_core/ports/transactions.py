"""The stores together, over one unit of work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from teleservices_core.ports.academy import AdoptionStore, AuditStore
from teleservices_core.ports.accounts import (
    AccountStore,
    DeviceStore,
    SessionStore,
    ThrottleStore,
    TokenStore,
)
from teleservices_core.ports.drafts import Draft
from teleservices_core.ports.factors import FactorStore
from teleservices_core.ports.groupings import AttachmentStore, GroupingStore
from teleservices_core.ports.identities import IdentityStore
from teleservices_core.ports.incidents import CutOffStore, IncidentStore
from teleservices_core.ports.jobs import JobStore
from teleservices_core.ports.matches import MatchStore
from teleservices_core.ports.modules import DelegationStore, PolicyStore, SchoolPageStore
from teleservices_core.ports.office import LetterStore, OfficeStore
from teleservices_core.ports.restoring import RestoreStore
from teleservices_core.ports.roster import RosterStore, StaffStore
from teleservices_core.ports.seals import SealStore
from teleservices_core.ports.undoing import UndoStore
from teleservices_core.ports.upkeep import ForgettingStore, LifecycleStore, OutboxStore


class Transaction(Protocol):
    """The stores, over one connection."""

    accounts: AccountStore
    groupings: GroupingStore
    attachments: AttachmentStore
    matches: MatchStore
    letters: LetterStore
    office: OfficeStore
    identities: IdentityStore
    sessions: SessionStore
    tokens: TokenStore
    throttles: ThrottleStore
    devices: DeviceStore
    factors: FactorStore
    roster: RosterStore
    policy: PolicyStore
    cut_offs: CutOffStore
    incidents: IncidentStore
    delegations: DelegationStore
    school_pages: SchoolPageStore
    staff: StaffStore
    outbox: OutboxStore
    forgetting: ForgettingStore
    lifecycle: LifecycleStore
    audit: AuditStore
    adoption: AdoptionStore
    seals: SealStore
    jobs: JobStore
    restoring: RestoreStore
    undoing: UndoStore
    connection: Any
    """The SQLAlchemy connection, for a plugin's own ``store.py``."""


class Snapshot(Transaction, Protocol):
    """A transaction that only reads, and that remembers what it was asked and answered."""

    def look_ahead(self, connection: Any) -> None:
        """Ask once more where it will be written, before anybody has to wait for it."""
        ...

    def still_holds(self, connection: Any) -> bool:
        """Whether everything that was asked is answered the same in another transaction."""
        ...


class Database(Protocol):
    """Where transactions come from."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """Statements that write nothing; each sees what is committed when it runs.

        Raises :exc:`UnavailableError` while the database does not answer, as :meth:`writing`.
        """
        ...

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """Statements that write nothing and all see one state, whatever is committed meanwhile.

        For what takes long to be worked out: nobody waits for it.
        """
        ...

    def draft(self) -> AbstractContextManager[Draft]:
        """No rows yet; kept for as long as the block."""
        ...

    def writing(
        self, *, waits: bool = True, around: Callable[[Any], AbstractContextManager[None]] = ...
    ) -> AbstractContextManager[Transaction]:
        """One unit of work: everything commits at the end of the block, or nothing.

        With ``waits=False``, :exc:`UnavailableError` is raised at once where somebody else
        is writing the same: for what can as well be written the next time. ``around`` is
        entered on the connection before SQLite's only writer is waited for.
        """
        ...

    @property
    def commits(self) -> int:
        """How many units of work this thread has committed."""
        ...

    def scrub(self) -> None:
        """After erasing: let nothing of what was erased be left in files of ours.

        SQLite overwrites what it deletes, but its log keeps earlier pages until
        it is emptied. PostgreSQL sees to its own files.
        """
        ...
