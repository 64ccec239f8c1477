"""Credential letters, and who may be handed one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    Connection,
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
from teleservices_core.domain.values import Uai
from teleservices_core.ports.office import LetterCandidate
from teleservices_core.storage import tables as t
from teleservices_core.storage.accounts import ACCOUNT_COLUMNS, to_account
from teleservices_core.storage.office import (
    NOT_REPLACED,
    TRACE,
    by_account,
    child_of,
    children_of,
    guardian_name,
    guardians_here,
    latest_letter,
    students_here,
)
from teleservices_core.storage.tables import AnyRow

_CHUNK = 500


def _chunks(letters: Iterable[CredentialLetter]) -> Iterator[list[CredentialLetter]]:
    stream = iter(letters)
    while chunk := list(islice(stream, _CHUNK)):
        yield chunk


_HELD = t.account_holders.join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
_STUDENTS = students_here(*ACCOUNT_COLUMNS, t.account_holders.c.person_id)
_GUARDIANS = guardians_here(
    *ACCOUNT_COLUMNS,
    t.account_holders.c.person_id,
    t.adults.c.address_lines,
    t.adults.c.postal_code,
    t.adults.c.town,
    t.adults.c.country,
)
_ONE = t.accounts.c.id == bindparam("account_id")
_ONE_STUDENT = _STUDENTS.where(_ONE)
_ONE_GUARDIAN = _GUARDIANS.where(_ONE)
_STAFF = (
    select(*ACCOUNT_COLUMNS, t.account_holders.c.person_id, *TRACE)
    .select_from(
        _HELD.join(t.staff, t.staff.c.id == t.account_holders.c.person_id).outerjoin(
            t.letters, NOT_REPLACED
        )
    )
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


def _student(rows: list[AnyRow]) -> LetterCandidate:
    child = child_of(rows[0])
    account = to_account(rows[0], (rows[0].person_id,))
    return LetterCandidate(account, child[0], (), (child,), latest_letter(rows))


def _guardian(rows: list[AnyRow]) -> LetterCandidate:
    row = rows[0]
    address = PostalAddress(
        tuple(row.address_lines.splitlines()), row.postal_code, row.town, row.country
    )
    account = to_account(row, tuple(dict.fromkeys(each.person_id for each in rows)))
    return LetterCandidate(
        account, guardian_name(row), address.label(), children_of(rows), latest_letter(rows)
    )


def _staff(rows: list[AnyRow]) -> LetterCandidate:
    account = to_account(rows[0], (rows[0].person_id,))
    return LetterCandidate(account, account.display_name, (), (), latest_letter(rows))


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

    def candidates(self, uai: Uai, school_year: SchoolYear, day: date) -> list[LetterCandidate]:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start, "day": day}
        return sorted(
            self._read(_STUDENTS, _GUARDIANS, asked),
            key=lambda c: (c.class_group, c.children, c.account.audience, c.recipient),
        )

    def candidate(
        self, uai: Uai, school_year: SchoolYear, day: date, account_id: UUID
    ) -> LetterCandidate | None:
        """See the port."""
        asked = {
            "uai": uai.code,
            "year": school_year.start,
            "day": day,
            "account_id": account_id,
        }
        return next(self._read(_ONE_STUDENT, _ONE_GUARDIAN, asked), None)

    def _read(
        self, students: Any, guardians: Any, asked: dict[str, Any]
    ) -> Iterator[LetterCandidate]:
        for statement, make in ((students, _student), (guardians, _guardian)):
            found = self.connection.execute(statement, asked).all()
            yield from map(make, by_account(found))

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
        return list(map(_staff, by_account(self.connection.execute(serving).all())))

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
