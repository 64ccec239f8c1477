"""The stores over one connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

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
from teleservices_core.storage.accounts import Accounts, Sessions, Tokens
from teleservices_core.storage.adoption import AdoptionFigures
from teleservices_core.storage.attachments import Attachments
from teleservices_core.storage.cut_offs import CutOffs
from teleservices_core.storage.delegations import Delegations
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
