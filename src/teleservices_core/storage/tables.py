"""The core's tables. Names start with ``core_``; plugins have their own prefix.

Indexes follow the questions that pages ask. Instants are stored in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    false,
    text,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraint names that every database and every migration agree on."""

metadata = MetaData(naming_convention=NAMING)

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC, read back in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values: their zone would be guessed."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002
    ) -> datetime | None:
        """Give back UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id(name: str = "id") -> Column[Any]:
    return Column(name, Uuid, primary_key=True)


def _ref(name: str, target: str, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, Uuid, ForeignKey(target), nullable=False, primary_key=primary_key)


def _text(name: str, length: int = 100) -> Column[Any]:
    return Column(name, String(length), nullable=False, server_default="")


def _at(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, UtcDateTime, nullable=nullable)


def _count(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False, server_default="0")


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


def _partial(name: str, column: str, where: str) -> Index:
    return Index(name, column, postgresql_where=text(where), sqlite_where=text(where))


establishments = Table(
    "core_establishments",
    metadata,
    Column("uai", String(8), primary_key=True),
    _text("name", 200),
    _text("kind", 20),
    _text("town"),
    _text("address_lines", 300),
    _text("postal_code", 10),
    _text("phone", 30),
    _text("email", 254),
    _flag("takes_part"),
    _text("search_text", 400),
)

students = Table(
    "core_students",
    metadata,
    _id(),
    Column("ine", String(11), unique=True),
    _text("last_name"),
    _text("usage_name"),
    _text("first_name"),
    Column("born_on", Date, nullable=False),
    _text("sex", 1),
)

adults = Table(
    "core_adults",
    metadata,
    _id(),
    _text("title", 10),
    _text("last_name"),
    _text("usage_name"),
    _text("first_name"),
    _text("email", 254),
    _text("mobile", 30),
    _text("phone", 30),
    _text("address_lines", 300),
    _text("postal_code", 10),
    _text("town"),
    _text("country", 60),
)

responsibilities = Table(
    "core_responsibilities",
    metadata,
    _ref("student_id", "core_students.id", primary_key=True),
    _ref("adult_id", "core_adults.id", primary_key=True),
    Column("level", SmallInteger, nullable=False),
    _text("kinship", 2),
    _flag("pays_fees"),
    _flag("receives_aid"),
    _flag("lodges"),
    _flag("contact_first"),
    Column("from_on", Date),
    Column("until_on", Date),
    _text("uai", 8),
    Column("is_barred", Boolean, nullable=False, server_default=false()),
    Index(None, "adult_id"),
)
"""``uai`` names the establishment whose file last described the link."""

schoolings = Table(
    "core_schoolings",
    metadata,
    _ref("student_id", "core_students.id", primary_key=True),
    Column("uai", String(8), ForeignKey("core_establishments.uai"), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    _text("class_group", 20),
    _text("mef", 11),
    _text("status", 2),
    _text("boarding", 2),
    Column("from_on", Date),
    Column("left_on", Date),
    Index(None, "uai", "school_year", "class_group"),
)

siecle_keys = Table(
    "core_siecle_keys",
    metadata,
    Column("uai", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("siecle_id", String(20), nullable=False),
    Column("entity_id", Uuid, nullable=False),
    PrimaryKeyConstraint("uai", "kind", "siecle_id"),
    Index(None, "entity_id"),
)
"""ELEVE_ID (kind ``student``) and PERSONNE_ID (kind ``adult``) of each school base."""

class_groups = Table(
    "core_class_groups",
    metadata,
    Column("uai", String(8), ForeignKey("core_establishments.uai"), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("code", String(20), primary_key=True),
    _text("kind", 8),
    _text("label", 100),
    _text("mef", 11),
)
"""``kind`` is ``division`` or ``group``."""

nomenclature = Table(
    "core_nomenclature",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("code", String(20), primary_key=True),
    _text("short_label"),
    _text("long_label", 200),
)

staff = Table(
    "core_staff",
    metadata,
    _id(),
    _text("title", 10),
    _text("last_name"),
    _text("first_name"),
    Column("email", String(254), nullable=False, unique=True),
)

assignments = Table(
    "core_assignments",
    metadata,
    _ref("staff_id", "core_staff.id", primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("scope", String(8), primary_key=True),
    Column("from_on", Date),
    Column("until_on", Date),
    Index(None, "scope"),
)
"""``scope`` is a UAI, or empty for the académie."""

accounts = Table(
    "core_accounts",
    metadata,
    _id(),
    Column("audience", String(10), nullable=False),
    Column("login_name", String(60), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    _text("display_name", 200),
    Column("password_hash", String(200)),
    Column("email", String(254)),
    Column("pending_email", String(254)),
    _at("created_at", nullable=False),
    _at("last_used_at"),
    _at("issued_at"),
    _at("claimed_at"),
    _at("password_at"),
    _at("warned_at"),
    Column("must_renew", Boolean, nullable=False, server_default=false()),
    _count("epoch"),
    _count("version"),
    Index(None, "email"),
    Index(None, "pending_email"),
    Index(None, "state", "last_used_at"),
    _partial("ix_core_accounts_issued", "issued_at", "state = 'issued'"),
    _partial("ix_core_accounts_claimed", "claimed_at", "state = 'claimed'"),
)

account_holders = Table(
    "core_account_holders",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    _ref("account_id", "core_accounts.id"),
    Index(None, "account_id"),
)
"""A person has one account; a guardian's account may hold several adults, once grouped."""

letters = Table(
    "core_letters",
    metadata,
    _id(),
    _ref("account_id", "core_accounts.id"),
    _text("uai", 8),
    Column("code_hash", String(200), nullable=False),
    _at("issued_at", nullable=False),
    _at("expires_at", nullable=False),
    _at("used_at"),
    _at("replaced_at"),
    _at("handed_at"),
    _text("handed_by", 200),
    Index(None, "account_id", "issued_at"),
)

sessions = Table(
    "core_sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    _ref("account_id", "core_accounts.id"),
    Column("purpose", String(12), nullable=False),
    _at("created_at", nullable=False),
    _at("seen_at", nullable=False),
    _at("expires_at", nullable=False),
    _text("device", 60),
    Column("identity_hash", String(64)),
    Column("device_hash", String(64)),
    Index(None, "account_id"),
    Index(None, "expires_at"),
)

devices = Table(
    "core_devices",
    metadata,
    _ref("account_id", "core_accounts.id", primary_key=True),
    Column("digest", String(64), primary_key=True),
    _text("label", 60),
    _at("first_at", nullable=False),
    _at("last_at", nullable=False),
)
"""Browsers that have signed in to an account, known again by a cookie of their own."""

identities = Table(
    "core_identities",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    _ref("account_id", "core_accounts.id"),
    _at("linked_at", nullable=False),
    _at("seen_at", nullable=False),
    _at("unlinked_at"),
    Index(None, "account_id"),
)
"""Who a person is for the host: never an e-mail address alone."""

groupings = Table(
    "core_groupings",
    metadata,
    _id(),
    _ref("account_id", "core_accounts.id"),
    _ref("other_id", "core_accounts.id"),
    Column("person_ids", JSON, nullable=False),
    _at("at", nullable=False),
    _at("until_at", nullable=False),
    _at("undone_at"),
    Index(None, "account_id"),
    Index(None, "other_id"),
)
"""``other_id`` gave its persons to ``account_id``; it can be undone until ``until_at``."""

link_reports = Table(
    "core_link_reports",
    metadata,
    _id(),
    _ref("account_id", "core_accounts.id"),
    Column("adult_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("uai", String(8), nullable=False),
    Column("state", String(10), nullable=False),
    _at("at", nullable=False),
    _at("handled_at"),
    _text("handled_by", 200),
    Index(None, "student_id"),
    Index(None, "account_id"),
)
"""« Je ne suis pas le responsable de cet élève », and what the school answered."""

lifecycle_runs = Table(
    "core_lifecycle_runs",
    metadata,
    _id(),
    _at("at", nullable=False),
    _at("finished_at"),
    Column("counts", JSON, nullable=False),
    Index(None, "at"),
)
"""Without ``finished_at``, a run under way, or one that was stopped."""

cut_plugins = Table(
    "core_cut_plugins",
    metadata,
    Column("plugin", String(60), primary_key=True),
    _at("at", nullable=False),
    _text("set_by", 200),
    _text("reason", 300),
)
"""Plugins switched off while the site runs."""

tokens = Table(
    "core_tokens",
    metadata,
    _id(),
    Column("digest", String(64), nullable=False, unique=True),
    _ref("account_id", "core_accounts.id"),
    Column("purpose", String(20), nullable=False),
    _text("address", 254),
    _count("epoch"),
    _at("created_at", nullable=False),
    _at("expires_at", nullable=False),
    _at("used_at"),
    Index(None, "account_id"),
    Index(None, "expires_at"),
)

throttles = Table(
    "core_throttles",
    metadata,
    Column("key", String(64), primary_key=True),
    _count("failures"),
    _at("last_at", nullable=False),
    _at("blocked_until"),
    Column("account_id", Uuid),
    _count("epoch"),
    Index(None, "account_id"),
)

openings = Table(
    "core_openings",
    metadata,
    Column("rank", SmallInteger, primary_key=True),
    Column("place", String(8), primary_key=True),
    Column("part", String(20), primary_key=True),
    Column("module_id", String(31), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("audience", String(10), primary_key=True),
    Column("stance", String(10), nullable=False),
    _text("set_by", 200),
    _at("set_at", nullable=False),
    Index(None, "school_year", "place"),
)
"""The three columns of a :class:`teleservices_core.domain.scopes.Scope`, and what it decided."""

campaigns = Table(
    "core_campaigns",
    metadata,
    _id(),
    Column("scope", String(8), nullable=False),
    Column("module_id", String(31), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    _at("from_at"),
    _at("until_at"),
    _text("title"),
    Index(None, "school_year", "scope"),
)

delegations = Table(
    "core_delegations",
    metadata,
    _id(),
    Column("uai", String(8), nullable=False),
    Column("module_id", String(31), nullable=False),
    _ref("staff_id", "core_staff.id"),
    Column("from_on", Date, nullable=False),
    Column("until_on", Date, nullable=False),
    _text("given_by", 200),
    _at("given_at", nullable=False),
    _at("ended_at"),
    Index(None, "uai"),
    Index(None, "staff_id"),
)
"""What heads entrusted to members of staff, one module at a time."""

school_pages = Table(
    "core_school_pages",
    metadata,
    Column("uai", String(8), ForeignKey("core_establishments.uai"), primary_key=True),
    Column("welcome", Text, nullable=False),
    _text("office_phone", 30),
    _text("office_email", 254),
    _text("office_hours", 200),
    _text("set_by", 200),
    _at("set_at", nullable=False),
    _count("version"),
)
"""What an establishment says to its families: a welcome, and how to reach its office."""

module_options = Table(
    "core_module_options",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("module_id", String(31), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    Column("options", JSON, nullable=False),
    _text("set_by", 200),
    _at("set_at", nullable=False),
    _count("version"),
)
"""An establishment's own options of a module, in the form that its plugin declares."""

audit = Table(
    "core_audit",
    metadata,
    _id(),
    _at("at", nullable=False),
    Column("actor_id", Uuid),
    _text("actor", 200),
    _text("role", 20),
    Column("action", String(60), nullable=False),
    _text("uai", 8),
    Column("subject_id", Uuid),
    Column("detail", JSON, nullable=False),
    Index(None, "subject_id"),
    Index(None, "uai", "at"),
    Index(None, "action", "at"),
    Index(None, "actor_id", "at"),
    Index(None, "at", "id"),
)
"""Append-only: a trigger of the first migration refuses UPDATE and DELETE."""

outbox = Table(
    "core_outbox",
    metadata,
    _id(),
    Column("kind", String(60), nullable=False),
    Column("to_address", String(254), nullable=False),
    Column("token_id", Uuid),
    Column("account_id", Uuid),
    Column("context", JSON, nullable=False),
    _at("created_at", nullable=False),
    _at("due_at", nullable=False),
    _count("attempts"),
    _at("claimed_until"),
    _at("sent_at"),
    _at("failed_at"),
    _at("dropped_at"),
    Column("last_error", Text),
    _partial(
        "ix_core_outbox_waiting",
        "due_at",
        "sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL",
    ),
    Index(None, "account_id"),
    Index(None, "created_at"),
)
"""Waiting until sent, failed (refused, given up or bounced) or dropped (its link had died)."""

imports = Table(
    "core_imports",
    metadata,
    _id(),
    Column("uai", String(8), nullable=False),
    Column("school_year", SmallInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    _at("at", nullable=False),
    _text("actor", 200),
    Column("files", JSON, nullable=False),
    Column("counts", JSON, nullable=False),
    Index(None, "uai", "at"),
)

quarantine = Table(
    "core_quarantine",
    metadata,
    _ref("import_id", "core_imports.id", primary_key=True),
    Column("position", Integer, primary_key=True),
    _text("file", 200),
    Column("line", Integer),
    _text("element", 60),
    _text("key", 60),
    Column("reason", Text, nullable=False),
)
