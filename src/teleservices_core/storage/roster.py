"""Establishments and families: rows to values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, or_, select, update

from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.establishments import (
    Establishment,
    EstablishmentKind,
    PostalAddress,
)
from teleservices_core.domain.families import Child
from teleservices_core.domain.levels import ClassLevel, class_level
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import (
    Adult,
    Kinship,
    Level,
    Responsibility,
    SchoolClass,
    Sex,
    Student,
    StudentDetails,
)
from teleservices_core.domain.searching import search_text
from teleservices_core.domain.values import Ine, Mef, Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import upsert
from teleservices_core.storage.importing_rows import (
    DETAILS,
    IDENTITY,
    to_adult,
    to_details,
    to_schooling,
)
from teleservices_core.storage.tables import AnyRow

_e, _p = t.establishments.c, t.school_pages.c
# An establishment's own contacts go before those of the académie's list.
_SHOWN = (
    *(column for column in _e if column.name not in {"phone", "email", "search_text"}),
    func.coalesce(func.nullif(_p.office_phone, ""), _e.phone).label("phone"),
    func.coalesce(func.nullif(_p.office_email, ""), _e.email).label("email"),
    func.coalesce(_p.office_hours, "").label("office_hours"),
    func.coalesce(_p.welcome, "").label("welcome"),
)
_ESTABLISHMENTS = select(*_SHOWN).select_from(
    t.establishments.outerjoin(t.school_pages, _p.uai == _e.uai)
)
_ESTABLISHMENT = tuple(column.label(f"est_{column.name}") for column in _SHOWN)
_STUDENT = tuple(column.label(f"stu_{column.name}") for column in IDENTITY)
_CHILD = (
    *_STUDENT,
    *t.schoolings.c,
    *_ESTABLISHMENT,
)
_AT_SCHOOL = (
    t.students.join(t.schoolings, t.schoolings.c.student_id == t.students.c.id)
    .join(t.establishments, _e.uai == t.schoolings.c.uai)
    .outerjoin(t.school_pages, _p.uai == _e.uai)
)
_LINK = tuple(
    t.responsibilities.c[name].label(f"link_{name}")
    for name in (
        "adult_id",
        "level",
        "kinship",
        "pays_fees",
        "receives_aid",
        "lodges",
        "contact_first",
        "from_on",
        "until_on",
        "is_barred",
    )
)
_SEEN_BY_GUARDIAN = (
    select(*_CHILD, *_LINK)
    .select_from(
        _AT_SCHOOL.join(t.responsibilities, t.responsibilities.c.student_id == t.students.c.id)
    )
    .where(
        t.responsibilities.c.adult_id.in_(bindparam("holders", expanding=True)),
        t.schoolings.c.school_year <= bindparam("year"),
    )
)
_SEEN_BY_STUDENT = (
    select(*_CHILD)
    .select_from(_AT_SCHOOL)
    .where(
        t.students.c.id.in_(bindparam("holders", expanding=True)),
        t.schoolings.c.school_year <= bindparam("year"),
    )
)
_SEEN_BY = {Audience.GUARDIAN: _SEEN_BY_GUARDIAN, Audience.STUDENT: _SEEN_BY_STUDENT}
_ONE = t.students.c.id == bindparam("student_id")
_ONE_SEEN_BY_GUARDIAN = _SEEN_BY_GUARDIAN.where(_ONE)
_ONE_SEEN_BY_STUDENT = _SEEN_BY_STUDENT.where(_ONE)


_GUARDIANS = (
    select(t.adults)
    .select_from(t.responsibilities.join(t.adults, t.adults.c.id == t.responsibilities.c.adult_id))
    .where(
        t.responsibilities.c.student_id == bindparam("student_id"),
        t.responsibilities.c.level <= Level.IN_CHARGE,
        or_(
            t.responsibilities.c.from_on.is_(None), t.responsibilities.c.from_on <= bindparam("day")
        ),
        or_(
            t.responsibilities.c.until_on.is_(None),
            t.responsibilities.c.until_on > bindparam("day"),
        ),
    )
)


def to_establishment(row: AnyRow, prefix: str = "") -> Establishment:
    """An establishment from a row whose columns carry a prefix."""

    def of(name: str) -> Any:
        return getattr(row, prefix + name)

    return Establishment(
        uai=Uai(of("uai")),
        name=of("name"),
        kind=EstablishmentKind(of("kind")),
        town=of("town"),
        address=PostalAddress(
            tuple(of("address_lines").splitlines()), of("postal_code"), of("town")
        ),
        phone=of("phone"),
        email=of("email"),
        takes_part=of("takes_part"),
        office_hours=of("office_hours"),
        welcome=of("welcome"),
    )


def _to_student(row: AnyRow) -> Student:
    return Student(
        id=row.stu_id,
        last_name=row.stu_last_name,
        first_name=row.stu_first_name,
        born_on=row.stu_born_on,
        usage_name=row.stu_usage_name,
        sex=Sex(row.stu_sex),
        ine=Ine(row.stu_ine) if row.stu_ine else None,
    )


def _to_child(row: AnyRow) -> Child:
    student = _to_student(row)
    link = None
    if hasattr(row, "link_adult_id"):
        link = Responsibility(
            student_id=row.stu_id,
            adult_id=row.link_adult_id,
            level=Level(row.link_level),
            kinship=Kinship(row.link_kinship),
            pays_fees=row.link_pays_fees,
            receives_aid=row.link_receives_aid,
            lodges=row.link_lodges,
            contact_first=row.link_contact_first,
            from_on=row.link_from_on,
            until_on=row.link_until_on,
            is_barred=row.link_is_barred,
        )
    return Child(student, to_schooling(row), to_establishment(row, "est_"), link)


def _preference(child: Child) -> tuple[object, ...]:
    # The newest year; in it the school where the student is, else the one left
    # last; and the strongest link that still holds.
    link = child.link
    return (
        -child.schooling.school_year.start,
        child.schooling.left_on is not None,
        -(child.schooling.left_on.toordinal() if child.schooling.left_on else 0),
        link is not None and (link.is_barred or link.until_on is not None),
        link.level if link else 0,
    )


def _best(found: Iterable[Child]) -> list[Child]:
    """Each student once, the eldest first."""
    best: dict[UUID, Child] = {}
    for child in sorted(found, key=_preference):
        best.setdefault(child.student.id, child)
    return sorted(best.values(), key=lambda c: (c.student.born_on, c.student.first_name))


@frozen
class Roster:
    """See :class:`teleservices_core.ports.RosterStore`."""

    connection: Connection

    def establishment(self, uai: Uai) -> Establishment | None:
        """See the port."""
        row = self.connection.execute(_ESTABLISHMENTS.where(_e.uai == uai.code)).first()
        return to_establishment(row) if row else None

    def establishments(self) -> list[Establishment]:
        """See the port."""
        by_name = _ESTABLISHMENTS.order_by(_e.name)
        return [to_establishment(row) for row in self.connection.execute(by_name)]

    def named(self, uais: Collection[Uai]) -> list[Establishment]:
        """See the port."""
        codes = [uai.code for uai in uais]
        found = _ESTABLISHMENTS.where(_e.uai.in_(codes)).order_by(_e.name)
        return [to_establishment(row) for row in self.connection.execute(found)]

    def places(self) -> frozenset[str]:
        """See the port."""
        return frozenset(self.connection.execute(select(t.establishments.c.uai)).scalars())

    def search(
        self, terms: Sequence[str], *, offset: int, limit: int
    ) -> tuple[list[Establishment], int]:
        """See the port."""
        wanted = [_e.search_text.contains(term, autoescape=True) for term in terms]
        found = (
            _ESTABLISHMENTS.add_columns(func.count().over().label("total"))
            .where(*wanted)
            .order_by(_e.search_text, _e.uai)
            .offset(offset)
            .limit(limit)
        )
        rows = self.connection.execute(found).all()
        return [to_establishment(row) for row in rows], rows[0].total if rows else 0

    def save_establishments(self, establishments: Iterable[Establishment]) -> None:
        """See the port."""
        rows = [
            {
                "uai": each.uai.code,
                "name": each.name,
                "kind": each.kind.value,
                "town": each.town,
                "address_lines": "\n".join(each.address.lines),
                "postal_code": each.address.postal_code,
                "phone": each.phone,
                "email": each.email,
                "takes_part": each.takes_part,
                "search_text": search_text(each.town, each.name, each.uai.code),
            }
            for each in establishments
        ]
        if rows:
            columns = tuple(rows[0])
            update = [name for name in columns if name not in {"uai", "takes_part"}]
            upsert(self.connection, t.establishments, rows, columns=columns, update=update)

    def set_participation(self, uais: Collection[Uai], takes_part: bool) -> int:
        """See the port."""
        e = t.establishments.c
        return self.connection.execute(
            update(t.establishments)
            .where(e.uai.in_([uai.code for uai in uais]), e.takes_part.is_(not takes_part))
            .values(takes_part=takes_part)
        ).rowcount

    def children(self, account: Account, school_year: SchoolYear) -> list[Child]:
        """See the port."""
        return self._children(
            _SEEN_BY_GUARDIAN if account.audience is Audience.GUARDIAN else _SEEN_BY_STUDENT,
            {"holders": account.holder_ids, "year": school_year.start},
        )

    def families(
        self, accounts: Collection[Account], school_year: SchoolYear
    ) -> Mapping[UUID, list[Child]]:
        """See the port."""
        families: dict[UUID, list[Child]] = {account.id: [] for account in accounts}
        for audience, statement in _SEEN_BY.items():
            held = {
                person_id: account.id
                for account in accounts
                if account.audience is audience
                for person_id in account.holder_ids
            }
            if held:
                asked = {"holders": list(held), "year": school_year.start}
                for row in self.connection.execute(statement, asked):
                    child = _to_child(row)
                    person_id = child.link.adult_id if child.link else child.student.id
                    families[held[person_id]].append(child)
        return {account_id: _best(found) for account_id, found in families.items()}

    def schoolings(
        self, account: Account, school_year: SchoolYear, student_id: UUID | None = None
    ) -> list[Child]:
        """See the port."""
        guardian = account.audience is Audience.GUARDIAN
        asked = {"holders": account.holder_ids, "year": school_year.start}
        if student_id is None:
            statement = _SEEN_BY_GUARDIAN if guardian else _SEEN_BY_STUDENT
        else:
            statement = _ONE_SEEN_BY_GUARDIAN if guardian else _ONE_SEEN_BY_STUDENT
            asked["student_id"] = student_id
        best: dict[tuple[UUID, SchoolYear], Child] = {}
        for child in self._seen(statement, asked):
            best.setdefault((child.student.id, child.schooling.school_year), child)
        return list(best.values())

    def child(self, account: Account, student_id: UUID, year: SchoolYear) -> Child | None:
        """See the port."""
        guardian = account.audience is Audience.GUARDIAN
        found = self._children(
            _ONE_SEEN_BY_GUARDIAN if guardian else _ONE_SEEN_BY_STUDENT,
            {"holders": account.holder_ids, "year": year.start, "student_id": student_id},
        )
        return found[0] if found else None

    def _children(self, statement: Select[Any], asked: dict[str, Any]) -> list[Child]:
        return _best(self._seen(statement, asked))

    def _seen(self, statement: Select[Any], asked: dict[str, Any]) -> list[Child]:
        return sorted(map(_to_child, self.connection.execute(statement, asked)), key=_preference)

    def adults(self, ids: Collection[UUID]) -> list[Adult]:
        """See the port."""
        found = select(t.adults).where(t.adults.c.id.in_(ids))
        return [to_adult(row) for row in self.connection.execute(found)]

    def student(self, student_id: UUID) -> Student | None:
        """See the port."""
        return self._student(t.students.c.id == student_id)

    def student_by_ine(self, ine: Ine) -> Student | None:
        """See the port."""
        return self._student(t.students.c.ine == ine.code)

    def _student(self, wanted: ColumnElement[bool]) -> Student | None:
        row = self.connection.execute(select(*_STUDENT).where(wanted)).first()
        return _to_student(row) if row else None

    def student_details(self, ids: Collection[UUID]) -> Mapping[UUID, StudentDetails]:
        """See the port."""
        found = select(t.students.c.id, *DETAILS).where(t.students.c.id.in_(ids))
        return {row.id: to_details(row) for row in self.connection.execute(found)}

    def labels(self, uai: Uai, kind: str) -> Mapping[str, str]:
        """See the port."""
        c = t.nomenclature.c
        named = func.coalesce(func.nullif(c.long_label, ""), c.short_label)
        found = select(c.code, named.label("label")).where(c.uai == uai.code, c.kind == kind)
        return {row.code: row.label for row in self.connection.execute(found.order_by(c.code))}

    def guardians(self, student_id: UUID, day: date) -> list[Adult]:
        """See the port."""
        rows = self.connection.execute(_GUARDIANS, {"student_id": student_id, "day": day})
        return [to_adult(row) for row in rows]

    def by_siecle_id(self, uai: Uai, kind: str, siecle_id: str) -> UUID | None:
        """See the port."""
        k = t.siecle_keys.c
        found: UUID | None = self.connection.scalar(
            select(k.entity_id).where(k.uai == uai.code, k.kind == kind, k.siecle_id == siecle_id)
        )
        return found

    def classes(self, uai: Uai, school_year: SchoolYear, day: date) -> list[SchoolClass]:
        """See the port."""
        s = t.schoolings.c
        counted = (
            select(s.class_group, s.mef, func.count().label("students"))
            .where(
                s.uai == uai.code,
                s.school_year == school_year.start,
                s.class_group != "",
                or_(s.left_on.is_(None), s.left_on > day),
            )
            .group_by(s.class_group, s.mef)
            .order_by(func.count().desc())
        )
        found: dict[str, SchoolClass] = {}
        for code, mef, students in self.connection.execute(counted):
            seen = found.get(code)
            level = seen.level if seen else class_level(Mef(mef) if mef else None)
            found[code] = SchoolClass(code, level, students + (seen.students if seen else 0))
        order = list(ClassLevel)
        return sorted(
            found.values(),
            key=lambda c: (order.index(c.level) if c.level else len(order), c.code),
        )

    def class_groups(self, uai: Uai, school_year: SchoolYear) -> list[tuple[str, int]]:
        """See the port."""
        s = t.schoolings
        counted = (
            select(s.c.class_group, func.count())
            .where(
                s.c.uai == uai.code,
                s.c.school_year == school_year.start,
                or_(s.c.left_on.is_(None), s.c.left_on > func.current_date()),
            )
            .group_by(s.c.class_group)
            .order_by(s.c.class_group)
        )
        return [(row[0], row[1]) for row in self.connection.execute(counted)]
