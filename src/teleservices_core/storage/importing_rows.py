"""Rows to values and back, for imports."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import (
    Adult,
    FormerSchooling,
    Kinship,
    Level,
    Responsibility,
    Schooling,
    Sex,
    Student,
    StudentDetails,
)
from teleservices_core.domain.values import Ine, Mef, Uai
from teleservices_core.storage import tables as t

IDENTITY: Final = tuple(
    t.students.c[name]
    for name in ("id", "ine", "last_name", "usage_name", "first_name", "born_on", "sex")
)
"""The columns of a student's identity, which most pages need and no more."""
DETAILS: Final = tuple(column for column in t.students.c if column not in set(IDENTITY))
"""The others."""


def to_address(row: Row[Any]) -> PostalAddress:
    """The address of a row that has its columns."""
    return PostalAddress(
        tuple(row.address_lines.splitlines()),
        row.postal_code,
        row.town,
        row.country,
        row.country_code,
    )


def address_row(address: PostalAddress) -> dict[str, Any]:
    """The columns of an address."""
    return {
        "address_lines": "\n".join(address.lines),
        "postal_code": address.postal_code,
        "town": address.town,
        "country": address.country,
        "country_code": address.country_code,
    }


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


def to_details(row: Row[Any]) -> StudentDetails:
    """What a row of ``core_students`` says beside identity."""
    return StudentDetails(
        address=to_address(row),
        phone=row.phone,
        mobile=row.mobile,
        work_phone=row.work_phone,
        accepts_sms=row.accepts_sms,
        email=row.email,
        birth_country=row.birth_country,
        birth_town=row.birth_town,
        birth_insee=row.birth_insee,
        nationality=row.nationality,
    )


def details_row(details: StudentDetails) -> dict[str, Any]:
    """The columns of a student's row beside identity."""
    return {
        **address_row(details.address),
        "phone": details.phone,
        "mobile": details.mobile,
        "work_phone": details.work_phone,
        "accepts_sms": details.accepts_sms,
        "email": details.email,
        "birth_country": details.birth_country,
        "birth_town": details.birth_town,
        "birth_insee": details.birth_insee,
        "nationality": details.nationality,
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
        repeats=row.repeats,
        uses_transport=row.uses_transport,
        former=FormerSchooling(row.former_uai, row.former_mef, row.former_class_group, row.origin),
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
        "repeats": schooling.repeats,
        "uses_transport": schooling.uses_transport,
        "former_uai": schooling.former.uai,
        "former_mef": schooling.former.mef,
        "former_class_group": schooling.former.class_group,
        "origin": schooling.former.origin,
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
        address=to_address(row),
        work_phone=row.work_phone,
        accepts_sms=row.accepts_sms,
        shares_contact=row.shares_contact,
        occupation=row.occupation,
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
        **address_row(adult.address),
        "work_phone": adult.work_phone,
        "accepts_sms": adult.accepts_sms,
        "shares_contact": adult.shares_contact,
        "occupation": adult.occupation,
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
