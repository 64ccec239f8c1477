"""What the school base says, from the core's roster: rows to the values of fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, Row, bindparam, or_, select

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError
from teleservices_core.storage import tables as core
from teleservices_fiche.model import FRANCE, Address, Person, PersonKind, Value
from teleservices_fiche.rules.typed import stored_phone, tidy
from teleservices_fiche.usecases.ports import Addressee, Kin, Known

_STUDENTS: Final = (
    select(core.students, core.schoolings.c.class_group, core.schoolings.c.boarding)
    .select_from(
        core.students.outerjoin(
            core.schoolings,
            (core.schoolings.c.student_id == core.students.c.id)
            & (core.schoolings.c.uai == bindparam("uai"))
            & (core.schoolings.c.school_year == bindparam("year")),
        )
    )
    .where(core.students.c.id.in_(bindparam("ids", expanding=True)))
)
UNKNOWN_PROFESSION: Final = "99"
_GUARDIANS: Final = (
    select(core.adults, core.responsibilities.c.student_id, core.responsibilities.c.kinship)
    .select_from(core.responsibilities.join(core.adults))
    .where(core.responsibilities.c.student_id.in_(bindparam("ids", expanding=True)))
)


_L: Final = core.responsibilities.c
_A: Final = core.accounts.c
_KIN: Final = (
    select(_L.student_id, core.students.c.first_name, _L.adult_id, _A.id, _A.display_name, _A.email)
    .select_from(
        core.responsibilities.join(core.students, core.students.c.id == _L.student_id)
        .join(core.account_holders, core.account_holders.c.person_id == _L.adult_id)
        .join(core.accounts, _A.id == core.account_holders.c.account_id)
    )
    .where(_A.state == AccountState.ACTIVE.value, _A.email != "")
    .order_by(_A.id, _L.student_id)
)


def answers_on(day: date) -> ColumnElement[bool]:
    """Whether a link makes an adult a legal guardian on a day."""
    return (
        (_L.level == Level.LEGAL)
        & ~_L.is_barred
        & or_(_L.from_on.is_(None), _L.from_on <= day)
        & or_(_L.until_on.is_(None), _L.until_on > day)
    )


@frozen
class Base:
    """See :class:`teleservices_fiche.usecases.ports.BaseStore`."""

    connection: Connection

    def students(self, ids: Collection[UUID], uai: Uai, year: SchoolYear) -> Known:
        """See the port."""
        asked = {"ids": list(ids), "uai": uai.code, "year": year.start}
        rows = self.connection.execute(_STUDENTS, asked)
        return {Person(PersonKind.STUDENT, row.id): _student(row) for row in rows}

    def guardians(self, student_ids: Collection[UUID]) -> Mapping[UUID, Known]:
        """See the port."""
        found: dict[UUID, Known] = {id_: {} for id_ in student_ids}
        for row in self.connection.execute(_GUARDIANS, {"ids": list(student_ids)}):
            found[row.student_id][Person(PersonKind.GUARDIAN, row.id)] = _guardian(row)
        return found

    def kin(self, student_ids: Collection[UUID], day: date, adult_from: date) -> list[Kin]:
        """See the port."""
        mine = _L.student_id.in_(list(student_ids)) & (core.students.c.born_on > adult_from)
        rows = self.connection.execute(_KIN.where(mine, answers_on(day)))
        return [
            Kin(
                row.student_id,
                row.first_name,
                row.adult_id,
                Addressee(row.id, row.display_name, row.email),
            )
            for row in rows
        ]


def _said(text: str) -> str | None:
    return tidy(text) or None


def _student(row: Row[Any]) -> dict[str, Value]:
    return {
        "last_name": _said(row.last_name),
        "usage_name": _said(row.usage_name),
        "first_name": _said(row.first_name),
        "sex": row.sex or None,
        "born_on": row.born_on.isoformat(),
        "class_group": _said(row.class_group or ""),
        "boarding": row.boarding or None,
        "birth_place": _said(row.birth_town) or _said(row.birth_insee),
        "nationality": row.nationality or None,
        "address": _address(row),
        "phone_mobile": stored_phone(row.mobile),
        "phone_home": stored_phone(row.phone),
        "phone_work": stored_phone(row.work_phone),
        "accepts_sms": row.accepts_sms,
        "email": _said(row.email),
    }


def _guardian(row: Row[Any]) -> dict[str, Value]:
    return {
        "title": _said(row.title),
        "last_name": _said(row.last_name),
        "usage_name": _said(row.usage_name),
        "first_name": _said(row.first_name),
        "kinship": row.kinship or None,
        "address": _address(row),
        "phone_mobile": stored_phone(row.mobile),
        "phone_home": stored_phone(row.phone),
        "phone_work": stored_phone(row.work_phone),
        "accepts_sms": row.accepts_sms,
        "shares_contact": row.shares_contact,
        "profession": None if row.occupation == UNKNOWN_PROFESSION else row.occupation or None,
        "email": _said(row.email),
    }


def _address(row: Row[Any]) -> Value:
    return address(row.address_lines, row.postal_code, row.town, row.country_code, row.country)


def address(lines: str, postal_code: str, town: str, code: str, country: str = "") -> Value:
    """An address of the base; as a text where it does not fit its own form."""
    said = tuple(filter(None, map(tidy, lines.splitlines())))
    if not said and not town:
        return None
    if code not in {"", FRANCE}:
        # Abroad, the form has the code and the town together.
        postal_code, town = "", f"{postal_code} {town}"
    try:
        return Address(said, postal_code, tidy(town), code or FRANCE)
    except InvalidValueError:
        return ", ".join(filter(None, (*said, tidy(f"{postal_code} {town}"), country)))
