"""Transactions: one unit of work for each command, autocommit for each page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import frozen
from sqlalchemy import Connection, Engine

from teleservices_core.ports import (
    AccountStore,
    DelegationStore,
    DeviceStore,
    PolicyStore,
    RosterStore,
    SchoolPageStore,
    SessionStore,
    StaffStore,
    ThrottleStore,
    TokenStore,
)
from teleservices_core.ports.academy import AdoptionStore, AuditStore
from teleservices_core.ports.groupings import AttachmentStore, GroupingStore
from teleservices_core.ports.identities import IdentityStore
from teleservices_core.ports.incidents import CutOffStore, IncidentStore
from teleservices_core.ports.office import LetterStore, OfficeStore
from teleservices_core.ports.upkeep import LifecycleStore, OutboxStore
from teleservices_core.storage.accounts import Accounts, Sessions, Tokens
from teleservices_core.storage.adoption import AdoptionFigures
from teleservices_core.storage.attachments import Attachments
from teleservices_core.storage.cut_offs import CutOffs
from teleservices_core.storage.delegations import Delegations
from teleservices_core.storage.groupings import Groupings
from teleservices_core.storage.identities import Identities
from teleservices_core.storage.incidents import Incidents
from teleservices_core.storage.journal import Audit, Outbox
from teleservices_core.storage.letters import Letters
from teleservices_core.storage.lifecycle import Lifecycle
from teleservices_core.storage.office import Office
from teleservices_core.storage.policy import PolicyTable
from teleservices_core.storage.roster import Roster
from teleservices_core.storage.school_pages import SchoolPages
from teleservices_core.storage.staff import Staff
from teleservices_core.storage.throttles import Devices, Throttles


class SqlTransaction:
    """The stores over one connection; see :class:`teleservices_core.ports.Transaction`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.accounts: AccountStore = Accounts(connection)
        self.groupings: GroupingStore = Groupings(connection)
        self.attachments: AttachmentStore = Attachments(connection)
        self.letters: LetterStore = Letters(connection)
        self.office: OfficeStore = Office(connection)
        self.identities: IdentityStore = Identities(connection)
        self.sessions: SessionStore = Sessions(connection)
        self.tokens: TokenStore = Tokens(connection)
        self.throttles: ThrottleStore = Throttles(connection)
        self.devices: DeviceStore = Devices(connection)
        self.roster: RosterStore = Roster(connection)
        self.policy: PolicyStore = PolicyTable(connection)
        self.cut_offs: CutOffStore = CutOffs(connection)
        self.incidents: IncidentStore = Incidents(connection)
        self.delegations: DelegationStore = Delegations(connection)
        self.school_pages: SchoolPageStore = SchoolPages(connection)
        self.staff: StaffStore = Staff(connection)
        self.outbox: OutboxStore = Outbox(connection)
        self.lifecycle: LifecycleStore = Lifecycle(connection)
        self.audit: AuditStore = Audit(connection)
        self.adoption: AdoptionStore = AdoptionFigures(connection)


@frozen
class SqlDatabase:
    """Transactions from an SQLAlchemy engine, ours or the host's."""

    engine: Engine

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """See :meth:`teleservices_core.ports.Database.reading`."""
        with self.engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                # A page only reads: without BEGIN and ROLLBACK it saves two round trips.
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield SqlTransaction(connection)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """See :meth:`teleservices_core.ports.Database.writing`."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # Taking the write lock at once: a deferred transaction that
                # upgrades later fails instead of waiting.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield SqlTransaction(connection)
            connection.commit()
