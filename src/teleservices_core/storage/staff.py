"""Members of staff and their roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from attrs import asdict, evolve, frozen
from sqlalchemy import Connection, insert, or_, select, update

from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Uai
from teleservices_core.ports.drafts import Draft
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_or_update
from teleservices_core.storage.tables import AnyRow

_MANY = 5_000
"""Values in one question."""


def _to_member(row: AnyRow) -> StaffMember:
    return StaffMember(row.id, row.last_name, row.first_name, row.email, row.title)


@frozen
class Staff:
    """See :class:`teleservices_core.ports.StaffStore`."""

    connection: Connection

    def save(self, member: StaffMember, assignments: Sequence[Assignment]) -> UUID:
        """See the port."""
        known = self.by_email(member.email)
        names = {
            "title": member.title,
            "last_name": member.last_name,
            "first_name": member.first_name,
        }
        staff_id = known or member.id
        if known:
            self.connection.execute(update(t.staff).where(t.staff.c.id == known).values(**names))
        else:
            self.connection.execute(
                insert(t.staff).values(id=staff_id, email=member.email, **names)
            )
        for held in assignments:
            dates = {"from_on": held.from_on, "until_on": held.until_on}
            key = {
                "staff_id": staff_id,
                "role": held.role,
                "scope": held.uai.code if held.uai else "",
            }
            insert_or_update(self.connection, t.assignments, {**key, **dates}, dates)
        return staff_id

    def draft(
        self, members: Sequence[tuple[StaffMember, Sequence[Assignment]]], rows: Draft
    ) -> list[StaffMember]:
        """See the port."""
        email = t.staff.c.email
        asked = [member.email for member, _held in members]
        known = {
            row.email: row.id
            for start in range(0, len(asked), _MANY)
            for row in self.connection.execute(
                select(t.staff.c.id, email).where(email.in_(asked[start : start + _MANY]))
            )
        }
        kept = [
            (evolve(member, id=known.get(member.email, member.id)), held)
            for member, held in members
        ]
        rows.put(t.staff, (asdict(member) for member, _held in kept))
        # A role that is listed twice is one.
        roles = {
            (member.id, each.role, each.uai): {
                "staff_id": member.id,
                "role": each.role.value,
                "scope": each.uai.code if each.uai else "",
                "from_on": each.from_on,
                "until_on": each.until_on,
            }
            for member, held in kept
            for each in held
        }
        rows.put(t.assignments, roles.values())
        return [member for member, _held in kept if member.email not in known]

    def assignments(self, staff_ids: Sequence[UUID]) -> list[Assignment]:
        """See the port."""
        held = select(t.assignments).where(t.assignments.c.staff_id.in_(staff_ids))
        return [
            Assignment(
                staff_id=row.staff_id,
                role=Role(row.role),
                uai=Uai(row.scope) if row.scope else None,
                from_on=row.from_on,
                until_on=row.until_on,
            )
            for row in self.connection.execute(held.order_by(t.assignments.c.scope))
        ]

    def by_email(self, email: str) -> UUID | None:
        """See the port."""
        found: UUID | None = self.connection.scalar(
            select(t.staff.c.id).where(t.staff.c.email == email)
        )
        return found

    def of_establishment(self, uai: Uai, day: date) -> list[tuple[StaffMember, Role]]:
        """See the port."""
        a = t.assignments.c
        held = (
            select(t.staff, a.role)
            .select_from(t.assignments.join(t.staff, t.staff.c.id == a.staff_id))
            .where(
                a.scope == uai.code,
                or_(a.from_on.is_(None), a.from_on <= day),
                or_(a.until_on.is_(None), a.until_on > day),
            )
            .order_by(t.staff.c.last_name, t.staff.c.first_name)
        )
        return [(_to_member(row), Role(row.role)) for row in self.connection.execute(held)]

    def names(self, staff_ids: Sequence[UUID]) -> Mapping[UUID, str]:
        """See the port."""
        named = select(t.staff).where(t.staff.c.id.in_(staff_ids))
        return {row.id: _to_member(row).full_name for row in self.connection.execute(named)}

    def without_account(self) -> list[StaffMember]:
        """See the port."""
        none = select(t.staff).where(
            ~select(t.account_holders.c.person_id)
            .where(t.account_holders.c.person_id == t.staff.c.id)
            .exists()
        )
        return [_to_member(row) for row in self.connection.execute(none.order_by(t.staff.c.email))]
