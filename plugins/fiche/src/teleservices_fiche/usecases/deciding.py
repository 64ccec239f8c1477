"""The school decides: what waits, what it says beside the base, accept, refuse.

An accepted change is laid over the school base, which is never written here.
What others have changed since somebody looked is never decided over: the act
is refused, and the page shows how things are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.localtime import SchoolYear, local_date
from teleservices_core.domain.searching import search_terms, search_text
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.site import Site, audited
from teleservices_fiche.model import (
    Person,
    PersonKind,
    Proposal,
    ProposalState,
    Value,
)
from teleservices_fiche.rules.merging import Comparison, Values, effective
from teleservices_fiche.rules.papers import digest_of_look
from teleservices_fiche.rules.reconciling import (
    Key,
    accepted_by_key,
    as_read,
    base_value,
    compare_now,
    key_of,
)
from teleservices_fiche.usecases.mails import send_all, tell_kin
from teleservices_fiche.usecases.ports import BaseStore
from teleservices_fiche.usecases.rights import require_console
from teleservices_fiche.usecases.school_ports import (
    Filed,
    Pile,
    SchoolOpens,
    SchoolStore,
    Slip,
)
from teleservices_fiche.words import decision_line

AT_ONCE: Final = 200
"""Proposals decided in one transaction."""
REASON_MAX: Final = 500


@frozen
class Wanted:
    """Which proposals a list shows."""

    pile: Pile = Pile.WAITING
    class_group: str | None = None
    words: str = ""
    """Of the name of a student or of the person concerned."""
    since_on: date | None = None
    by_date: bool = False


@frozen
class Listed:
    """A pile of an establishment: the slips that a search keeps, and what to choose from."""

    slips: list[Slip]
    piles: Mapping[Pile, int]
    classes: tuple[str, ...]


@frozen
class Look:
    """A proposal beside what there is now."""

    filed: Filed
    comparison: Comparison
    base: Value
    """What the school base says."""
    in_force: Proposal | None
    """Another change of the same field, accepted before and laid over the base."""
    others: tuple[Proposal, ...]
    """Changes of the same field that others wait for."""

    @property
    def proposal(self) -> Proposal:
        """The proposal itself."""
        return self.filed.proposal

    @property
    def current(self) -> Value:
        """The value in force."""
        return effective(self.base, self.in_force)

    @property
    def is_plain(self) -> bool:
        """Whether accepting it sets nothing aside: nobody has to compare."""
        return not self.others and self.comparison is not Comparison.CONFLICT

    @property
    def digest(self) -> str:
        """Of all that the page shows: who decides says what he saw."""
        shown = (self.proposal, *((self.in_force,) if self.in_force else ()), *self.others)
        return digest_of_look(self.base, shown)


@frozen
class Decided:
    """What a bulk act did."""

    done: int = 0
    conflicts: int = 0
    """Left waiting, to be looked at one by one."""
    changed: int = 0
    """No longer what the page showed."""


def list_proposals(
    site: Site, viewer: Viewer | None, uai: Uai, wanted: Wanted, opens: SchoolOpens
) -> Listed:
    """A pile of an establishment, this year. Two statements beside the rights."""
    with site.database.reading() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection).deciding
        piles = store.piles(uai, site.school_year())
        slips = store.slips(uai, site.school_year(), wanted.pile)
    kept = [each for each in slips if _is_wanted(site, each, wanted)]
    if wanted.by_date:
        kept.sort(key=lambda each: each.made_at)
    return Listed(kept, piles, tuple(dict.fromkeys(each.class_group for each in slips)))


def _is_wanted(site: Site, slip: Slip, wanted: Wanted) -> bool:
    if wanted.class_group is not None and slip.class_group != wanted.class_group:
        return False
    made_on = local_date(slip.made_at, site.academie.zone)
    if wanted.since_on is not None and made_on < wanted.since_on:
        return False
    text = search_text(slip.student, slip.person)
    return all(term in text for term in search_terms(wanted.words))


def look_at(
    site: Site, viewer: Viewer | None, uai: Uai, ids: Sequence[UUID], opens: SchoolOpens
) -> list[Look]:
    """Proposals beside what there is now, in the order asked. Four statements at most."""
    with site.database.reading() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection)
        filed = {each.proposal.id: each for each in store.deciding.filed(ids, uai)}
        found = [filed[id_] for id_ in ids if id_ in filed]
        return _looks(store, uai, site.school_year(), found)


def look_at_one(
    site: Site, viewer: Viewer | None, uai: Uai, proposal_id: UUID, opens: SchoolOpens
) -> Look:
    """One of them. Raises :exc:`NotFoundError` for one of another establishment."""
    found = look_at(site, viewer, uai, [proposal_id], opens)
    if not found:
        raise NotFoundError("no such proposal in this establishment")
    return found[0]


def _looks(store: SchoolStore, uai: Uai, year: SchoolYear, filed: Sequence[Filed]) -> list[Look]:
    if not filed:
        return []
    proposals = [each.proposal for each in filed]
    base, read = bases_of(store.base, uai, year, proposals)
    open_ = store.deciding.open_about({each.person.id for each in proposals}, uai)
    in_force = accepted_by_key(open_)
    waiting: dict[Key, list[Proposal]] = defaultdict(list)
    for each in open_:
        if each.state is ProposalState.WAITING:
            waiting[key_of(each)].append(each)
    return [_look(each, base, read, in_force, waiting) for each in filed]


def _look(
    filed: Filed,
    base: Values,
    read: Values,
    in_force: Mapping[Key, Proposal],
    waiting: Mapping[Key, list[Proposal]],
) -> Look:
    proposal = filed.proposal
    accepted = in_force.get(key_of(proposal))
    others = (each for each in waiting.get(key_of(proposal), ()) if each.id != proposal.id)
    return Look(
        filed,
        compare_now(proposal, read, accepted),
        base_value(base, proposal),
        None if accepted is None or accepted.id == proposal.id else accepted,
        tuple(others),
    )


def bases_of(
    store: BaseStore, uai: Uai, year: SchoolYear, proposals: Iterable[Proposal]
) -> tuple[Values, Values]:
    """What the base says of the persons of proposals, and what families read of it.

    Two statements.
    """
    student_ids = {each.student_id for each in proposals}
    students = store.students(student_ids, uai, year)
    base: dict[Person, Mapping[str, Value]] = dict(students)
    read: dict[Person, Mapping[str, Value]] = {}
    for student_id, guardians in store.guardians(student_ids).items():
        student = Person(PersonKind.STUDENT, student_id)
        base |= guardians
        read |= guardians
        if student in students:
            read |= as_read({student: students[student]}, guardians.values())
    return base, read


def decide(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    proposal_id: UUID,
    *,
    accept: bool,
    reason: str = "",
    seen: str,
    opens: SchoolOpens,
) -> Proposal:
    """Accept or refuse one proposal, after a look whose digest is ``seen``.

    A change in force may be refused too: the base's value holds again. Raises
    :exc:`NotAllowedError`, :exc:`NotFoundError`, :exc:`ConflictError` when
    anything that the page showed has changed, :exc:`RefusedError` ``no_reason``
    or ``over``.
    """
    reason = reason_for(accept, reason)
    with site.database.writing() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection)
        store.deciding.hold([proposal_id], uai)
        filed = store.deciding.filed([proposal_id], uai)
        if not filed:
            raise NotFoundError("no such proposal in this establishment")
        (look,) = _looks(store, uai, site.school_year(), filed)
        if look.digest != seen:
            raise ConflictError("something has changed since the page was shown")
        state = look.proposal.state
        if state is not ProposalState.WAITING and (accept or state is not ProposalState.ACCEPTED):
            raise RefusedError("over")
        _settle(site, tx, store, viewer, uai, [look.filed], accept=accept, reason=reason)
    return look.proposal


def decide_many(
    site: Site,
    viewer: Viewer | None,
    uai: Uai,
    picked: Mapping[UUID, int],
    *,
    accept: bool,
    reason: str = "",
    opens: SchoolOpens,
) -> Decided:
    """Accept or refuse several proposals at once: each with the version that was seen.

    Where accepting would set another value aside, the proposal is left for a
    look of its own. Raises :exc:`NotAllowedError`, :exc:`ConflictError`, or
    :exc:`RefusedError` ``no_reason`` or ``too_many``.
    """
    reason = reason_for(accept, reason)
    if len(picked) > AT_ONCE:
        raise RefusedError("too_many")
    with site.database.writing() as tx:
        require_console(site, tx, viewer, uai)
        store = opens(tx.connection)
        store.deciding.hold(picked.keys(), uai)
        found = store.deciding.filed(picked.keys(), uai)
        fresh = [each for each in found if _is_as_seen(each.proposal, picked)]
        looks = _looks(store, uai, site.school_year(), fresh)
        ready = [look.filed for look in looks if look.is_plain or not accept]
        _settle(site, tx, store, viewer, uai, ready, accept=accept, reason=reason)
    return Decided(len(ready), len(fresh) - len(ready), len(picked) - len(fresh))


def _is_as_seen(proposal: Proposal, picked: Mapping[UUID, int]) -> bool:
    is_waiting = proposal.state is ProposalState.WAITING
    return is_waiting and proposal.version == picked[proposal.id]


def reason_for(accept: bool, reason: str) -> str:
    """What the family is told, tidy. Raises :exc:`RefusedError` ``no_reason``, ``long_reason``."""
    reason = " ".join(reason.split())
    if not accept and not reason:
        raise RefusedError("no_reason")
    if len(reason) > REASON_MAX:
        raise RefusedError("long_reason")
    return reason


def _settle(
    site: Site,
    tx: Transaction,
    store: SchoolStore,
    viewer: Viewer | None,
    uai: Uai,
    filed: Sequence[Filed],
    *,
    accept: bool,
    reason: str,
) -> None:
    if not filed:
        return
    state = ProposalState.ACCEPTED if accept else ProposalState.REFUSED
    now, by = site.now(), viewer.name if viewer else ""
    store.deciding.settle([each.proposal.id for each in filed], state, now, by, reason)
    for each in filed:
        tx.audit.add(
            audited(
                "fiche.accepted" if accept else "fiche.refused",
                now,
                viewer,
                uai=uai,
                subject_id=each.proposal.maker.account_id,
                number=each.proposal.number,
                field=each.proposal.field,
                reason=reason,
            )
        )
    _tell_families(site, tx, store, uai, filed, accept=accept, reason=reason)
    if accept:
        tell_kin(site, tx, store.base, uai, (each.proposal for each in filed))


def _tell_families(
    site: Site,
    tx: Transaction,
    store: SchoolStore,
    uai: Uai,
    filed: Sequence[Filed],
    *,
    accept: bool,
    reason: str,
) -> None:
    """One mail for each sheet to who proposed: answers, never values (mailboxes are shared)."""
    by_sheet: dict[tuple[UUID, UUID], list[Filed]] = defaultdict(list)
    for each in filed:
        by_sheet[each.proposal.maker.account_id, each.proposal.student_id].append(each)
    accounts = store.deciding.addressees({account_id for account_id, _student in by_sheet})
    known = {to.account_id: to for to in accounts}
    school = tx.roster.establishment(uai)
    state = ProposalState.ACCEPTED if accept else ProposalState.REFUSED
    mails = [
        (
            known[account_id],
            {
                "school": school.name if school else "",
                "student": mine[0].student,
                "lines": "\n".join(
                    decision_line(each.proposal.person.kind, each.proposal.field, state, reason)
                    for each in mine
                ),
            },
        )
        for (account_id, _student), mine in by_sheet.items()
        if account_id in known
    ]
    send_all(site, tx, "fiche.decided", mails)
