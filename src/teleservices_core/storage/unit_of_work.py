"""Transactions: one unit of work for each command, autocommit for each page."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from attrs import Factory, frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from teleservices_core.errors import UnavailableError
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
from teleservices_core.ports.factors import FactorStore
from teleservices_core.ports.groupings import AttachmentStore, GroupingStore
from teleservices_core.ports.identities import IdentityStore
from teleservices_core.ports.incidents import CutOffStore, IncidentStore
from teleservices_core.ports.jobs import JobStore
from teleservices_core.ports.matches import MatchStore
from teleservices_core.ports.office import LetterStore, OfficeStore
from teleservices_core.ports.restoring import RestoreStore
from teleservices_core.ports.seals import SealStore
from teleservices_core.ports.undoing import UndoStore
from teleservices_core.ports.upkeep import ForgettingStore, LifecycleStore, OutboxStore
from teleservices_core.queues import page_turn_lent
from teleservices_core.storage.accounts import Accounts, Sessions, Tokens
from teleservices_core.storage.adoption import AdoptionFigures
from teleservices_core.storage.attachments import Attachments
from teleservices_core.storage.availability import Door, in_our_words
from teleservices_core.storage.cut_offs import CutOffs
from teleservices_core.storage.delegations import Delegations
from teleservices_core.storage.engine import BUSY
from teleservices_core.storage.factors import Factors
from teleservices_core.storage.forgetting import Forgetting
from teleservices_core.storage.groupings import Groupings
from teleservices_core.storage.identities import Identities
from teleservices_core.storage.incidents import Incidents
from teleservices_core.storage.jobs import Jobs
from teleservices_core.storage.journal import Audit, Outbox
from teleservices_core.storage.letters import Letters
from teleservices_core.storage.lifecycle import Lifecycle
from teleservices_core.storage.matches import Matches
from teleservices_core.storage.office import Office
from teleservices_core.storage.policy import PolicyTable
from teleservices_core.storage.restoring import Restoring
from teleservices_core.storage.roster import Roster
from teleservices_core.storage.school_pages import SchoolPages
from teleservices_core.storage.seals import Seals
from teleservices_core.storage.staff import Staff
from teleservices_core.storage.throttles import Devices, Throttles
from teleservices_core.storage.undoing import Undoing

_S = TypeVar("_S")


class _Store(Generic[_S]):
    """A store of a transaction, opened when first asked for: a page needs two of twenty-three."""

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
    factors = _Store[FactorStore](Factors)
    roster = _Store[RosterStore](Roster)
    policy = _Store[PolicyStore](PolicyTable)
    cut_offs = _Store[CutOffStore](CutOffs)
    incidents = _Store[IncidentStore](Incidents)
    delegations = _Store[DelegationStore](Delegations)
    school_pages = _Store[SchoolPageStore](SchoolPages)
    staff = _Store[StaffStore](Staff)
    outbox = _Store[OutboxStore](Outbox)
    forgetting = _Store[ForgettingStore](Forgetting)
    lifecycle = _Store[LifecycleStore](Lifecycle)
    audit = _Store[AuditStore](Audit)
    adoption = _Store[AdoptionStore](AdoptionFigures)
    seals = _Store[SealStore](Seals)
    jobs = _Store[JobStore](Jobs)
    restoring = _Store[RestoreStore](Restoring)
    undoing = _Store[UndoStore](Undoing)


_here: Final = threading.local()


@frozen
class SqlDatabase:
    """Transactions from an SQLAlchemy engine, ours or the host's."""

    engine: Engine
    _door: Door = Factory(Door)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """See :meth:`teleservices_core.ports.Database.reading`."""
        with self._connect() as connection, in_our_words():
            if connection.dialect.name != "sqlite":
                # A page only reads: without BEGIN and ROLLBACK it saves two round trips.
                connection.execution_options(isolation_level="AUTOCOMMIT")
            yield SqlTransaction(connection)

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[SqlTransaction]:
        """See :meth:`teleservices_core.ports.Database.writing`."""
        with self._connect() as connection:
            with in_our_words():
                if connection.dialect.name == "sqlite":
                    _begin(connection, waits=waits)
                elif not waits:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = 20")
                yield SqlTransaction(connection)
            try:
                with in_our_words():
                    connection.commit()
            except UnavailableError as away:
                # Whether it was written, nobody knows: it is not done again.
                raise UnavailableError(away.reason) from away
        _here.commits = self.commits + 1

    @property
    def commits(self) -> int:
        """See :attr:`teleservices_core.ports.Database.commits`."""
        return getattr(_here, "commits", 0)

    def _connect(self) -> Connection:
        began = self._door.pass_through()
        with in_our_words():
            try:
                return self.engine.connect()
            except DBAPIError:
                self._door.shut(began)
                raise

    def scrub(self) -> None:
        """See :meth:`teleservices_core.ports.Database.scrub`."""
        if self.engine.dialect.name == "sqlite":
            with self._connect() as connection, in_our_words():
                # Waits for who reads, as long as the busy timeout; the next run does the rest.
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _begin(connection: Connection, *, waits: bool) -> None:
    """Take SQLite's write lock at once: a transaction that upgrades later fails, not waits.

    Where another has it, no page's turn is kept while it is waited for.
    """
    driver: Any = connection.connection.driver_connection
    patience = connection.info.get(BUSY, 5000)
    driver.execute("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except DBAPIError as held:
        if not waits or getattr(held.orig, "sqlite_errorcode", 0) != sqlite3.SQLITE_BUSY:
            raise
    else:
        return
    finally:
        driver.execute(f"PRAGMA busy_timeout={patience}")
    with page_turn_lent():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
