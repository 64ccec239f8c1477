"""Accounts, and what opens, holds and ends them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    String,
    Table,
    Uuid,
    false,
)

from teleservices_core.storage.tables.base import (
    count,
    key,
    metadata,
    moment,
    partial_index,
    reference,
    string,
)

accounts = Table(
    "core_accounts",
    metadata,
    key(),
    Column("audience", String(10), nullable=False),
    Column("login_name", String(60), nullable=False, unique=True),
    Column("state", String(10), nullable=False),
    string("display_name", 200),
    Column("password_hash", String(200)),
    Column("email", String(254)),
    Column("pending_email", String(254)),
    moment("created_at", nullable=False),
    moment("last_used_at"),
    moment("issued_at"),
    moment("claimed_at"),
    moment("password_at"),
    moment("warned_at"),
    Column("must_renew", Boolean, nullable=False, server_default=false()),
    moment("factor_since"),
    count("epoch"),
    count("version"),
    Index(None, "email"),
    Index(None, "pending_email"),
    Index(None, "state", "last_used_at"),
    partial_index("ix_core_accounts_issued", "issued_at", "state = 'issued'"),
    partial_index("ix_core_accounts_claimed", "claimed_at", "state = 'claimed'"),
)

account_holders = Table(
    "core_account_holders",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    reference("account_id", "core_accounts.id"),
    Index(None, "account_id"),
)
"""A person has one account; a guardian's account may hold several adults, once grouped."""

letters = Table(
    "core_letters",
    metadata,
    key(),
    reference("account_id", "core_accounts.id"),
    string("uai", 8),
    Column("code_hash", String(200), nullable=False),
    moment("issued_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("used_at"),
    moment("replaced_at"),
    moment("handed_at"),
    string("handed_by", 200),
    Index(None, "account_id", "issued_at"),
)

sessions = Table(
    "core_sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    reference("account_id", "core_accounts.id"),
    Column("purpose", String(12), nullable=False),
    moment("created_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("expires_at", nullable=False),
    string("device", 60),
    Column("identity_hash", String(64)),
    Column("device_hash", String(64)),
    moment("factor_at"),
    Column("question", LargeBinary),
    moment("question_at"),
    Index(None, "account_id"),
    Index(None, "expires_at"),
)
"""``question`` is what a security key has been asked to sign, until it answers."""

authenticators = Table(
    "core_authenticators",
    metadata,
    reference("account_id", "core_accounts.id", primary_key=True),
    Column("secret", String(300), nullable=False),
    moment("since_at", nullable=False),
    count("last_period"),
)
"""The application that makes an account's codes; its secret is sealed."""

security_keys = Table(
    "core_security_keys",
    metadata,
    key(),
    reference("account_id", "core_accounts.id"),
    Column("name", String(60), nullable=False),
    Column("site_id", String(255), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("credential", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("signatures", BigInteger, nullable=False),
    moment("added_at", nullable=False),
    moment("used_at"),
    Index(None, "account_id"),
)
"""``digest`` is that of the credential: a key is of one account."""

recovery_codes = Table(
    "core_recovery_codes",
    metadata,
    reference("account_id", "core_accounts.id", primary_key=True),
    Column("digest", String(64), primary_key=True),
    moment("made_at", nullable=False),
    moment("used_at"),
)
"""Codes on paper, each good once, in the place of the telephone's."""

devices = Table(
    "core_devices",
    metadata,
    reference("account_id", "core_accounts.id", primary_key=True),
    Column("digest", String(64), primary_key=True),
    string("label", 60),
    moment("first_at", nullable=False),
    moment("last_at", nullable=False),
)
"""Browsers that have signed in to an account, known again by a cookie of their own."""

identities = Table(
    "core_identities",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    reference("account_id", "core_accounts.id"),
    moment("linked_at", nullable=False),
    moment("seen_at", nullable=False),
    moment("unlinked_at"),
    Index(None, "account_id"),
)
"""Who a person is for the host: never an e-mail address alone."""

groupings = Table(
    "core_groupings",
    metadata,
    key(),
    reference("account_id", "core_accounts.id"),
    reference("other_id", "core_accounts.id"),
    Column("person_ids", JSON, nullable=False),
    moment("at", nullable=False),
    moment("until_at", nullable=False),
    moment("undone_at"),
    Index(None, "account_id"),
    Index(None, "other_id"),
)
"""``other_id`` gave its persons to ``account_id``; it can be undone until ``until_at``."""

link_reports = Table(
    "core_link_reports",
    metadata,
    key(),
    reference("account_id", "core_accounts.id"),
    Column("adult_id", Uuid, nullable=False),
    Column("student_id", Uuid, nullable=False),
    Column("uai", String(8), nullable=False),
    Column("state", String(10), nullable=False),
    moment("at", nullable=False),
    moment("handled_at"),
    string("handled_by", 200),
    Index(None, "student_id"),
    Index(None, "account_id"),
)
"""« Je ne suis pas le responsable de cet élève », and what the school answered."""

lifecycle_runs = Table(
    "core_lifecycle_runs",
    metadata,
    key(),
    moment("at", nullable=False),
    moment("finished_at"),
    Column("counts", JSON, nullable=False),
    Index(None, "at"),
)
"""Without ``finished_at``, a run under way, or one that was stopped."""

tokens = Table(
    "core_tokens",
    metadata,
    key(),
    Column("digest", String(64), nullable=False, unique=True),
    reference("account_id", "core_accounts.id"),
    Column("purpose", String(20), nullable=False),
    string("address", 254),
    count("epoch"),
    moment("created_at", nullable=False),
    moment("expires_at", nullable=False),
    moment("used_at"),
    Index(None, "account_id"),
    Index(None, "expires_at"),
)

throttles = Table(
    "core_throttles",
    metadata,
    Column("key", String(64), primary_key=True),
    count("failures"),
    moment("last_at", nullable=False),
    moment("blocked_until"),
    Column("account_id", Uuid),
    count("epoch"),
    Index(None, "account_id"),
)
