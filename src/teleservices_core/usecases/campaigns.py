"""Rounds of campaigns: add, extend for all or for one establishment, cancel (F71)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.activation import Question
from teleservices_core.domain.consequences import Consequence, Landscape, consequence
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear, Window, readings
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.adoption import read_landscape
from teleservices_core.usecases.answers import ModuleAnswer, answer
from teleservices_core.usecases.rights import require_academy
from teleservices_core.usecases.site import Site, audited

LONG: Final = timedelta(days=200)
_SECOND: Final = timedelta(seconds=1)


class Doubt(StrEnum):
    """What may be a mistake in the dates of a round, and is allowed all the same."""

    PAST = "past"
    """It is over already."""
    LONG = "long"
    """It lasts more than :data:`LONG`."""
    OTHER_YEAR = "other_year"
    """It lies outside of its school year, in whole or in part."""
    OPENS_TWICE = "opens_twice"
    """The clock shows the first minute twice: the first time counts."""
    CLOSES_TWICE = "closes_twice"
    """The clock shows the last minute twice: the second time counts."""
    OVERLAPS = "overlaps"
    """It touches another round: both make one span."""
    RESTRICTS = "restricts"
    """The module had no campaign: it will be open during its rounds only."""


@frozen
class Seen:
    """What a family finds at an instant."""

    at: datetime
    answer: ModuleAnswer


@frozen
class RoundPlan:
    """A round about to be added, changed or cancelled, with what that does."""

    before: Campaign | None
    """The round as it stands; None for a new one."""
    after: Campaign | None
    """The round as it would be; None when it is cancelled."""
    doubts: tuple[Doubt, ...]
    families: tuple[Seen, ...]
    """Before, during and after, where the module is otherwise open."""
    consequence: Consequence
    """What turns at this very instant."""
    seen: str
    """To hand back: the change is refused when the module's rounds are no longer the same."""
    upon: Landscape


def round_window(site: Site, opens: datetime, closes: datetime) -> Window:
    """A window between two local times to the minute, both included.

    Raises :exc:`RefusedError` ``opens_skipped`` or ``closes_skipped`` for a time
    that the clock never shows, ``ends_before`` for a round that ends before it begins.
    """
    zone = site.academie.zone
    for name, local in (("opens", opens), ("closes", closes)):
        if readings(local, zone) == 0:
            raise RefusedError(f"{name}_skipped", at=local)
    if closes < opens:
        raise RefusedError("ends_before")
    return Window.local(opens, closes, zone)


def plan_round(
    site: Site,
    module_id: str,
    school_year: SchoolYear,
    opens: datetime,
    closes: datetime,
    uai: Uai | None = None,
    title: str = "",
) -> RoundPlan:
    """What a new round would do: two statements.

    ``opens`` and ``closes`` are local times to the minute, both included.
    Raises as :func:`round_window`, and :exc:`NotFoundError` for an unknown
    module or establishment.
    """
    place = read_landscape(site, school_year)
    number = len(place.policy.rounds(module_id, school_year)) + 1
    window = round_window(site, opens, closes)
    new = Campaign(
        module_id=module_id,
        school_year=school_year,
        window=window,
        uai=uai,
        title=title or f"Tour {number}",
        id=site.new_id(),
    )
    plan = _plan(site, place, None, new)
    twice = [
        doubt
        for doubt, local in ((Doubt.OPENS_TWICE, opens), (Doubt.CLOSES_TWICE, closes))
        if readings(local, site.academie.zone) > 1
    ]
    return evolve(plan, doubts=(*plan.doubts, *twice))


def plan_extension(
    site: Site, campaign: Campaign, closes: datetime, uai: Uai | None = None
) -> RoundPlan:
    """What closing a round later would do: for all, or for one establishment only.

    For one, a round of its own begins where the other ends, or now if that is
    over. Raises :exc:`RefusedError` ``over`` for a round that is over for all,
    ``not_later`` unless it closes later, ``closes_skipped``.
    """
    zone, until_at = site.academie.zone, campaign.window.until_at
    if readings(closes, zone) == 0:
        raise RefusedError("closes_skipped", at=closes)
    later = Window.local(closes, closes, zone).until_at
    if until_at is None or later is None or later <= until_at:
        raise RefusedError("not_later")
    now = site.now().replace(second=0, microsecond=0)
    place = read_landscape(site, campaign.school_year)
    if uai is None:
        if until_at <= now:
            raise RefusedError("over")
        plan = _plan(
            site, place, campaign, evolve(campaign, window=Window(campaign.window.from_at, later))
        )
    else:
        starts = max(until_at, now)
        if later <= starts:
            raise RefusedError("not_later")
        own = evolve(campaign, window=Window(starts, later), uai=uai, id=site.new_id())
        plan = _plan(site, place, None, own)
    # Touching the round that it extends is the point of an extension.
    doubts = [d for d in plan.doubts if d not in {Doubt.OVERLAPS, Doubt.RESTRICTS}]
    if readings(closes, zone) > 1:
        doubts.append(Doubt.CLOSES_TWICE)
    return evolve(plan, doubts=tuple(doubts))


def plan_cancel(site: Site, campaign: Campaign) -> RoundPlan:
    """What cancelling a round would do: two statements."""
    return _plan(site, read_landscape(site, campaign.school_year), campaign, None)


def carry_out(site: Site, viewer: Viewer | None, plan: RoundPlan, *, seen: str) -> None:
    """Do what was planned.

    ``seen`` comes from the plan that was shown. Raises :exc:`NotAllowedError`,
    and :exc:`ConflictError` when the module's rounds have changed meanwhile.
    """
    campaign = plan.after or plan.before
    if campaign is None:
        raise ValueError("an empty plan")
    with site.database.writing() as tx:
        if viewer is not None:
            require_academy(site, tx, viewer.account)
        policy = tx.policy.whole(campaign.school_year)
        rounds = policy.rounds(campaign.module_id, campaign.school_year)
        if seen != rounds_seen(rounds):
            raise ConflictError("the rounds of this module have changed meanwhile")
        write_round(site, tx, viewer, plan.before, plan.after)


def write_round(
    site: Site,
    tx: Transaction,
    viewer: Viewer | None,
    before: Campaign | None,
    after: Campaign | None,
) -> None:
    """Add, replace or remove a round inside a transaction, audited."""
    if before is None and after is not None:
        tx.policy.add_campaign(after)
        action = "added"
    elif before is not None and after is not None:
        tx.policy.replace_campaign(before, after)
        action = "changed"
    elif before is not None:
        tx.policy.remove_campaign(before)
        action = "cancelled"
    else:
        return
    told = after or before
    assert told is not None  # noqa: S101 - one of both is there, for the type checker
    window = told.window
    tx.audit.add(
        audited(
            f"campaign.{action}",
            site.now(),
            viewer,
            uai=told.uai,
            module=told.module_id,
            school_year=str(told.school_year),
            title=told.title,
            from_at=_said(window.from_at),
            until_at=_said(window.until_at),
            id=str(told.id),
            before=[_said(before.window.from_at), _said(before.window.until_at)] if before else [],
        )
    )


def _said(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def rounds_seen(rounds: Iterable[Campaign]) -> str:
    """A digest of the rounds of a module, for a form to carry."""
    lines = sorted(f"{c.id} {c.window.from_at} {c.window.until_at} {c.uai}" for c in rounds)
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


def find_campaign(site: Site, campaign_id: UUID) -> Campaign:
    """One round. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        found = tx.policy.campaign(campaign_id)
    if found is None:
        raise NotFoundError(f"no round {campaign_id}")
    return found


def _plan(
    site: Site, place: Landscape, before: Campaign | None, after: Campaign | None
) -> RoundPlan:
    told = after or before
    assert told is not None  # noqa: S101 - one of both is there, for the type checker
    module = site.catalogue.module(told.module_id)
    if module is None:
        raise NotFoundError(f"no module {told.module_id!r}")
    if told.uai is not None and all(each.uai != told.uai for each in place.establishments):
        raise NotFoundError(f"no establishment {told.uai}")
    rounds = place.policy.rounds(module.id, told.school_year)
    others = [each for each in rounds if before is None or each.id != before.id]
    campaigns = [c for c in place.policy.campaigns if c not in rounds] + others
    if after is not None:
        campaigns.append(after)
    then = evolve(place, policy=Policy.of(place.policy.openings, campaigns))
    return RoundPlan(
        before=before,
        after=after,
        doubts=tuple(_doubts(site, module, after, others)) if after else (),
        families=tuple(_families(site, module, then, told)),
        consequence=consequence(place, then, site.catalogue.modules, site.catalogue.rules),
        seen=rounds_seen(rounds),
        upon=place,
    )


def _doubts(
    site: Site, module: ModuleDefinition, after: Campaign, others: list[Campaign]
) -> Iterable[Doubt]:
    window = after.window
    if window.is_after(site.now()):
        yield Doubt.PAST
    if window.from_at and window.until_at:
        if window.until_at - window.from_at > LONG:
            yield Doubt.LONG
        ends = (window.from_at, window.until_at - _SECOND)
        if {site.academie.school_year(at) for at in ends} != {after.school_year}:
            yield Doubt.OTHER_YEAR
    if any(_meet(after, each) for each in others):
        yield Doubt.OVERLAPS
    if not module.has_campaign and not others:
        yield Doubt.RESTRICTS


def _meet(one: Campaign, other: Campaign) -> bool:
    """Whether two rounds touch somewhere: a round for all is everywhere."""
    if one.uai != other.uai and None not in {one.uai, other.uai}:
        return False
    first, second = one.window, other.window
    return not (
        (first.until_at and second.from_at and first.until_at < second.from_at)
        or (second.until_at and first.from_at and second.until_at < first.from_at)
    )


def _families(
    site: Site, module: ModuleDefinition, place: Landscape, told: Campaign
) -> Iterable[Seen]:
    """What a family finds around a round, where nothing else closes the module."""
    example = _example(place.establishments, module, told.uai)
    audience = min(module.audiences, default=None)
    if example is None or audience is None:
        return
    imposed = Opening(module.id, told.school_year, audience, Stance.IMPOSED, Scope.academie())
    policy = place.policy.with_opening(imposed)
    window = told.window
    instants = [window.from_at - _SECOND] if window.from_at else []
    instants += [at for at in (window.from_at, window.until_at) if at is not None]
    for at in instants:
        question = Question(
            establishment=evolve(example, takes_part=True),
            school_year=told.school_year,
            audience=audience,
            at=at,
            zone=place.zone,
            policy=policy,
        )
        yield Seen(at, answer(site, module, question))


def _example(
    establishments: Iterable[Establishment], module: ModuleDefinition, uai: Uai | None
) -> Establishment | None:
    return next(
        (e for e in establishments if e.kind in module.kinds and uai in {None, e.uai}), None
    )
