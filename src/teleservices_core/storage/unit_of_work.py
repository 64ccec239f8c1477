"""Transactions: one unit of work for each command, autocommit for each page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

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
from teleservices_core.ports.matches import MatchStore
from teleservices_core.ports.office import LetterStore, OfficeStore
from teleservices_core.ports.seals import SealStore
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
from teleservices_core.storage.matches import Matches
from teleservices_core.storage.office import Office
from teleservices_core.storage.policy import PolicyTable
from teleservices_core.storage.roster import Roster
from teleservices_core.storage.school_pages import SchoolPages
from teleservices_core.storage.seals import Seals
from teleservices_core.storage.staff import Staff
from teleservices_core.storage.throttles import Devices, Throttles

_S = TypeVar("_S")


class _Store(Generic[_S]):
    """A store of a transaction, opened when first asked for: a page needs two of twenty-two."""

    def __init__(self, kind: Callable[[Connection], _S]) -> None:
        self._kind = kind

    def __set_name__(self, _owner: type[SqlTransaction], name: str) -> None:
        self._name = name

    def __get__(self, tx: SqlTransaction, _owner: type[SqlTransaction]) -> _S:
        opened = tx.__dict__[self._name] = self._kind(tx.connection)
        return opened


class SqlTransaction:
    """The stores over one connection; see :class:`teleservices_core.ports.Transaction`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    accounts = _Store[AccountStore](Accounts)
    groupings = _Store[GroupingStore](Groupings)
    attachments = _Store[AttachmentStore](Attachments)
    matches = _Store[MatchStore](Matches)
    letters = _Store[LetterStore](Letters)
    office = _Store[OfficeStore](Office)
    identities = _Store[IdentityStore](Identities)
    sessions = _Store[SessionStore](Sessions)
    tokens = _Store[TokenStore](Tokens)
    throttles = _Store[ThrottleStore](Throttles)
    devices = _Store[DeviceStore](Devices)
    roster = _Store[RosterStore](Roster)
    policy = _Store[PolicyStore](PolicyTable)
    cut_offs = _Store[CutOffStore](CutOffs)
    incidents = _Store[IncidentStore](Incidents)
    delegations = _Store[DelegationStore](Delegations)
    school_pages = _Store[SchoolPageStore](SchoolPages)
    staff = _Store[StaffStore](Staff)
    outbox = _Store[OutboxStore](Outbox)
    lifecycle = _Store[LifecycleStore](Lifecycle)
    audit = _Store[AuditStore](Audit)
    adoption = _Store[AdoptionStore](AdoptionFigures)
    seals = _Store[SealStore](Seals)


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

    def scrub(self) -> None:
        """See :meth:`teleservices_core.ports.Database.scrub`."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                # Waits for who reads, as long as the busy timeout; the next run does the rest.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
