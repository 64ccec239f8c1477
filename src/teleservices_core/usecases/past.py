"""Read the past of decisions from the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear, Window
from teleservices_core.domain.past import Cut, Decided, Joined, Past, Rescheduled, State, Turn
from teleservices_core.domain.policy import Campaign, Opening, Policy, Stance
from teleservices_core.domain.scopes import Rank, Scope
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditEntry
from teleservices_core.usecases.site import Site


def past_of(
    site: Site,
    tx: Transaction,
    policy: Policy,
    establishments: Collection[Establishment],
    since: SchoolYear,
) -> Past:
    """What was decided from a school year on, up to a policy read just now. One statement."""
    taking_part = {each.uai: each.takes_part for each in establishments}
    begins_at = site.academie.span(since).from_at or site.now()
    entries = tx.audit.decisions(list(taking_part), begins_at)
    turns = [*_unwritten(policy, entries), *_turns(entries)]
    # A stable order: of one instant, the latest written is undone first.
    turns.sort(key=lambda turn: turn.at, reverse=True)
    return Past.of(State(policy, taking_part), turns)


def _unwritten(policy: Policy, entries: Sequence[AuditEntry]) -> Iterator[Turn]:
    """Decisions without an entry of their own: nothing is known of the time before them."""
    written = {_key(e.at, _decided(e).opening) for e in entries if _is_opening(e)}
    for opening in policy.openings:
        if opening.set_at is not None and _key(opening.set_at, opening) not in written:
            yield Decided(opening.set_at, opening, None)


def _key(at: datetime, opening: Opening) -> tuple[object, ...]:
    return at, opening.scope, opening.module_id, opening.school_year, opening.audience


def _turns(entries: Sequence[AuditEntry]) -> Iterator[Turn]:
    for entry in entries:
        group = entry.action.partition(".")[0]
        if _is_opening(entry):
            yield _decided(entry)
        elif group == "establishment" and entry.uai is not None:
            yield Joined(entry.at, entry.uai, entry.action == "establishment.joined")
        elif group == "plugin":
            yield Cut(entry.at, entry.detail["plugin"], entry.action == "plugin.cut")
        elif group == "campaign" and entry.detail.get("id"):
            yield _rescheduled(entry)


def _is_opening(entry: AuditEntry) -> bool:
    return entry.action.startswith("module.") and "rank" in entry.detail


def _scope(detail: Mapping[str, Any]) -> Scope:
    return Scope(Rank[detail["rank"].upper()], detail["place"], detail["part"])


_STANCES: Final = {stance.value: stance for stance in Stance}


def _decided(entry: AuditEntry) -> Decided:
    detail = entry.detail

    def opening(stance: Stance) -> Opening:
        return Opening(
            detail["module"],
            SchoolYear.parse(detail["school_year"]),
            Audience(detail["audience"]),
            stance,
            _scope(detail),
        )

    after = _STANCES.get(entry.action.partition(".")[2], Stance.ALLOWED)
    before = _STANCES.get(detail.get("before", ""))
    return Decided(entry.at, opening(after), opening(before) if before else None)


def _rescheduled(entry: AuditEntry) -> Rescheduled:
    detail = entry.detail

    def planned(bounds: Sequence[str]) -> Campaign:
        opens, closes = (datetime.fromisoformat(each) if each else None for each in bounds)
        return Campaign(
            detail["module"],
            SchoolYear.parse(detail["school_year"]),
            Window(opens, closes),
            entry.uai,
            detail["title"],
            UUID(detail["id"]),
        )

    told, before = planned((detail["from_at"], detail["until_at"])), detail["before"]
    return Rescheduled(
        entry.at,
        detail["module"],
        planned(before) if before else None,
        None if entry.action == "campaign.cancelled" else told,
    )
