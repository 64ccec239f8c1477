"""What the outside implements for the core: time, secrets, mail and storage.

Use cases depend on these protocols only. ``storage`` implements the database
side; a host may bring its own clock or mailer; the test kit has a fake of each.
"""

from __future__ import annotations

from teleservices_core.ports.academy import (
    AdoptionStore,
    AuditEntry,
    AuditSearch,
    AuditStore,
)
from teleservices_core.ports.accounts import (
    AccountStore,
    DeviceStore,
    SessionStore,
    Throttle,
    ThrottleStore,
    TokenStore,
)
from teleservices_core.ports.adapters import (
    Check,
    Clock,
    Mailer,
    PasswordHasher,
)
from teleservices_core.ports.groupings import (
    AttachmentStore,
    GroupingStore,
)
from teleservices_core.ports.identities import (
    Identify,
    IdentityStore,
)
from teleservices_core.ports.incidents import (
    CutOffStore,
    IncidentStore,
)
from teleservices_core.ports.matches import (
    MatchStore,
)
from teleservices_core.ports.modules import (
    DelegationStore,
    PolicyStore,
    SchoolPageStore,
    StoredOptions,
)
from teleservices_core.ports.office import (
    LetterCandidate,
    LetterStore,
    OfficeAccount,
    OfficeStore,
)
from teleservices_core.ports.roster import (
    RosterStore,
    StaffStore,
)
from teleservices_core.ports.transactions import (
    Database,
    Transaction,
)
from teleservices_core.ports.upkeep import (
    LifecycleStore,
    OutboxStore,
    Parcel,
)

__all__ = [
    "AccountStore",
    "AdoptionStore",
    "AttachmentStore",
    "AuditEntry",
    "AuditSearch",
    "AuditStore",
    "Check",
    "Clock",
    "CutOffStore",
    "Database",
    "DelegationStore",
    "DeviceStore",
    "GroupingStore",
    "Identify",
    "IdentityStore",
    "IncidentStore",
    "LetterCandidate",
    "LetterStore",
    "LifecycleStore",
    "Mailer",
    "MatchStore",
    "OfficeAccount",
    "OfficeStore",
    "OutboxStore",
    "Parcel",
    "PasswordHasher",
    "PolicyStore",
    "RosterStore",
    "SchoolPageStore",
    "SessionStore",
    "StaffStore",
    "StoredOptions",
    "Throttle",
    "ThrottleStore",
    "TokenStore",
    "Transaction",
]
