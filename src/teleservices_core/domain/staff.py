"""Staff of establishments and of the académie."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.values import Uai


class Role(StrEnum):
    """What a member of staff may do; school roles name an establishment."""

    HEAD = "head"
    DEPUTY = "deputy"
    SCHOOL_OFFICE = "school_office"
    TEACHER = "teacher"
    """Has no part in the establishment's console: only in what plugins offer to teachers."""
    ACADEMY_ADMIN = "academy_admin"
    HOTLINE = "hotline"

    @property
    def is_school(self) -> bool:
        """Whether the role is held in one establishment."""
        return self in CONSOLE_ROLES or self is Role.TEACHER


HEAD_ROLES: Final = frozenset({Role.HEAD, Role.DEPUTY})
"""Who heads an establishment."""
CONSOLE_ROLES: Final = HEAD_ROLES | {Role.SCHOOL_OFFICE}
"""Who works in the console of an establishment."""
TEACHING_ROLES: Final = HEAD_ROLES | {Role.TEACHER}
"""Who reaches what teachers are offered: they, and those who answer for them."""


@frozen
class StaffMember:
    """A person working for an establishment or for the académie."""

    id: UUID
    last_name: str
    first_name: str
    email: str = ""
    title: str = ""

    @property
    def full_name(self) -> str:
        """The name to show."""
        return f"{self.first_name} {self.last_name}"


@frozen
class Assignment:
    """A role held by a member of staff, in one establishment or in the académie, dated."""

    staff_id: UUID
    role: Role
    uai: Uai | None = None
    from_on: date | None = None
    until_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the role is held on a local day."""
        return (self.from_on is None or self.from_on <= day) and (
            self.until_on is None or day < self.until_on
        )
