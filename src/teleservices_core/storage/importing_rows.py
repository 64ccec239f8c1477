"""Rows to values and back, for imports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import (
    Adult,
    Kinship,
    Level,
    Responsibility,
    Schooling,
    Sex,
    Student,
)
from teleservices_core.domain.values import Ine, Mef, Uai


def to_student(row: Row[Any]) -> Student:
    """A student from a row that has the columns of ``core_students``."""
    return Student(
        id=row.id,
        last_name=row.last_name,
        first_name=row.first_name,
        born_on=row.born_on,
        usage_name=row.usage_name,
        sex=Sex(row.sex),
        ine=Ine(row.ine) if row.ine else None,
    )


def student_row(student: Student) -> dict[str, Any]:
    """The row of a student."""
    return {
        "id": student.id,
        "ine": student.ine.code if student.ine else None,
        "last_name": student.last_name,
        "usage_name": student.usage_name,
        "first_name": student.first_name,
        "born_on": student.born_on,
        "sex": student.sex.value,
    }


def to_schooling(row: Row[Any]) -> Schooling:
    """A schooling from a row of ``core_schoolings``."""
    return Schooling(
        student_id=row.student_id,
        uai=Uai(row.uai),
        school_year=SchoolYear(row.school_year),
        class_group=row.class_group,
        mef=Mef(row.mef) if row.mef else None,
        status=row.status,
        boarding=row.boarding,
        from_on=row.from_on,
        left_on=row.left_on,
    )


def schooling_row(schooling: Schooling) -> dict[str, Any]:
    """The row of a schooling."""
    return {
        "student_id": schooling.student_id,
        "uai": schooling.uai.code,
        "school_year": schooling.school_year.start,
        "class_group": schooling.class_group,
        "mef": schooling.mef.code if schooling.mef else "",
        "status": schooling.status,
        "boarding": schooling.boarding,
        "from_on": schooling.from_on,
        "left_on": schooling.left_on,
    }


def to_adult(row: Row[Any]) -> Adult:
    """An adult from a row that has the columns of ``core_adults``."""
    return Adult(
        id=row.id,
        last_name=row.last_name,
        first_name=row.first_name,
        title=row.title,
        usage_name=row.usage_name,
        email=row.email,
        mobile=row.mobile,
        phone=row.phone,
        address=PostalAddress(
            tuple(row.address_lines.splitlines()), row.postal_code, row.town, row.country
        ),
    )


def adult_row(adult: Adult) -> dict[str, Any]:
    """The row of an adult."""
    return {
        "id": adult.id,
        "title": adult.title,
        "last_name": adult.last_name,
        "usage_name": adult.usage_name,
        "first_name": adult.first_name,
        "email": adult.email,
        "mobile": adult.mobile,
        "phone": adult.phone,
        "address_lines": "\n".join(adult.address.lines),
        "postal_code": adult.address.postal_code,
        "town": adult.address.town,
        "country": adult.address.country,
    }


def to_link(row: Row[Any]) -> Responsibility:
    """A link from a row that has the columns of ``core_responsibilities``."""
    return Responsibility(
        student_id=row.student_id,
        adult_id=row.adult_id,
        level=Level(row.level),
        kinship=Kinship(row.kinship),
        pays_fees=row.pays_fees,
        receives_aid=row.receives_aid,
        lodges=row.lodges,
        contact_first=row.contact_first,
        from_on=row.from_on,
        until_on=row.until_on,
        is_barred=row.is_barred,
    )


def link_row(link: Responsibility, uai: str) -> dict[str, Any]:
    """The row of a link described by an establishment."""
    return {
        "student_id": link.student_id,
        "adult_id": link.adult_id,
        "level": link.level.value,
        "kinship": link.kinship.value,
        "pays_fees": link.pays_fees,
        "receives_aid": link.receives_aid,
        "lodges": link.lodges,
        "contact_first": link.contact_first,
        "from_on": link.from_on,
        "until_on": link.until_on,
        "is_barred": link.is_barred,
        "uai": uai,
    }


def account_row(account: Account) -> dict[str, Any]:
    """The row of a new account."""
    return {
        "id": account.id,
        "audience": account.audience.value,
        "login_name": account.login_name,
        "state": account.state.value,
        "display_name": account.display_name,
        "created_at": account.created_at,
    }
