"""Preview choices of the rectorat or of a head before they are made, and copy a year's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve, frozen

from teleservices_core.domain.changes import Change, effective, present_state
from teleservices_core.domain.consequences import Consequence, Landscape, consequence
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Opening
from teleservices_core.domain.scopes import Rank
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.ports import Transaction
from teleservices_core.usecases.opening import has_choice, set_openings
from teleservices_core.usecases.site import Site


@frozen
class Plan:
    """Choices about to be made, with what they would do."""

    school_year: SchoolYear
    changes: tuple[Change, ...]
    """Those that change something."""
    seen: str
    """To hand back when they are made: refused if somebody else decides meanwhile."""
    consequence: Consequence
    upon: Landscape
    """The académie as it was when the plan was made."""


def landscape(
    site: Site, tx: Transaction, school_year: SchoolYear, uai: Uai | None = None
) -> Landscape:
    """The whole académie now, or one establishment: two statements."""
    one = tx.roster.establishment(uai) if uai else None
    return Landscape(
        establishments=(one,) if one else tuple(tx.roster.establishments()),
        policy=tx.policy.policy([uai], school_year) if uai else tx.policy.whole(school_year),
        school_year=school_year,
        at=site.now(),
        zone=site.academie.zone,
    )


def plan_changes(site: Site, changes: Iterable[Change], school_year: SchoolYear) -> Plan:
    """What some choices would do, without making them: two statements."""
    with site.database.reading() as tx:
        before = landscape(site, tx, school_year)
    return plan_upon(site, before, changes)


def plan_upon(site: Site, before: Landscape, changes: Iterable[Change]) -> Plan:
    """The same for a landscape already read."""
    year = before.school_year
    found = effective(changes, before.policy, year)
    policy = before.policy
    for change in found:
        policy = change.applied(policy, year)
    after = evolve(before, policy=policy)
    told = consequence(before, after, site.catalogue.modules, site.catalogue.rules)
    return Plan(year, found, present_state(found, before.policy, year), told, before)


def make_changes(
    site: Site, viewer: Viewer | None, changes: Sequence[Change], year: SchoolYear, *, seen: str
) -> tuple[Opening, ...]:
    """Make planned choices: all or none. Raises as :func:`.opening.set_openings`.

    ``changes`` may hold choices already made; :exc:`ConflictError` when those
    left are no longer the ones that were planned.
    """
    with site.database.reading() as tx:
        policy = tx.policy.whole(year)
    return set_openings(site, viewer, effective(changes, policy, year), year, seen=seen)


@frozen
class CopyPlan:
    """A year's choices about to be copied to another."""

    plan: Plan
    kept: tuple[Opening, ...]
    """Already decided otherwise for the year to come: left as they are."""
    left_out: tuple[Opening, ...]
    """Not to be copied: of a class, of a module that is gone, or without choice left."""


def plan_copy(
    site: Site, from_year: SchoolYear, to_year: SchoolYear, uai: Uai | None = None
) -> CopyPlan:
    """What :func:`copy_choices` would do: three statements."""
    with site.database.reading() as tx:
        old = tx.policy.whole(from_year) if uai is None else tx.policy.policy([uai], from_year)
        before = landscape(site, tx, to_year, uai)
    copied, kept, left_out = [], [], []
    for opening in sorted(old.openings, key=lambda o: (o.scope, o.module_id, o.audience)):
        if opening.scope.rank.is_heads is (uai is None):
            continue
        there = before.policy.opening(opening.scope, opening.module_id, to_year, opening.audience)
        if there is not None:
            if there.stance is not opening.stance:
                kept.append(there)
        elif _may_be_copied(site, before, opening):
            copied.append(
                Change(opening.scope, opening.module_id, opening.audience, opening.stance)
            )
        else:
            left_out.append(opening)
    return CopyPlan(plan_upon(site, before, copied), tuple(kept), tuple(left_out))


def _may_be_copied(site: Site, before: Landscape, opening: Opening) -> bool:
    module = site.catalogue.module(opening.module_id)
    # "3 A" is another class the year after.
    if module is None or opening.scope.rank is Rank.DIVISION:
        return False
    if opening.audience not in module.audiences:
        return False
    then = evolve(opening, school_year=before.school_year)
    return not opening.scope.rank.is_heads or has_choice(module, before.policy, then)


def copy_choices(
    site: Site,
    viewer: Viewer | None,
    from_year: SchoolYear,
    to_year: SchoolYear,
    uai: Uai | None = None,
    *,
    seen: str,
) -> tuple[Opening, ...]:
    """Copy to a year what was decided for another; what is already decided there stays.

    The rectorat's own choices, or with ``uai`` those of the head of an
    establishment, except for single classes. ``seen`` comes from
    :func:`plan_copy`. Raises as :func:`.opening.set_openings`.
    """
    planned = plan_copy(site, from_year, to_year, uai).plan
    return set_openings(site, viewer, planned.changes, to_year, seen=seen)
