"""Recorded decisions and campaigns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen
from sqlalchemy import BindParameter, Connection, bindparam, insert, literal, select, union_all
from uuid6 import uuid7

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.modules import Campaign, Opening, Policy, Stance
from teleservices_core.domain.values import Uai
from teleservices_core.storage import tables as t
from teleservices_core.storage.bulk import insert_or_update

_SCOPES: BindParameter[Any] = bindparam("scopes", expanding=True)
_YEAR: BindParameter[Any] = bindparam("year")
_o, _c = t.openings.c, t.campaigns.c
# One statement for both tables: a page has few to spare.
_POLICY = union_all(
    select(
        _o.module_id,
        _o.scope,
        _o.audience,
        _o.stance.label("said"),
        _o.set_by,
        _o.set_at,
        _o.set_at.label("also_set_at"),
    ).where(_o.school_year == _YEAR, _o.scope.in_(_SCOPES)),
    select(
        _c.module_id, _c.scope, literal(""), literal(""), _c.title, _c.from_at, _c.until_at
    ).where(_c.school_year == _YEAR, _c.scope.in_(_SCOPES)),
)


def _scope(uai: Uai | None) -> str:
    return "" if uai is None else uai.code


def _uai(scope: str) -> Uai | None:
    return Uai(scope) if scope else None


@frozen
class PolicyTable:
    """See :class:`teleservices_core.ports.PolicyStore`."""

    connection: Connection

    def policy(self, uais: Iterable[Uai], school_year: SchoolYear) -> Policy:
        """See the port."""
        asked = {"year": school_year.start, "scopes": ["", *sorted({uai.code for uai in uais})]}
        openings, campaigns = [], []
        for module_id, scope, audience, said, text, first_at, last_at in self.connection.execute(
            _POLICY, asked
        ):
            if audience:
                openings.append(
                    Opening(
                        module_id=module_id,
                        school_year=school_year,
                        audience=Audience(audience),
                        stance=Stance(said),
                        uai=_uai(scope),
                        set_by=text,
                        set_at=first_at,
                    )
                )
            else:
                campaigns.append(
                    Campaign(
                        module_id=module_id,
                        school_year=school_year,
                        window=Window(first_at, last_at),
                        uai=_uai(scope),
                        title=text,
                    )
                )
        return Policy.of(openings, campaigns)

    def record(self, opening: Opening) -> None:
        """See the port."""
        said = {"stance": opening.stance, "set_by": opening.set_by, "set_at": opening.set_at}
        key = {
            "scope": _scope(opening.uai),
            "module_id": opening.module_id,
            "school_year": opening.school_year.start,
            "audience": opening.audience,
        }
        insert_or_update(self.connection, t.openings, {**key, **said}, said)

    def add_campaign(self, campaign: Campaign) -> None:
        """See the port."""
        self.connection.execute(
            insert(t.campaigns).values(
                id=uuid7(),
                scope=_scope(campaign.uai),
                module_id=campaign.module_id,
                school_year=campaign.school_year.start,
                from_at=campaign.window.from_at,
                until_at=campaign.window.until_at,
                title=campaign.title,
            )
        )
