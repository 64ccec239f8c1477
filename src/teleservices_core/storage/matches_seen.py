"""Two persons side by side, for who answers whether they are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_, select

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.matches import Match, MatchKind, PersonSeen, Whereabouts
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.importing_rows import to_adult, to_details, to_student

_r = t.responsibilities.c


def seen(connection: Connection, match: Match, day: date) -> tuple[PersonSeen, PersonSeen]:
    """See the port: four statements."""
    ids = [match.older_id, match.newer_id]
    accounts = _accounts(connection, ids)
    relatives = _relatives(connection, match.kind, ids, day)
    found = {}
    if match.kind is MatchKind.STUDENT:
        places = _places(connection, ids)
        for row in connection.execute(select(t.students).where(t.students.c.id.in_(ids))):
            found[row.id] = PersonSeen(
                to_student(row),
                to_details(row),
                tuple(places[row.id]),
                tuple(relatives[row.id]),
                *accounts.get(row.id, ()),
            )
    else:
        for row in connection.execute(select(t.adults).where(t.adults.c.id.in_(ids))):
            found[row.id] = PersonSeen(
                to_adult(row),
                None,
                (),
                tuple(relatives[row.id]),
                *accounts.get(row.id, ()),
            )
    return found[match.older_id], found[match.newer_id]


def _accounts(
    connection: Connection, ids: Sequence[UUID]
) -> Mapping[UUID, tuple[str, AccountState]]:
    held = (
        select(t.account_holders.c.person_id, t.accounts.c.login_name, t.accounts.c.state)
        .join(t.accounts, t.accounts.c.id == t.account_holders.c.account_id)
        .where(t.account_holders.c.person_id.in_(ids))
    )
    return {
        row.person_id: (row.login_name, AccountState(row.state)) for row in connection.execute(held)
    }


def _relatives(
    connection: Connection, kind: MatchKind, ids: Sequence[UUID], day: date
) -> Mapping[UUID, list[str]]:
    """The other end of each link in force."""
    of_student = kind is MatchKind.STUDENT
    mine, theirs = (_r.student_id, t.adults) if of_student else (_r.adult_id, t.students)
    end: Any = _r.adult_id if of_student else _r.student_id
    linked = (
        select(
            mine.label("person_id"), theirs.c.first_name, theirs.c.usage_name, theirs.c.last_name
        )
        .select_from(t.responsibilities)
        .join(theirs, theirs.c.id == end)
        .where(
            mine.in_(ids),
            ~_r.is_barred,
            or_(_r.until_on.is_(None), _r.until_on > day),
        )
        .order_by(_r.level, theirs.c.last_name, theirs.c.first_name)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in connection.execute(linked):
        found[row.person_id].append(f"{row.first_name} {row.usage_name or row.last_name}".strip())
    return found


def _places(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, list[Whereabouts]]:
    s, e = t.schoolings.c, t.establishments.c
    attended = (
        select(s.student_id, s.uai, e.name, s.school_year, s.class_group)
        .join(t.establishments, e.uai == s.uai)
        .where(s.student_id.in_(ids))
        .order_by(s.school_year.desc(), s.left_on.is_not(None), s.uai)
    )
    found: dict[UUID, list[Whereabouts]] = defaultdict(list)
    for row in connection.execute(attended):
        place = Whereabouts(Uai(row.uai), row.name, SchoolYear(row.school_year), row.class_group)
        if all(each.uai != place.uai for each in found[row.student_id]):
            found[row.student_id].append(place)
    return found
