"""Credential letters, and who may be handed one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from teleservices_core.domain.accounts import AccountState, CredentialLetter
from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.domain.values import Uai
from teleservices_core.ports import LetterCandidate
from teleservices_core.storage import tables as t
from teleservices_core.storage.accounts import ACCOUNT_COLUMNS, to_account
from teleservices_core.storage.tables import AnyRow

_CHUNK = 500


def _chunks(letters: Iterable[CredentialLetter]) -> Iterator[list[CredentialLetter]]:
    stream = iter(letters)
    while chunk := list(islice(stream, _CHUNK)):
        yield chunk


_HELD = t.account_holders.join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
_PRESENT = and_(
    t.schoolings.c.uai == bindparam("uai"),
    t.schoolings.c.school_year == bindparam("year"),
    or_(t.schoolings.c.left_on.is_(None), t.schoolings.c.left_on > bindparam("day")),
)
_CHILD = (
    t.students.c.first_name.label("child_first"),
    t.students.c.last_name.label("child_last"),
    t.students.c.usage_name.label("child_usage"),
    t.schoolings.c.class_group,
    t.account_holders.c.person_id,
)
_STUDENTS = (
    select(*ACCOUNT_COLUMNS, *_CHILD)
    .select_from(
        t.schoolings.join(t.students, t.students.c.id == t.schoolings.c.student_id)
        .join(t.account_holders, t.account_holders.c.person_id == t.students.c.id)
        .join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
    )
    .where(_PRESENT)
)
_GUARDIANS = (
    select(
        *ACCOUNT_COLUMNS,
        *_CHILD,
        t.adults.c.title,
        t.adults.c.first_name,
        t.adults.c.last_name,
        t.adults.c.usage_name,
        t.adults.c.address_lines,
        t.adults.c.postal_code,
        t.adults.c.town,
        t.adults.c.country,
    )
    .select_from(
        t.schoolings.join(t.students, t.students.c.id == t.schoolings.c.student_id)
        .join(t.responsibilities, t.responsibilities.c.student_id == t.students.c.id)
        .join(t.adults, t.adults.c.id == t.responsibilities.c.adult_id)
        .join(t.account_holders, t.account_holders.c.person_id == t.adults.c.id)
        .join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
    )
    .where(
        _PRESENT,
        t.responsibilities.c.level <= Level.IN_CHARGE,
        or_(
            t.responsibilities.c.until_on.is_(None),
            t.responsibilities.c.until_on > bindparam("day"),
        ),
    )
)
_STAFF = (
    select(*ACCOUNT_COLUMNS, t.account_holders.c.person_id)
    .select_from(_HELD.join(t.staff, t.staff.c.id == t.account_holders.c.person_id))
    .order_by(t.staff.c.last_name, t.staff.c.first_name)
)

_FIRST_ISSUED = case(
    (
        t.accounts.c.state.in_([AccountState.ISSUED, AccountState.CLAIMED]),
        func.coalesce(t.accounts.c.issued_at, bindparam("issued_at")),
    ),
    else_=bindparam("issued_at"),
)
"""A later letter does not lengthen the time given to claim an account (F31)."""


def _child(row: AnyRow) -> tuple[str, str]:
    return f"{row.child_first} {row.child_usage or row.child_last}", row.class_group


def _guardian(rows: list[AnyRow]) -> LetterCandidate:
    row = rows[0]
    address = PostalAddress(
        tuple(row.address_lines.splitlines()), row.postal_code, row.town, row.country
    )
    recipient = f"{row.title} {row.first_name} {row.usage_name or row.last_name}".strip()
    holders = tuple(dict.fromkeys(each.person_id for each in rows))
    children = tuple(sorted({_child(each) for each in rows}, key=lambda child: child[::-1]))
    return LetterCandidate(to_account(row, holders), recipient, address.label(), children)


def _in_class(candidate: LetterCandidate, class_group: str | None) -> bool:
    return class_group is None or any(group == class_group for _name, group in candidate.children)


@frozen
class Letters:
    """See :class:`teleservices_core.ports.LetterStore`."""

    connection: Connection

    def latest(self, account_id: UUID) -> CredentialLetter | None:
        """See the port."""
        return next(iter(self.of_account(account_id)), None)

    def of_account(self, account_id: UUID) -> list[CredentialLetter]:
        """See the port."""
        mine = select(t.letters).where(t.letters.c.account_id == account_id)
        latest = self.connection.execute(
            mine.order_by(t.letters.c.issued_at.desc(), t.letters.c.id.desc())
        )
        return [CredentialLetter(**row._asdict()) for row in latest]

    def candidates(
        self, uai: Uai, school_year: SchoolYear, day: date, class_group: str | None
    ) -> list[LetterCandidate]:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start, "day": day}
        found = [
            LetterCandidate(to_account(row, (row.person_id,)), _child(row)[0], (), (_child(row),))
            for row in self.connection.execute(_STUDENTS, asked)
        ]
        guardians: dict[UUID, list[AnyRow]] = {}
        for row in self.connection.execute(_GUARDIANS, asked):
            guardians.setdefault(row.account_id, []).append(row)
        found += [_guardian(rows) for rows in guardians.values()]
        kept = [candidate for candidate in found if _in_class(candidate, class_group)]
        return sorted(
            kept, key=lambda c: (c.class_group, c.children, c.account.audience, c.recipient)
        )

    def staff_candidates(self, day: date) -> list[LetterCandidate]:
        """See the port."""
        serving = _STAFF.where(
            select(t.assignments.c.staff_id)
            .where(
                t.assignments.c.staff_id == t.staff.c.id,
                or_(t.assignments.c.until_on.is_(None), t.assignments.c.until_on > day),
            )
            .exists()
        )
        return [
            LetterCandidate(to_account(row, (row.person_id,)), row.display_name, (), ())
            for row in self.connection.execute(serving)
        ]

    def issue(
        self, letters: Sequence[CredentialLetter], planned: Mapping[UUID, int]
    ) -> frozenset[UUID]:
        """See the port."""
        issued: set[UUID] = set()
        for chunk in _chunks(letters):
            at = chunk[0].issued_at
            versions = [(each.account_id, planned[each.account_id]) for each in chunk]
            renewed = self._renew(versions, at)
            self._retire(renewed, at)
            self._add(letter for letter in chunk if letter.account_id in renewed)
            issued |= renewed
        return frozenset(issued)

    def _renew(self, versions: list[tuple[UUID, int]], at: datetime) -> set[UUID]:
        known = t.accounts.alias()
        unchanged = (
            select(known.c.id)
            .where(tuple_(known.c.id, known.c.version).in_(versions))
            # In one order, so that two batches never wait for each other.
            .order_by(known.c.id)
            .with_for_update()
        )
        return set(
            self.connection.scalars(
                update(t.accounts)
                .where(t.accounts.c.id.in_(unchanged))
                .values(
                    state=AccountState.ISSUED,
                    issued_at=_FIRST_ISSUED,
                    claimed_at=None,
                    password_at=None,
                    warned_at=None,
                    must_renew=False,
                    password_hash=None,
                    epoch=t.accounts.c.epoch + 1,
                    version=t.accounts.c.version + 1,
                )
                .returning(t.accounts.c.id),
                {"issued_at": at},
            )
        )

    def _retire(self, account_ids: set[UUID], at: datetime) -> None:
        # Older letters, sessions, devices and links with an identity die with it (F17).
        self.connection.execute(
            update(t.letters)
            .where(
                t.letters.c.account_id.in_(account_ids),
                t.letters.c.used_at.is_(None),
                t.letters.c.replaced_at.is_(None),
            )
            .values(replaced_at=at)
        )
        for table in (t.sessions, t.devices, t.identities):
            self.connection.execute(delete(table).where(table.c.account_id.in_(account_ids)))

    def _add(self, letters: Iterable[CredentialLetter]) -> None:
        rows = [
            {
                "id": letter.id,
                "account_id": letter.account_id,
                "uai": letter.uai,
                "code_hash": letter.code_hash,
                "issued_at": letter.issued_at,
                "expires_at": letter.expires_at,
            }
            for letter in letters
        ]
        if rows:
            self.connection.execute(insert(t.letters), rows)

    def use(self, letter_id: UUID, at: datetime) -> bool:
        """See the port."""
        done = self.connection.execute(
            update(t.letters)
            .where(
                t.letters.c.id == letter_id,
                t.letters.c.used_at.is_(None),
                t.letters.c.replaced_at.is_(None),
                t.letters.c.expires_at > at,
            )
            .values(used_at=at)
        )
        return done.rowcount == 1
