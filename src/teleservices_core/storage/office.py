"""The accounts of a school's people, and the letters handed over to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.domain.standing import LetterTrace
from teleservices_core.domain.values import Uai
from teleservices_core.ports.office import OfficeAccount
from teleservices_core.storage import tables as t
from teleservices_core.storage.tables import AnyRow

_CHILD = (
    t.students.c.first_name.label("child_first"),
    t.students.c.last_name.label("child_last"),
    t.students.c.usage_name.label("child_usage"),
    t.schoolings.c.class_group,
)
_GUARDIAN = (
    t.adults.c.title,
    t.adults.c.first_name,
    t.adults.c.last_name,
    t.adults.c.usage_name,
)
TRACE: Final = tuple(
    t.letters.c[name].label(f"letter_{name}")
    for name in ("id", "uai", "issued_at", "expires_at", "used_at", "handed_at", "handed_by")
)
NOT_REPLACED: Final = and_(
    t.letters.c.account_id == t.accounts.c.id, t.letters.c.replaced_at.is_(None)
)
"""Letters used up, and perhaps a newer one: the latest of them is the account's."""
_PRESENT = and_(
    t.schoolings.c.uai == bindparam("uai"),
    t.schoolings.c.school_year == bindparam("year"),
    or_(t.schoolings.c.left_on.is_(None), t.schoolings.c.left_on > bindparam("day")),
)
_IN_CHARGE = and_(
    t.responsibilities.c.level <= Level.IN_CHARGE,
    or_(
        t.responsibilities.c.until_on.is_(None),
        t.responsibilities.c.until_on > bindparam("day"),
    ),
)


def students_here(*columns: Any) -> Select[Any]:
    """Columns of the accounts of a school's present students; one row for each letter not replaced.

    Asks for ``uai``, ``year`` and ``day``.
    """
    return (
        select(*columns, *_CHILD, *TRACE)
        .select_from(
            t.schoolings.join(t.students, t.students.c.id == t.schoolings.c.student_id)
            .join(t.account_holders, t.account_holders.c.person_id == t.students.c.id)
            .join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
            .outerjoin(t.letters, NOT_REPLACED)
        )
        .where(_PRESENT)
    )


def guardians_here(*columns: Any) -> Select[Any]:
    """The same for those in charge of them; one row for each child and each letter."""
    return (
        select(*columns, *_CHILD, *_GUARDIAN, *TRACE)
        .select_from(
            t.schoolings.join(t.students, t.students.c.id == t.schoolings.c.student_id)
            .join(t.responsibilities, t.responsibilities.c.student_id == t.students.c.id)
            .join(t.adults, t.adults.c.id == t.responsibilities.c.adult_id)
            .join(t.account_holders, t.account_holders.c.person_id == t.adults.c.id)
            .join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
            .outerjoin(t.letters, NOT_REPLACED)
        )
        .where(_PRESENT, _IN_CHARGE)
    )


def by_account(rows: Iterable[AnyRow]) -> Iterable[list[AnyRow]]:
    """Rows put together by ``account_id``, in the order in which accounts appear."""
    found: dict[UUID, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(row)
    return found.values()


def child_of(row: AnyRow) -> tuple[str, str]:
    """Name and class of the row's student."""
    return f"{row.child_first} {row.child_usage or row.child_last}", row.class_group


def children_of(rows: Iterable[AnyRow]) -> tuple[tuple[str, str], ...]:
    """Names and classes of the rows' students, each once, by class."""
    return tuple(sorted({child_of(row) for row in rows}, key=lambda child: child[::-1]))


def guardian_name(row: AnyRow) -> str:
    """The guardian as a letter is addressed."""
    return f"{row.title} {row.first_name} {row.usage_name or row.last_name}".strip()


def latest_letter(rows: Iterable[AnyRow]) -> LetterTrace | None:
    """The newest letter of an account's rows."""
    out = [row for row in rows if row.letter_id is not None]
    if not out:
        return None
    row = max(out, key=lambda each: (each.letter_issued_at, each.letter_id))
    return LetterTrace(
        id=row.letter_id,
        uai=row.letter_uai,
        issued_at=row.letter_issued_at,
        expires_at=row.letter_expires_at,
        used_at=row.letter_used_at,
        handed_at=row.letter_handed_at,
        handed_by=row.letter_handed_by,
    )


_LATER = t.outbox.alias()
_BOUNCED = (
    exists()
    .where(
        t.outbox.c.account_id == t.accounts.c.id,
        t.outbox.c.failed_at.is_not(None),
        t.outbox.c.to_address.in_([t.accounts.c.email, t.accounts.c.pending_email]),
        ~exists().where(
            _LATER.c.account_id == t.outbox.c.account_id,
            _LATER.c.to_address == t.outbox.c.to_address,
            _LATER.c.sent_at > t.outbox.c.failed_at,
            _LATER.c.failed_at.is_(None),
        ),
    )
    .label("bounced")
)
_LISTED = (
    t.accounts.c.id.label("account_id"),
    t.accounts.c.audience,
    t.accounts.c.login_name,
    t.accounts.c.state,
    t.accounts.c.claimed_at,
    t.accounts.c.email,
    t.accounts.c.pending_email,
    _BOUNCED,
)
_ALL = (students_here(*_LISTED), guardians_here(*_LISTED))
_ONE = tuple(each.where(t.accounts.c.id == bindparam("account_id")) for each in _ALL)


_KNOWN_AS = (
    select(*_LISTED, t.accounts.c.display_name, *TRACE)
    .select_from(t.accounts.outerjoin(t.letters, NOT_REPLACED))
    .where(
        t.accounts.c.audience != Audience.STAFF,
        or_(
            *(
                t.accounts.c[name] == bindparam("text")
                for name in ("login_name", "email", "pending_email")
            )
        ),
    )
    .order_by(t.accounts.c.login_name)
)


def _at_school(rows: list[AnyRow]) -> OfficeAccount:
    row, children = rows[0], children_of(rows)
    guardian = row.audience == Audience.GUARDIAN
    return _to_account(rows, guardian_name(row) if guardian else children[0][0], children)


def _to_account(
    rows: list[AnyRow], recipient: str, children: tuple[tuple[str, str], ...] = ()
) -> OfficeAccount:
    row = rows[0]
    return OfficeAccount(
        id=row.account_id,
        audience=Audience(row.audience),
        login_name=row.login_name,
        state=AccountState(row.state),
        recipient=recipient,
        children=children,
        claimed_at=row.claimed_at,
        email=row.email,
        pending_email=row.pending_email,
        bounced=row.bounced,
        letter=latest_letter(rows),
    )


@frozen
class Office:
    """See :class:`teleservices_core.ports.office.OfficeStore`."""

    connection: Connection

    def accounts(self, uai: Uai, school_year: SchoolYear, day: date) -> list[OfficeAccount]:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start, "day": day}
        return sorted(
            self._read(_ALL, asked),
            key=lambda a: (a.class_group, a.children, a.audience, a.recipient),
        )

    def account(
        self, uai: Uai, school_year: SchoolYear, day: date, account_id: UUID
    ) -> OfficeAccount | None:
        """See the port."""
        asked = {"uai": uai.code, "year": school_year.start, "day": day, "account_id": account_id}
        return next(iter(self._read(_ONE, asked)), None)

    def _read(
        self, statements: tuple[Select[Any], ...], asked: dict[str, Any]
    ) -> list[OfficeAccount]:
        return [
            _at_school(rows)
            for statement in statements
            for rows in by_account(self.connection.execute(statement, asked).all())
        ]

    def known_as(self, text: str) -> list[OfficeAccount]:
        """See the port."""
        found = by_account(self.connection.execute(_KNOWN_AS, {"text": text}).all())
        return [_to_account(rows, rows[0].display_name) for rows in found]

    def hand_over(self, uai: Uai, letter_ids: Collection[UUID], at: datetime, by: str) -> int:
        """See the port."""
        done = self.connection.execute(
            update(t.letters)
            .where(
                t.letters.c.id.in_(letter_ids),
                t.letters.c.uai == uai.code,
                t.letters.c.replaced_at.is_(None),
                t.letters.c.handed_at.is_(None),
            )
            .values(handed_at=at, handed_by=by)
        )
        return done.rowcount

    def take_back(self, uai: Uai, letter_ids: Collection[UUID]) -> int:
        """See the port."""
        done = self.connection.execute(
            update(t.letters)
            .where(
                t.letters.c.id.in_(letter_ids),
                t.letters.c.uai == uai.code,
                t.letters.c.handed_at.is_not(None),
            )
            .values(handed_at=None, handed_by="")
        )
        return done.rowcount
