"""Forget persons: every row of the core that names them or what opens their accounts.

Which columns do so follows from the tables, so that a new one is not left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    or_,
    select,
)

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import MatchState
from teleservices_core.storage import tables as t

PERSONS: Final = frozenset(
    {"student_id", "adult_id", "person_id", "entity_id", "older_id", "newer_id"}
)
"""Names of columns that hold a student or an adult, in any table of the core."""
ACCOUNTS: Final = frozenset({"account_id", "other_id"})
"""The same of accounts. The journal's are called otherwise: it stays, under its own rule."""
_MANY: Final = 1_000
"""Values in one question."""
_USED: Final = (
    AccountState.ISSUED,
    AccountState.CLAIMED,
    AccountState.ACTIVE,
    AccountState.LOCKED,
)
_c = t.import_changes.c
_same = t.matches.alias("same")
_held = t.account_holders.c


def _is_kept_by_account(person_id: Column[Any]) -> ColumnElement[bool]:
    """Whether an account is in use, or a mail of its last days is still remembered."""
    mail = exists().where(t.outbox.c.account_id == _held.account_id)
    return (
        select(_held.person_id)
        .join(t.accounts, t.accounts.c.id == _held.account_id)
        .where(_held.person_id == person_id, or_(t.accounts.c.state.in_(_USED), mail))
        .exists()
    )


def _is_another(person_id: Column[Any]) -> ColumnElement[bool]:
    """Whether it was said to be the same as an older one, with whom it stays and goes."""
    return exists().where(_same.c.newer_id == person_id, _same.c.state == MatchState.SAME)


def _former(table: Table) -> Select[Any]:
    id_ = table.c.id
    return select(id_).where(~_is_kept_by_account(id_), ~_is_another(id_)).order_by(id_)


@frozen
class Forgetting:
    """See :class:`teleservices_core.ports.upkeep.ForgettingStore`."""

    connection: Connection

    def former_students(self, up_to: SchoolYear, after: UUID | None, limit: int) -> list[UUID]:
        """See the port."""
        s, id_ = t.schoolings.c, t.students.c.id
        later = exists().where(s.student_id == id_, s.school_year > up_to.start)
        return self._page(_former(t.students).where(~later), id_, after, limit)

    def former_adults(self, after: UUID | None, limit: int) -> list[UUID]:
        """See the port."""
        linked = exists().where(t.responsibilities.c.adult_id == t.adults.c.id)
        return self._page(_former(t.adults).where(~linked), t.adults.c.id, after, limit)

    def _page(
        self, found: Select[Any], id_: Column[Any], after: UUID | None, limit: int
    ) -> list[UUID]:
        if after is not None:
            found = found.where(id_ > after)
        return list(self.connection.scalars(found.limit(limit)))

    def is_at_school(self, student_id: UUID, year: SchoolYear, day: date) -> bool:
        """See the port."""
        s = t.schoolings.c
        there = exists().where(
            s.student_id == student_id,
            s.school_year >= year.start,
            or_(s.left_on.is_(None), s.left_on > day),
        )
        return bool(self.connection.scalar(select(there)))

    def with_same(self, person_ids: Collection[UUID]) -> set[UUID]:
        """See the port."""
        found, asked = set(person_ids), set(person_ids)
        while asked:
            m = t.matches.c
            same = select(m.newer_id).where(m.state == MatchState.SAME)
            asked = self._among(same, m.older_id, asked) - found
            found |= asked
        return found

    def forget(self, person_ids: Collection[UUID], *, with_changes: bool = False) -> int:
        """See the port."""
        persons = self.with_same(person_ids)
        accounts = self._accounts(persons)
        if with_changes:
            self._forget_changes(persons, accounts)
        gone = 0
        for column, ids in naming(persons, accounts):
            rows = self._delete(column, ids)
            gone += rows if column.table in (t.students, t.adults) else 0
        return gone

    def _accounts(self, persons: Collection[UUID]) -> set[UUID]:
        """Those that nobody else holds, and those that had been joined to them."""
        theirs = self._among(select(_held.account_id), _held.person_id, persons)
        others: set[UUID] = set()
        for some in _chunks(theirs):
            held = select(_held.account_id, _held.person_id).where(_held.account_id.in_(some))
            others |= {row[0] for row in self.connection.execute(held) if row[1] not in persons}
        found, asked = theirs - others, theirs - others
        empty = ~exists().where(_held.account_id == t.groupings.c.other_id)
        while asked:
            joined = select(t.groupings.c.other_id).where(empty)
            asked = self._among(joined, t.groupings.c.account_id, asked) - found
            found |= asked
        return found

    def _among(
        self, found: Select[Any], column: Column[Any], values: Collection[UUID]
    ) -> set[UUID]:
        return {
            each
            for some in _chunks(values)
            for each in self.connection.scalars(found.where(column.in_(some)))
        }

    def _delete(self, column: Column[Any], ids: Collection[UUID]) -> int:
        return sum(
            self.connection.execute(delete(column.table).where(column.in_(some))).rowcount
            for some in _chunks(ids)
        )

    def _forget_changes(self, persons: Collection[UUID], accounts: Collection[UUID]) -> None:
        """What imports of the last weeks did to their rows; what is left can be taken back."""
        first, second = _c.key[0].as_string(), _c.key[1].as_string()
        holders = _c.table_name == t.account_holders.name
        made = set(map(str, accounts))
        names = list(map(str, persons))
        for some in _chunks(names):
            opened = select(_c.after["account_id"].as_string()).where(holders, first.in_(some))
            made |= set(self.connection.scalars(opened)) - {None}
        links = _c.table_name == t.responsibilities.name
        keyed = _c.table_name == t.siecle_keys.name
        for some in _chunks(names):
            who = [each["entity_id"].as_string().in_(some) for each in (_c.before, _c.after)]
            theirs = or_(first.in_(some), and_(links, second.in_(some)), and_(keyed, or_(*who)))
            self.connection.execute(delete(t.import_changes).where(theirs))
        for some in _chunks(made):
            theirs = and_(_c.table_name == t.accounts.name, first.in_(some))
            self.connection.execute(delete(t.import_changes).where(theirs))


def naming(
    persons: Collection[UUID], accounts: Collection[UUID]
) -> Iterator[tuple[Column[Any], Collection[UUID]]]:
    """The columns by which rows are to go, in an order in which they can, and whose."""
    for table in reversed(t.metadata.sorted_tables):
        for column in table.columns:
            if column.name in PERSONS or (table in (t.students, t.adults) and column.name == "id"):
                yield column, persons
            elif column.name in ACCOUNTS or (table is t.accounts and column.name == "id"):
                yield column, accounts


def _chunks(values: Collection[Any]) -> Iterator[list[Any]]:
    listed = sorted(values)
    return (listed[start : start + _MANY] for start in range(0, len(listed), _MANY))
