"""Figures of adoption, counted by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date

from attrs import frozen
from sqlalchemy import Connection, and_, bindparam, distinct, func, or_, select, union_all

from teleservices_core.domain.accounts import AccountState, Audience
from teleservices_core.domain.adoption import Adoption, SchoolAdoption
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.roster import Level
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as t

_s, _r, _a = t.schoolings.c, t.responsibilities.c, t.accounts.c
_COUNT = (_s.uai, _a.audience, _a.state, func.count(distinct(_a.id)).label("number"))
_PRESENT = and_(
    _s.uai.in_(bindparam("uais", expanding=True)),
    _s.school_year == bindparam("year"),
    or_(_s.left_on.is_(None), _s.left_on > bindparam("day")),
)
_HELD = t.account_holders.join(t.accounts, _a.id == t.account_holders.c.account_id)
_STUDENTS = (
    select(*_COUNT)
    .select_from(t.schoolings.join(_HELD, t.account_holders.c.person_id == _s.student_id))
    .where(_PRESENT)
    .group_by(_s.uai, _a.audience, _a.state)
)
_GUARDIANS = (
    select(*_COUNT)
    .select_from(
        t.schoolings.join(t.responsibilities, _r.student_id == _s.student_id).join(
            _HELD, t.account_holders.c.person_id == _r.adult_id
        )
    )
    .where(
        _PRESENT,
        _r.level <= Level.IN_CHARGE,
        or_(_r.until_on.is_(None), _r.until_on > bindparam("day")),
    )
    .group_by(_s.uai, _a.audience, _a.state)
)
_FIGURES = union_all(_STUDENTS, _GUARDIANS)


@frozen
class AdoptionFigures:
    """See :class:`teleservices_core.ports.academy.AdoptionStore`."""

    connection: Connection

    def of_establishments(
        self, uais: Collection[Uai], school_year: SchoolYear, day: date
    ) -> Mapping[Uai, SchoolAdoption]:
        """See the port."""
        asked = {"uais": [uai.code for uai in uais], "year": school_year.start, "day": day}
        counts: dict[tuple[str, str], dict[AccountState, int]] = defaultdict(dict)
        for row in self.connection.execute(_FIGURES, asked):
            counts[row.uai, row.audience][AccountState(row.state)] = row.number
        return {
            uai: SchoolAdoption(
                *(
                    Adoption.of(counts.get((uai.code, audience), {}))
                    for audience in (Audience.GUARDIAN, Audience.STUDENT)
                )
            )
            for uai in uais
        }
