"""What readers know of marks: say what one has seen, and what is new to him since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from attrs import evolve, frozen

from teleservices_core.domain.accounts import Account, Audience
from teleservices_core.domain.families import Child
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.usecases.answers import ModuleAnswer
from teleservices_core.usecases.home import children_with, family_of
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.model import Assessment, PublicationPlan, Reader
from teleservices_notes.rules import (
    YEAR,
    MarkBook,
    Shown,
    Viewpoint,
    fingerprint,
    learn,
    mark_book,
    rule_for,
)
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.reader_ports import OpensReaders, ReaderStore
from teleservices_notes.usecases.reading import audience_of, shown_book


@frozen
class Followed:
    """A child of an account: what it may see of his marks now, and what it knows of them."""

    child: Child
    plan: PublicationPlan
    shown: tuple[Shown, ...]
    reader: Reader


@frozen
class FamilyMember:
    """A child on the page of all children, open or closed with the reason."""

    child: Child
    answer: ModuleAnswer
    book: MarkBook | None = None
    """None where the module is closed."""
    reader: Reader | None = None


def followed(
    site: Site,
    store: ReaderStore,
    families: Mapping[UUID, Iterable[Child]],
    at: datetime,
) -> Mapping[UUID, list[Followed]]:
    """What accounts may see at an instant of children for whom the module is open to them.

    Four statements, whatever their number.
    """
    children = [child for found in families.values() for child in found]
    if not children:
        return {account_id: [] for account_id in families}
    students = {child.student.id for child in children}
    entries = store.entries(students, {child.schooling.school_year for child in children})
    plans = store.plans({_place(child) for child in children})
    known = {
        (each.account_id, each.student_id, each.school_year): each
        for each in store.readers(students, families.keys())
    }
    eyes: dict[tuple[Uai, SchoolYear, Audience], Viewpoint] = {}
    seen: dict[tuple[UUID, Uai, SchoolYear, Audience], tuple[Shown, ...]] = {}

    def of(account_id: UUID, child: Child) -> Followed:
        place, audience = _place(child), audience_of(child)
        key = child.student.id, *place, audience
        if key not in seen:
            view = eyes.setdefault(
                (*place, audience),
                Viewpoint(plans[place], audience, at, site.academie.zone),
            )
            here = [e for e in entries[child.student.id] if _is_at(e.assessment, place)]
            seen[key] = tuple(view.look(here))
        nothing = Reader(child.student.id, account_id, place[1])
        reader = known.get((account_id, child.student.id, place[1]), nothing)
        return Followed(child, plans[place], seen[key], reader)

    return {
        account_id: [of(account_id, child) for child in found]
        for account_id, found in families.items()
    }


def _place(child: Child) -> tuple[Uai, SchoolYear]:
    return child.schooling.uai, child.schooling.school_year


def _is_at(assessment: Assessment, place: tuple[Uai, SchoolYear]) -> bool:
    return (assessment.uai, assessment.school_year) == place


def reader_marks(
    site: Site, account: Account, child: Child, opens: OpensReaders, period: str = YEAR
) -> tuple[MarkBook, Reader]:
    """What an account sees now of a child's marks, and what it had seen: one statement.

    As :func:`.reading.student_marks`.
    """
    schooling = child.schooling
    with site.database.reading() as tx:
        plan, entries, reader = opens(tx.connection).of_reader(
            child.student.id, schooling.uai, schooling.school_year, account.id
        )
    return shown_book(site, child, plan, entries, period), reader


def family_marks(site: Site, viewer: Viewer, opens: OpensReaders) -> list[FamilyMember]:
    """Every child of an account with what it sees of his marks, or why it sees none.

    Six statements, whatever the number of children and establishments. A child
    whom the module does not concern is left out.
    """
    account = viewer.account
    with site.database.reading() as tx:
        answers = [
            (found.child, answer)
            for found in family_of(site, tx, account)
            for answer in found.modules
            if answer.decision.module.id == MODULE_ID
        ]
        open_ = [child for child, answer in answers if answer.is_open]
        found = followed(site, opens(tx.connection), {account.id: open_}, site.now())
    seen = {each.child.student.id: each for each in found[account.id]}
    return [_member(child, answer, seen.get(child.student.id)) for child, answer in answers]


def _member(child: Child, answer: ModuleAnswer, seen: Followed | None) -> FamilyMember:
    if seen is None:
        return FamilyMember(child, answer)
    rule = rule_for(seen.plan, audience_of(child), child.schooling.class_group)
    return FamilyMember(child, answer, mark_book(seen.shown, seen.plan, rule), seen.reader)


def note_seen(
    site: Site, viewer: Viewer, student_id: UUID, shown: str, opens: OpensReaders
) -> None:
    """Note that the account has seen what a child's page showed: its :func:`.fingerprint`.

    Raises :exc:`NotFoundError` where the module is not open to the account for
    that student, :exc:`ConflictError` if the page would now show something else,
    which nobody has seen yet.
    """
    account, now = viewer.account, site.now()
    with site.database.writing() as tx:
        families = children_with(site, tx, [account], MODULE_ID)
        mine = [child for child in families[account.id] if child.student.id == student_id]
        if not mine:
            raise NotFoundError("no such student for this account")
        store = opens(tx.connection)
        (found,) = followed(site, store, {account.id: mine}, now)[account.id]
        if fingerprint(found.shown) != shown:
            raise ConflictError("other marks are shown meanwhile")
        known = learn(found.reader.seen, found.shown)
        store.note_seen([evolve(found.reader, seen=known, seen_at=now)])
        uai = found.child.schooling.uai
        tx.audit.add(audited("notes.seen", now, viewer, uai=uai, subject_id=student_id))
