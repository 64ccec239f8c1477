"""Values with sensible defaults: a test says only what it is about."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from uuid6 import uuid7

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.activation import Question
from teleservices_core.domain.establishments import (
    Academie,
    Establishment,
    EstablishmentKind,
    PostalAddress,
)
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.roster import (
    Adult,
    Kinship,
    Level,
    Responsibility,
    Schooling,
    Student,
)
from teleservices_core.domain.values import Uai
from teleservices_core.testing.clock import A_TUESDAY

YEAR = SchoolYear(2026)
COLLEGE = Uai.from_digits("0219999")
LYCEE = Uai.from_digits("0219998")
DIJON = Academie("07", "Dijon")


def an_establishment(uai: Uai = COLLEGE, **changes: Any) -> Establishment:
    """A collège that takes part."""
    values: dict[str, Any] = {
        "uai": uai,
        "name": "Collège des Trois-Rivières",
        "kind": EstablishmentKind.COLLEGE,
        "town": "Valmont",
        "address": PostalAddress(("1 rue des Écoles",), "21000", "Valmont"),
        "phone": "03 53 01 00 01",
        "email": "secretariat@trois-rivieres.example",
    }
    return Establishment(**{**values, **changes})


def a_student(**changes: Any) -> Student:
    """A student of twelve."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "last_name": "MARTIN",
        "first_name": "Camille",
        "born_on": date(2014, 5, 12),
    }
    return Student(**{**values, **changes})


def an_adult(**changes: Any) -> Adult:
    """A mother."""
    values: dict[str, Any] = {
        "id": uuid7(),
        "title": "MME",
        "last_name": "MARTIN",
        "first_name": "Anne",
    }
    return Adult(**{**values, **changes})


def a_link(student_id: UUID, adult_id: UUID, **changes: Any) -> Responsibility:
    """A legal guardian's link."""
    values: dict[str, Any] = {"level": Level.LEGAL, "kinship": Kinship.MOTHER}
    return Responsibility(student_id, adult_id, **{**values, **changes})


def a_schooling(student_id: UUID, uai: Uai = COLLEGE, **changes: Any) -> Schooling:
    """This year, in 6 B."""
    values: dict[str, Any] = {"school_year": YEAR, "class_group": "6 B"}
    return Schooling(student_id, uai, **{**values, **changes})


def a_module(module_id: str = "notes", **changes: Any) -> ModuleDefinition:
    """A module that the head opens."""
    values: dict[str, Any] = {"title": module_id.title(), "summary": "Un téléservice."}
    return ModuleDefinition(module_id, **{**values, **changes})


def a_question(**changes: Any) -> Question:
    """A guardian asks about a child, on a school day."""
    student = changes.pop("student", None) or a_student()
    values: dict[str, Any] = {
        "establishment": an_establishment(),
        "school_year": YEAR,
        "audience": Audience.GUARDIAN,
        "at": A_TUESDAY,
        "zone": DIJON.zone,
        "student": student,
        "schooling": a_schooling(student.id),
        "link": a_link(student.id, uuid7()),
    }
    return Question(**{**values, **changes})
