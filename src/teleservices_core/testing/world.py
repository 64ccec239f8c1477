"""Put people into a site's database, for tests: short names for what imports do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from attrs import evolve, frozen
from sqlalchemy import insert
from uuid6 import uuid7

from teleservices_core.app import Teleservices
from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.credentials import login_stem
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.roster import (
    Adult,
    Responsibility,
    Schooling,
    Student,
    StudentDetails,
)
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.importing_rows import (
    adult_row,
    details_row,
    schooling_row,
    student_row,
)
from teleservices_core.testing.builders import COLLEGE, an_establishment
from teleservices_core.usecases.importing.accounts import login_names

PASSWORD = "une phrase bien à moi 42"  # noqa: S105 - of invented people
"""The password of every account made active here."""


@frozen
class World:
    """Writes to the database of a site."""

    services: Teleservices

    def establishment(self, establishment: Establishment | None = None) -> Establishment:
        """Add an establishment."""
        establishment = establishment or an_establishment()
        with self.services.site.database.writing() as tx:
            tx.roster.save_establishments([establishment])
        return establishment

    def student(
        self, student: Student, schooling: Schooling, details: StudentDetails | None = None
    ) -> Student:
        """Add a student and a schooling."""
        self._insert(t.students, **student_row(student), **details_row(details or StudentDetails()))
        self.schooling(schooling)
        return student

    def schooling(self, schooling: Schooling) -> None:
        """Add a schooling."""
        self._insert(t.schoolings, **schooling_row(schooling))

    def adult(self, adult: Adult, *links: Responsibility) -> Adult:
        """Add an adult and the links to students."""
        self._insert(t.adults, **adult_row(adult))
        for link in links:
            self.link(link)
        return adult

    def siecle_key(self, person: Student | Adult, siecle_id: str, uai: Uai = COLLEGE) -> None:
        """Give a person an identifier in a school's base."""
        kind = "student" if isinstance(person, Student) else "adult"
        self._insert(
            t.siecle_keys, uai=uai.code, kind=kind, siecle_id=siecle_id, entity_id=person.id
        )

    def link(self, link: Responsibility) -> None:
        """Add a link between an adult and a student."""
        self._insert(
            t.responsibilities,
            student_id=link.student_id,
            adult_id=link.adult_id,
            level=link.level,
            kinship=link.kinship,
            pays_fees=link.pays_fees,
            receives_aid=link.receives_aid,
            lodges=link.lodges,
            contact_first=link.contact_first,
            from_on=link.from_on,
            until_on=link.until_on,
        )

    def account(
        self, person: Student | Adult | StaffMember, audience: Audience, **changes: Any
    ) -> Account:
        """Give a person an account, active with :data:`PASSWORD` unless said otherwise."""
        site = self.services.site
        stem = login_stem(person.first_name, person.last_name)
        with site.database.writing() as tx:
            account = Account(
                id=uuid7(),
                audience=audience,
                login_name=login_names([stem], tx.accounts.in_use)[0],
                state=AccountState.ACTIVE,
                holder_ids=(person.id,),
                display_name=person.full_name,
                password_hash=site.hasher.hash_password(PASSWORD),
                email="famille@example.org",
                created_at=site.now(),
            )
            account = evolve(account, **changes)
            tx.accounts.add(account)
        return account

    def staff(self, role: Role, uai: Uai | None = None, **changes: Any) -> Account:
        """Add a member of staff with an active account."""
        member = StaffMember(uuid7(), "DURAND", "Claude", f"{uuid7().hex}@example.org")
        with self.services.site.database.writing() as tx:
            tx.staff.save(member, [Assignment(member.id, role, uai)])
        return self.account(member, Audience.STAFF, **changes)

    def _insert(self, table: Any, **values: Any) -> None:
        with self.services.site.database.writing() as tx:
            tx.connection.execute(insert(table).values(**values))


def person_id(account: Account) -> UUID:
    """The one person of an account."""
    (only,) = account.holder_ids
    return only
