"""The core's tables. Names start with ``core_``; plugins have their own prefix.

Indexes follow the questions that pages ask. Instants are stored in UTC.
"""

from __future__ import annotations

from teleservices_core.storage.tables.accounts import (
    account_holders,
    accounts,
    authenticators,
    devices,
    groupings,
    identities,
    letters,
    lifecycle_runs,
    link_reports,
    recovery_codes,
    security_keys,
    sessions,
    throttles,
    tokens,
)
from teleservices_core.storage.tables.base import NAMING, AnyRow, UtcDateTime, metadata
from teleservices_core.storage.tables.jobs import heartbeats, job_parts, jobs
from teleservices_core.storage.tables.journal import (
    audit,
    import_changes,
    imports,
    outbox,
    quarantine,
    seals,
    site,
)
from teleservices_core.storage.tables.matches import matches
from teleservices_core.storage.tables.modules import (
    campaigns,
    cut_plugins,
    delegations,
    module_options,
    openings,
    school_pages,
)
from teleservices_core.storage.tables.people import (
    adults,
    assignments,
    class_groups,
    establishments,
    nomenclature,
    responsibilities,
    schoolings,
    siecle_keys,
    staff,
    students,
)
from teleservices_core.storage.tables.schema import own_tables

__all__ = [
    "NAMING",
    "AnyRow",
    "UtcDateTime",
    "account_holders",
    "accounts",
    "adults",
    "assignments",
    "audit",
    "authenticators",
    "campaigns",
    "class_groups",
    "cut_plugins",
    "delegations",
    "devices",
    "establishments",
    "groupings",
    "heartbeats",
    "identities",
    "import_changes",
    "imports",
    "job_parts",
    "jobs",
    "letters",
    "lifecycle_runs",
    "link_reports",
    "matches",
    "metadata",
    "module_options",
    "nomenclature",
    "openings",
    "outbox",
    "own_tables",
    "quarantine",
    "recovery_codes",
    "responsibilities",
    "school_pages",
    "schoolings",
    "seals",
    "security_keys",
    "sessions",
    "siecle_keys",
    "site",
    "staff",
    "students",
    "throttles",
    "tokens",
]
