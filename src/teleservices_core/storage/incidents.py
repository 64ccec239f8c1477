"""Acts on a population of accounts: set-based, a few statements whatever its size."""

from __future__ import annotations

from datetime import date
from typing import Any

from attrs import frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    func,
    or_,
    select,
    true,
    union,
    update,
)

from teleservices_core.domain.incidents import (
    RENEWABLE,
    UNCLAIMED,
    Population,
    RenewalCounts,
)
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.storage import tables as t

_a = t.accounts.c
_RENEWABLE = _a.state.in_(RENEWABLE)
_WITH_PASSWORD = and_(_RENEWABLE, _a.password_hash.is_not(None))


def _members(uai: str, year: SchoolYear, day: date) -> Select[Any]:
    present = select(t.schoolings.c.student_id).where(
        t.schoolings.c.uai == uai,
        t.schoolings.c.school_year == year.start,
        or_(t.schoolings.c.left_on.is_(None), t.schoolings.c.left_on > day),
    )
    guardians = select(t.responsibilities.c.adult_id).where(
        t.responsibilities.c.student_id.in_(present)
    )
    staff = select(t.assignments.c.staff_id).where(t.assignments.c.scope == uai)
    persons = union(present, guardians, staff)
    return select(t.account_holders.c.account_id).where(
        t.account_holders.c.person_id.in_(persons.scalar_subquery())
    )


def _within(population: Population, year: SchoolYear, day: date) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [true()]
    if population.audience is not None:
        conditions.append(_a.audience == population.audience)
    if population.uai is not None:
        conditions.append(_a.id.in_(_members(population.uai.code, year, day)))
    return and_(*conditions)


def _is_recent(population: Population) -> ColumnElement[bool]:
    if population.changed_since is None:
        return ~true()
    return func.coalesce(_a.password_at >= population.changed_since, ~true())


@frozen
class Incidents:
    """See :class:`teleservices_core.ports.incidents.IncidentStore`."""

    connection: Connection

    def count(self, population: Population, year: SchoolYear, day: date) -> RenewalCounts:
        """See the port."""
        within, recent = _within(population, year, day), _is_recent(population)
        numbers = self.connection.execute(
            select(
                func.count().filter(_WITH_PASSWORD, ~_a.must_renew, ~recent).label("to_renew"),
                func.count().filter(_WITH_PASSWORD, _a.must_renew).label("already"),
                func.count().filter(_WITH_PASSWORD, ~_a.must_renew, recent).label("changed_since"),
                func.count().filter(_RENEWABLE, _a.password_hash.is_(None)).label("federated"),
                func.count().filter(_a.state.in_(UNCLAIMED)).label("unclaimed"),
            ).where(within)
        ).one()
        sessions = self.connection.scalar(
            select(func.count())
            .select_from(t.sessions)
            .where(t.sessions.c.account_id.in_(select(_a.id).where(within)))
        )
        return RenewalCounts(**numbers._asdict(), sessions=sessions or 0)

    def require_renewal(self, population: Population, year: SchoolYear, day: date) -> int:
        """See the port."""
        flagged = (
            update(t.accounts)
            .where(
                _within(population, year, day),
                _WITH_PASSWORD,
                ~_a.must_renew,
                ~_is_recent(population),
            )
            # The version stops whoever is signing in at the same instant.
            .values(must_renew=True, version=_a.version + 1)
        )
        return self.connection.execute(flagged).rowcount

    def close_sessions(
        self,
        population: Population,
        year: SchoolYear,
        day: date,
        *,
        to_renew: bool = False,
        but: str | None = None,
    ) -> int:
        """See the port."""
        theirs = select(_a.id).where(_within(population, year, day))
        if to_renew:
            theirs = theirs.where(_a.must_renew)
        closed = delete(t.sessions).where(t.sessions.c.account_id.in_(theirs))
        if but is not None:
            closed = closed.where(t.sessions.c.id_hash != but)
        return self.connection.execute(closed).rowcount
