"""« Rapprochements »: rows to values and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import Connection, Select, func, or_, select, update

from teleservices_core.domain.likeness import Identity, Trait
from teleservices_core.domain.matches import Match, MatchKind, MatchState, PersonSeen
from teleservices_core.domain.roster import Sex
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.import_lock import lock_imports
from teleservices_core.storage.importing_rows import DETAILS, IDENTITY, to_details, to_student
from teleservices_core.storage.matches_seen import seen
from teleservices_core.storage.tables import AnyRow

_m = t.matches.c
_OPEN: Final = _m.state == MatchState.OPEN
_TWO: Final = _m.other_uai != ""
_LATEST: Final = 100
"""Answers that a page shows."""


def _from_identity(identity: Identity) -> dict[str, Any]:
    return {
        "last_name": identity.last_name,
        "first_name": identity.first_name,
        "born_on": identity.born_on.isoformat(),
        "usage_name": identity.usage_name,
        "sex": identity.sex.value,
        "ines": sorted(identity.ines),
        "birth_place": identity.birth_place,
    }


def _to_identity(stored: Mapping[str, Any]) -> Identity:
    return Identity(
        **{
            **stored,
            "born_on": date.fromisoformat(stored["born_on"]),
            "sex": Sex(stored["sex"]),
            "ines": frozenset(stored["ines"]),
        }
    )


def _to_match(row: AnyRow) -> Match:
    return Match(
        id=row.id,
        kind=MatchKind(row.kind),
        uai=Uai(row.uai),
        other_uai=Uai(row.other_uai) if row.other_uai else None,
        older_id=row.older_id,
        newer_id=row.newer_id,
        agreeing=tuple(map(Trait, row.agreeing)),
        differing=tuple(map(Trait, row.differing)),
        identities=tuple(map(_to_identity, row.identities)),
        state=MatchState(row.state),
        asked_at=row.asked_at,
        postponed_at=row.postponed_at,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        version=row.version,
    )


def match_row(match: Match) -> dict[str, Any]:
    """The row of a question."""
    return {
        "id": match.id,
        "kind": match.kind.value,
        "uai": match.uai.code,
        "other_uai": match.other_uai.code if match.other_uai else "",
        "older_id": match.older_id,
        "newer_id": match.newer_id,
        "agreeing": list(match.agreeing),
        "differing": list(match.differing),
        "identities": [_from_identity(each) for each in match.identities],
        "state": match.state.value,
        "asked_at": match.asked_at,
    }


def _gone() -> Any:
    """Whether one of the two is no longer anybody: another answer has made it one with a third."""
    other = t.matches.alias()
    return (
        select(other.c.id)
        .where(
            other.c.state == MatchState.SAME,
            other.c.kind == MatchKind.STUDENT,
            other.c.id != _m.id,
            or_(other.c.newer_id == _m.newer_id, other.c.newer_id == _m.older_id),
        )
        .exists()
    )


_WAITING: Final = _OPEN & ~_gone()


@frozen
class Matches:
    """See :class:`teleservices_core.ports.matches.MatchStore`."""

    connection: Connection

    def lock(self) -> None:
        """See the port."""
        lock_imports(self.connection)

    def get(self, match_id: UUID) -> Match | None:
        """See the port."""
        row = self.connection.execute(select(t.matches).where(_m.id == match_id)).first()
        return _to_match(row) if row else None

    def known_pairs(self, person_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
        """See the port."""
        found = select(_m.older_id, _m.newer_id).where(
            or_(_m.older_id.in_(person_ids), _m.newer_id.in_(person_ids))
        )
        return {(row.older_id, row.newer_id) for row in self.connection.execute(found)}

    def identities(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[Identity]]:
        """See the port."""
        now = select(*IDENTITY, *DETAILS).where(t.students.c.id.in_(student_ids))
        found = {
            row.id: [Identity.of_student(to_student(row), to_details(row))]
            for row in self.connection.execute(now)
        }
        # Whose data another answer had brought to one of them before counts too.
        kept = {id_: id_ for id_ in found}
        asked = list(found)
        while asked:
            confirmed = select(_m.older_id, _m.newer_id, _m.identities).where(
                _m.state == MatchState.SAME, _m.older_id.in_(asked)
            )
            asked = []
            for row in self.connection.execute(confirmed):
                kept[row.newer_id] = kept[row.older_id]
                own = found[kept[row.older_id]]
                own += map(_to_identity, row.identities)
                asked.append(row.newer_id)
        return found

    def places(self, student_ids: Collection[UUID]) -> Mapping[UUID, list[Uai]]:
        """See the port."""
        s, keys = t.schoolings.c, t.siecle_keys.c
        found: dict[UUID, dict[Uai, None]] = defaultdict(dict)
        attended = select(s.student_id, s.uai).where(s.student_id.in_(student_ids))
        latest = attended.order_by(s.school_year.desc(), s.left_on.is_not(None), s.uai)
        keyed = select(keys.entity_id.label("student_id"), keys.uai).where(
            keys.entity_id.in_(student_ids)
        )
        for statement in (latest, keyed):
            for row in self.connection.execute(statement):
                found[row.student_id][Uai(row.uai)] = None
        return {id_: list(uais) for id_, uais in found.items()}

    def open_pairs(self, uai: Uai, kind: MatchKind) -> list[tuple[UUID, UUID]]:
        """See the port."""
        found = select(_m.older_id, _m.newer_id).where(
            _OPEN, _m.uai == uai.code, _m.kind == kind.value, ~_TWO
        )
        return [(row.older_id, row.newer_id) for row in self.connection.execute(found)]

    def _several(self, statement: Select[Any]) -> list[Match]:
        return [_to_match(row) for row in self.connection.execute(statement)]

    def _listed(self, where: Any) -> list[Match]:
        waiting = select(t.matches).where(where, _WAITING)
        answered = select(t.matches).where(where, ~_OPEN)
        return [
            *self._several(
                waiting.order_by(_m.postponed_at.is_not(None), _m.kind.desc(), _m.asked_at, _m.id)
            ),
            *self._several(answered.order_by(_m.answered_at.desc(), _m.id).limit(_LATEST)),
        ]

    def of_school(self, uai: Uai) -> list[Match]:
        """See the port."""
        return self._listed(_m.uai == uai.code)

    def of_academy(self) -> list[Match]:
        """See the port."""
        return self._listed(_TWO)

    def about(self, person_ids: Collection[UUID]) -> list[Match]:
        """See the port."""
        theirs = or_(_m.older_id.in_(person_ids), _m.newer_id.in_(person_ids))
        return self._several(select(t.matches).where(theirs).order_by(_m.asked_at, _m.id))

    def count_open(self, uai: Uai | None = None) -> int:
        """See the port."""
        counted = select(func.count()).select_from(t.matches)
        where = _TWO if uai is None else _m.uai == uai.code
        return int(self.connection.scalar(counted.where(_WAITING, where)) or 0)

    def waiting(self) -> list[tuple[Uai, MatchKind, int]]:
        """See the port."""
        counted = (
            select(_m.uai, _m.kind, func.count())
            .where(_WAITING)
            .group_by(_m.uai, _m.kind)
            .order_by(_m.uai, _m.kind)
        )
        return [
            (Uai(uai), MatchKind(kind), number)
            for uai, kind, number in self.connection.execute(counted)
        ]

    def seen(self, match: Match, day: date) -> tuple[PersonSeen, PersonSeen]:
        """See the port."""
        return seen(self.connection, match, day)

    def is_over(self, match: Match) -> bool:
        """See the port."""
        over = select(_m.id).where(_m.id == match.id, _gone())
        return self.connection.execute(over).first() is not None

    def is_built_on(self, match: Match) -> bool:
        """See the port."""
        later = select(_m.id).where(
            _m.state == MatchState.SAME,
            _m.kind == MatchKind.STUDENT,
            or_(_m.newer_id == match.older_id, _m.older_id == match.older_id),
            _m.answered_at > match.answered_at,
            _m.id != match.id,
        )
        return self.connection.execute(later).first() is not None

    def absorbed(self, student_id: UUID) -> list[UUID]:
        """See the port."""
        found: list[UUID] = []
        asked = [student_id]
        while asked:
            same = select(_m.newer_id).where(
                _m.state == MatchState.SAME,
                _m.kind == MatchKind.STUDENT,
                _m.older_id.in_(asked),
            )
            asked = list(self.connection.scalars(same))
            found += asked
        return found

    def take_ine(self, student_id: UUID, ine: str | None) -> None:
        """See the port."""
        self.connection.execute(
            update(t.students).where(t.students.c.id == student_id).values(ine=ine)
        )

    def postpone(self, match: Match, at: datetime) -> bool:
        """See the port."""
        return self._change(match, {"postponed_at": at})

    def answer(
        self,
        match: Match,
        state: MatchState,
        at: datetime,
        by: str,
        moved: Mapping[str, Any] | None = None,
    ) -> bool:
        """See the port."""
        values = {"state": state.value, "answered_at": at, "answered_by": by, "moved": moved}
        return self._change(match, values)

    def _change(self, match: Match, values: Mapping[str, Any]) -> bool:
        done = self.connection.execute(
            update(t.matches)
            .where(_m.id == match.id, _m.version == match.version)
            .values(version=match.version + 1, **values)
        )
        return done.rowcount == 1

    def moved(self, match_id: UUID) -> Mapping[str, Any]:
        """See the port."""
        return dict(self.connection.scalar(select(_m.moved).where(_m.id == match_id)) or {})
