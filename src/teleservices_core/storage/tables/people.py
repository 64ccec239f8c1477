"""Establishments, students, adults, the links between them, and staff."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Uuid,
)

from teleservices_core.storage.tables.base import (
    choice,
    flag,
    key,
    metadata,
    postal_columns,
    reference,
    string,
)

establishments = Table(
    "core_establishments",
    metadata,
    Column("uai", String(8), primary_key=True),
    string("name", 200),
    string("kind", 20),
    string("town"),
    string("address_lines", 300),
    string("postal_code", 10),
    string("phone", 30),
    string("email", 254),
    flag("takes_part"),
    string("search_text", 400),
)

students = Table(
    "core_students",
    metadata,
    key(),
    Column("ine", String(11), unique=True),
    string("last_name"),
    string("usage_name"),
    string("first_name"),
    Column("born_on", Date, nullable=False),
    string("sex", 1),
    *postal_columns(),
    string("phone", 30),
    string("mobile", 30),
    string("work_phone", 30),
    choice("accepts_sms"),
    string("email", 254),
    string("birth_country", 3),
    string("birth_town"),
    string("birth_insee", 5),
    string("nationality", 3),
)

adults = Table(
    "core_adults",
    metadata,
    key(),
    string("title", 10),
    string("last_name"),
    string("usage_name"),
    string("first_name"),
    string("email", 254),
    string("mobile", 30),
    string("phone", 30),
    *postal_columns(),
    string("work_phone", 30),
    choice("accepts_sms"),
    choice("shares_contact"),
    string("occupation", 2),
)

responsibilities = Table(
    "core_responsibilities",
    metadata,
    reference("student_id", "core_students.id", primary_key=True),
    reference("adult_id", "core_adults.id", primary_key=True),
    Column("level", SmallInteger, nullable=False),
    string("kinship", 2),
    flag("pays_fees"),
    flag("receives_aid"),
    flag("lodges"),
    flag("contact_first"),
    Column("from_on", Date),
    Column("until_on", Date),
    string("uai", 8),
    choice("is_barred"),
    Index(None, "adult_id"),
)
"""``uai`` names the establishment whose file last described the link."""

schoolings = Table(
    "core_schoolings",
    metadata,
    reference("student_id", "core_students.id", primary_key=True),
    Column("uai", String(8), ForeignKey("core_establishments.uai"), primary_key=True),
    Column("school_year", SmallInteger, primary_key=True),
    string("class_group", 20),
    string("mef", 11),
    string("status", 2),
    string("boarding", 2),
    Column("from_on", Date),
    Column("left_on", Date),
    choice("repeats"),
    choice("uses_transport"),
    string("former_uai", 8),
    string("former_mef", 11),
    string("former_class_group", 20),
    string("origin", 2),
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
    string("kind", 8),
    string("label", 100),
    string("mef", 11),
)
"""``kind`` is ``division`` or ``group``."""

nomenclature = Table(
    "core_nomenclature",
    metadata,
    Column("uai", String(8), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("code", String(20), primary_key=True),
    string("short_label"),
    string("long_label", 200),
)

staff = Table(
    "core_staff",
    metadata,
    key(),
    string("title", 10),
    string("last_name"),
    string("first_name"),
    Column("email", String(254), nullable=False, unique=True),
)

assignments = Table(
    "core_assignments",
    metadata,
    reference("staff_id", "core_staff.id", primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("scope", String(8), primary_key=True),
    Column("from_on", Date),
    Column("until_on", Date),
    Index(None, "scope"),
)
"""``scope`` is a UAI, or empty for the académie."""
