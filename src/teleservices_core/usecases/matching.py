"""« Rapprochements »: are these two persons one? Somebody answers, and may take it back.

Until then they are two, and each school works. One establishment answers about
those it knows both; where another one knows the other, « the same » would open
its data to the first one's families, so that the académie says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.accounts import Account, AccountState
from teleservices_core.domain.matches import (
    Match,
    MatchKind,
    MatchState,
    PersonSeen,
    Whereabouts,
    kept_account,
)
from teleservices_core.domain.roster import Student
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.grouping import join, separate
from teleservices_core.usecases.rights import require_academy, require_school
from teleservices_core.usecases.site import Site, audited


def matches(site: Site, uai: Uai | None) -> tuple[list[Match], Mapping[UUID, str]]:
    """What an establishment, or the académie, is asked and has answered; and names by person."""
    with site.database.reading() as tx:
        found = tx.matches.of_academy() if uai is None else tx.matches.of_school(uai)
        persons = {id_ for each in found for id_ in (each.older_id, each.newer_id)}
        return found, tx.audit.names(persons) if persons else {}


def matches_waiting(site: Site, uai: Uai | None) -> int:
    """How many questions an establishment, or the académie, has still to answer."""
    with site.database.reading() as tx:
        return tx.matches.count_open(uai)


def waiting_everywhere(site: Site) -> list[tuple[Uai, MatchKind, int]]:
    """How many wait in each establishment that has some, students and adults apart."""
    with site.database.reading() as tx:
        return tx.matches.waiting()


def side_by_side(
    site: Site, match_id: UUID, uai: Uai | None
) -> tuple[Match, PersonSeen, PersonSeen]:
    """Two persons, the older first. Raises :exc:`NotFoundError` as :func:`answer`.

    An establishment sees of a student of another one no more than it takes to
    say that the two are not one.
    """
    with site.database.reading() as tx:
        match = _match_of(tx, match_id, uai)
        older, newer = tx.matches.seen(match, site.academie.today(site.now()))
    if uai is not None and match.other_uai is not None:
        older, newer = _seen_from(uai, older), _seen_from(uai, newer)
    return match, older, newer


def _seen_from(uai: Uai, seen: PersonSeen) -> PersonSeen:
    if any(place.uai == uai for place in seen.places):
        return seen
    schools = tuple(Whereabouts(place.uai, place.school) for place in seen.places)
    student = evolve(seen.person, ine=None) if isinstance(seen.person, Student) else seen.person
    return PersonSeen(student, seen.details, schools)


_ACTIONS = {
    MatchState.SAME: "match.same",
    MatchState.DIFFERENT: "match.different",
    MatchState.OPEN: "match.reopened",
}


def answer(site: Site, viewer: Viewer, match_id: UUID, uai: Uai | None, said: MatchState) -> Match:
    """Say whether two persons are one, or with ``OPEN`` take back what was said.

    ``uai`` is the establishment in whose name the viewer answers, None for the
    académie. « The same » brings accounts together, and of students everything
    that is theirs; taking it back sorts it out again. Raises
    :exc:`NotAllowedError`, :exc:`NotFoundError` for a match of others,
    :exc:`RefusedError` ``already_so``, ``academy_decides``, ``account_locked``,
    ``later_first`` (another answer builds on this one).
    """
    with site.database.writing() as tx:
        tx.matches.lock()
        match = _match(site, tx, viewer, match_id, uai)
        if match.is_open == (said is MatchState.OPEN):
            raise RefusedError("already_so")
        if match.is_open and tx.matches.is_over(match):
            raise RefusedError("already_so")
        needs_academy = match.other_uai is not None and MatchState.SAME in {said, match.state}
        if needs_academy and uai is not None:
            raise RefusedError("academy_decides")
        moved: Mapping[str, Any] | None = None
        if said is MatchState.SAME:
            moved = _bring_together(site, tx, viewer, match)
        elif match.state is MatchState.SAME:
            _sort_out(site, tx, viewer, match)
        by = viewer.name if said is not MatchState.OPEN else ""
        if not tx.matches.answer(match, said, site.now(), by, moved):
            raise RefusedError("already_so")
        _note(
            site, tx, viewer, match, f"match.{said if said is not MatchState.OPEN else 'reopened'}"
        )
    return match


def postpone(site: Site, viewer: Viewer, match_id: UUID, uai: Uai | None) -> None:
    """Leave a question for later: it stays, below the others. Raises as :func:`answer`."""
    with site.database.writing() as tx:
        match = _match(site, tx, viewer, match_id, uai)
        if not match.is_open or not tx.matches.postpone(match, site.now()):
            raise RefusedError("already_so")
        _note(site, tx, viewer, match, "match.postponed")


def _match(site: Site, tx: Transaction, viewer: Viewer, match_id: UUID, uai: Uai | None) -> Match:
    if uai is None:
        require_academy(site, tx, viewer.account)
    else:
        require_school(site, tx, viewer.account, uai)
    return _match_of(tx, match_id, uai)


def _match_of(tx: Transaction, match_id: UUID, uai: Uai | None) -> Match:
    match = tx.matches.get(match_id)
    if match is None or (match.other_uai is None if uai is None else match.uai != uai):
        raise NotFoundError(f"no such match {match_id}")
    return match


def _note(site: Site, tx: Transaction, viewer: Viewer, match: Match, action: str) -> None:
    for subject, other in (
        (match.older_id, match.newer_id),
        (match.newer_id, match.older_id),
    ):
        tx.audit.add(
            audited(
                action,
                site.now(),
                viewer,
                uai=match.uai,
                subject_id=subject,
                other=str(other),
                match=str(match.id),
            )
        )


# --- The same ----------------------------------------------------------------------------


def _bring_together(site: Site, tx: Transaction, viewer: Viewer, match: Match) -> Mapping[str, Any]:
    moved: dict[str, Any] = {}
    grouping = _join_accounts(site, tx, viewer, match)
    if grouping is not None:
        moved["grouping"] = str(grouping)
    if match.kind is MatchKind.STUDENT:
        older, newer = match.older_id, match.newer_id
        places = tx.matches.places([older, newer])
        own = set(places.get(older, ()))
        moved["places"] = [each.code for each in places.get(newer, ()) if each not in own]
        moved["rows"] = {
            data.id: {rows.table: list(rows.bring(tx, newer, older)) for rows in data.student_rows}
            for data in site.catalogue.personal_data
            if data.student_rows
        }
        kept, gone = tx.roster.student(older), tx.roster.student(newer)
        if kept is not None and kept.ine is None and gone is not None and gone.ine is not None:
            tx.matches.take_ine(newer, None)
            tx.matches.take_ine(older, gone.ine.code)
            moved["ine"] = gone.ine.code
    return moved


def _accounts(tx: Transaction, match: Match) -> list[Account]:
    held = tx.accounts.holders_of([match.older_id, match.newer_id])
    found = (tx.accounts.get(id_) for id_ in dict.fromkeys(held.values()))
    return [account for account in found if account is not None]


def _join_accounts(site: Site, tx: Transaction, viewer: Viewer, match: Match) -> UUID | None:
    accounts = _accounts(tx, match)
    if len(accounts) != 2:
        return None
    if any(each.state is AccountState.LOCKED for each in accounts):
        raise RefusedError("account_locked")
    kept, gave = kept_account(*accounts)
    return join(site, tx, viewer, kept, gave).id


# --- Taken back --------------------------------------------------------------------------


def _sort_out(site: Site, tx: Transaction, viewer: Viewer, match: Match) -> None:
    if tx.matches.is_built_on(match):
        raise RefusedError("later_first")
    moved, older, newer = tx.matches.moved(match.id), match.older_id, match.newer_id
    grouping = tx.groupings.get(UUID(moved["grouping"])) if "grouping" in moved else None
    # A family may have undone the grouping itself meanwhile.
    if grouping is not None and grouping.undone_at is None:
        separate(site, tx, viewer, grouping, in_time=False)
    for data in site.catalogue.personal_data:
        record = moved.get("rows", {}).get(data.id, {})
        for rows in data.student_rows:
            if rows.table in record:
                rows.give_back(tx, record[rows.table], newer, older, moved["places"])
    if "ine" in moved:
        kept = tx.roster.student(older)
        if kept is not None and kept.ine is not None and kept.ine.code == moved["ine"]:
            tx.matches.take_ine(older, None)
            tx.matches.take_ine(newer, moved["ine"])
