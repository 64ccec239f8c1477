"""Recorded decisions and campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    String,
    bindparam,
    cast,
    delete,
    insert,
    literal,
    select,
    union_all,
    update,
)

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.policy import Campaign, CutOff, Opening, Policy, Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_if_new
from teleservices_core.storage.tables import AnyRow

_PLACES: BindParameter[Any] = bindparam("places", expanding=True)
_YEARS: BindParameter[Any] = bindparam("years", expanding=True)
_o, _c, _x = t.openings.c, t.campaigns.c, t.cut_plugins.c
# One statement for the three tables: a page has few to spare.
_OPENINGS = select(
    _o.rank,
    _o.place,
    _o.part,
    _o.module_id,
    _o.audience,
    _o.stance,
    _o.set_by,
    _o.set_at,
    _o.set_at.label("until_at"),
    _o.school_year,
).where(_o.school_year.in_(_YEARS))
_CAMPAIGNS = select(
    literal(-1),
    _c.scope,
    cast(_c.id, String(36)),
    _c.module_id,
    literal(""),
    literal(""),
    _c.title,
    _c.from_at,
    _c.until_at,
    _c.school_year,
).where(_c.school_year.in_(_YEARS))
_CUT_OFFS = select(
    literal(-2),
    _x.plugin,
    _x.reason,
    literal(""),
    literal(""),
    literal(""),
    _x.set_by,
    _x.at,
    _x.at,
    literal(0),
)
_WHOLE = union_all(_OPENINGS, _CAMPAIGNS, _CUT_OFFS)
_POLICY = union_all(
    _OPENINGS.where(_o.place.in_(_PLACES)),
    _CAMPAIGNS.where(_c.scope.in_(_PLACES)),
    _CUT_OFFS,
)


def _to_opening(row: AnyRow) -> Opening:
    return Opening(
        module_id=row.module_id,
        school_year=SchoolYear(row.school_year),
        audience=Audience(row.audience),
        stance=Stance(row.stance),
        scope=Scope(Rank(row.rank), row.place, row.part),
        set_by=row.set_by,
        set_at=row.set_at,
    )


def _to_campaign(row: AnyRow) -> Campaign:
    return Campaign(
        module_id=row.module_id,
        school_year=SchoolYear(row.school_year),
        window=Window(row.set_at, row.until_at),
        uai=Uai(row.place) if row.place else None,
        title=row.set_by,
        id=UUID(row.part),
    )


def _place(campaign: Campaign) -> str:
    return campaign.uai.code if campaign.uai else ""


def _same(campaign: Campaign) -> ColumnElement[bool]:
    window = campaign.window
    return (
        (_c.id == campaign.id)
        & (_c.from_at.is_not_distinct_from(window.from_at))
        & (_c.until_at.is_not_distinct_from(window.until_at))
    )


@frozen
class PolicyTable:
    """See :class:`teleservices_core.ports.PolicyStore`."""

    connection: Connection

    def policy(self, uais: Iterable[Uai], school_year: SchoolYear) -> Policy:
        """See the port."""
        return self.policies(uais, [school_year])

    def policies(self, uais: Iterable[Uai], years: Iterable[SchoolYear]) -> Policy:
        """See the port."""
        wanted = set(uais)
        places = {"", *(uai.code for uai in wanted), *(uai.departement for uai in wanted)}
        return self._read(_POLICY, years, places=sorted(places))

    def whole(self, school_year: SchoolYear) -> Policy:
        """See the port."""
        return self._read(_WHOLE, [school_year])

    def _read(self, statement: Any, years: Iterable[SchoolYear], **asked: Any) -> Policy:
        openings, campaigns, cut_offs = [], [], []
        asked["years"] = [year.start for year in years]
        for row in self.connection.execute(statement, asked):
            if row.rank >= 0:
                openings.append(_to_opening(row))
            elif row.rank == -1:
                campaigns.append(_to_campaign(row))
            else:
                cut_offs.append(CutOff(row.place, row.set_at, row.set_by, row.part))
        return Policy.of(openings, campaigns, cut_offs)

    def record(self, opening: Opening, *, before: Stance | None) -> None:
        """See the port."""
        said = {"stance": opening.stance, "set_by": opening.set_by, "set_at": opening.set_at}
        if before is None:
            done = insert_if_new(self.connection, t.openings, {**_key(opening), **said})
        else:
            done = self.connection.execute(
                update(t.openings).where(*_at(opening), _o.stance == before).values(said)
            ).rowcount
        _require_one(done, f"the decision about {opening.module_id}")

    def forget(self, opening: Opening) -> None:
        """See the port."""
        done = self.connection.execute(
            delete(t.openings).where(*_at(opening), _o.stance == opening.stance)
        )
        _require_one(done.rowcount, f"the decision about {opening.module_id}")

    def campaign(self, campaign_id: UUID) -> Campaign | None:
        """See the port."""
        row = self.connection.execute(select(t.campaigns).where(_c.id == campaign_id)).first()
        if row is None:
            return None
        return Campaign(
            module_id=row.module_id,
            school_year=SchoolYear(row.school_year),
            window=Window(row.from_at, row.until_at),
            uai=Uai(row.scope) if row.scope else None,
            title=row.title,
            id=row.id,
        )

    def add_campaign(self, campaign: Campaign) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.campaigns).values(
                id=campaign.id,
                scope=_place(campaign),
                module_id=campaign.module_id,
                school_year=campaign.school_year.start,
                from_at=campaign.window.from_at,
                until_at=campaign.window.until_at,
                title=campaign.title,
            )
        )

    def replace_campaign(self, before: Campaign, after: Campaign) -> None:
        """See the port."""
        done = self.connection.execute(
            update(t.campaigns)
            .where(_same(before))
            .values(from_at=after.window.from_at, until_at=after.window.until_at, title=after.title)
        )
        _require_one(done.rowcount, f"the round {before.title!r}")

    def remove_campaign(self, campaign: Campaign) -> None:
        """See the port."""
        done = self.connection.execute(delete(t.campaigns).where(_same(campaign)))
        _require_one(done.rowcount, f"the round {campaign.title!r}")


def _require_one(rowcount: int, what: str) -> None:
    if rowcount != 1:
        raise ConflictError(f"{what} has changed meanwhile")


def _at(opening: Opening) -> list[ColumnElement[bool]]:
    return [t.openings.c[name] == value for name, value in _key(opening).items()]


def _key(opening: Opening) -> dict[str, Any]:
    return {
        "rank": opening.scope.rank,
        "place": opening.scope.place,
        "part": opening.scope.part,
        "module_id": opening.module_id,
        "school_year": opening.school_year.start,
        "audience": opening.audience,
    }
