"""« Je ne suis pas le responsable de cet élève », and what the school makes of it.

The link is barred at once for who denies it; the school confirms, or restores
it. A school may also end a wrong link by itself. Nothing is deleted, and no
later import undoes a decision.
"""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.attachments import (
    Attachment,
    LinkReport,
    Pupil,
    ReportState,
    barred,
    restored,
)
from teleservices_core.domain.families import Child
from teleservices_core.domain.roster import Responsibility
from teleservices_core.domain.standing import speaks_of
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.home import known_children
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.rights import require_school
from teleservices_core.usecases.site import Site, audited

FOUND = 20
"""Students that a search shows; more of them call for a longer name."""


def children_seen(site: Site, viewer: Viewer) -> list[Child]:
    """The children whom a guardian's account gives access to, from the first login on."""
    if not viewer.is_guardian:
        return []
    with site.database.reading() as tx:
        return known_children(site, tx, viewer.account)


def child_seen(site: Site, viewer: Viewer, student_id: UUID) -> Child:
    """One of them. Raises :exc:`NotFoundError` for any other student."""
    for child in children_seen(site, viewer):
        if child.student.id == student_id:
            return child
    raise NotFoundError("no such student for this account")


def report_wrong_link(site: Site, viewer: Viewer, student_id: UUID) -> Child | None:
    """Bar the guardian's own link with a student, and ask the school.

    Returns the child, whom the account no longer shows; None for one that it has denied
    already. Raises :exc:`NotFoundError` as :func:`child_seen`.
    """
    try:
        return _bar(site, viewer, child_seen(site, viewer, student_id))
    except (NotFoundError, ConflictError):
        with site.database.reading() as tx:
            denied = {each.student_id for each in tx.attachments.reports(viewer.account.id)}
        if student_id not in denied:
            raise
        return None


def _bar(site: Site, viewer: Viewer, child: Child) -> Child:
    now, today = site.now(), site.academie.today(site.now())
    student_id, uai = child.student.id, child.establishment.uai
    with site.database.writing() as tx:
        account = tx.accounts.get(viewer.account.id)
        held = account.holder_ids if account else ()
        links = [link for link in tx.attachments.links(student_id, held) if link.holds_on(today)]
        if not links:
            raise NotFoundError("no such student for this account")
        for link in links:
            tx.attachments.replace(link, barred(link, today))
            tx.attachments.report(
                LinkReport(site.new_id(), viewer.account.id, link.adult_id, student_id, uai, now)
            )
        tx.audit.add(
            audited(
                "link.denied",
                now,
                viewer,
                uai=uai,
                subject_id=viewer.account.id,
                student=str(student_id),
            )
        )
    return child


@frozen
class Reports:
    """What a school is asked, and the students found by name."""

    reported: tuple[Attachment, ...]
    found: tuple[Pupil, ...]
    too_many: bool = False


def look_for(site: Site, uai: Uai, words: str) -> Reports:
    """The open reports of a school, and its students whose name has the words typed."""
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.reading() as tx:
        reported = tx.attachments.reported(uai, year, today)
        pupils = tx.attachments.pupils(uai, year, today) if words.strip() else []
    found = [pupil for pupil in pupils if speaks_of(words, [pupil.name])]
    return Reports(tuple(reported), tuple(found[:FOUND]), len(found) > FOUND)


def attachments_of(site: Site, uai: Uai, student_id: UUID) -> tuple[Pupil, list[Attachment]]:
    """A student of the school with every link. Raises :exc:`NotFoundError` for any other."""
    year, today = site.school_year(), site.academie.today(site.now())
    with site.database.reading() as tx:
        pupil = tx.attachments.pupil(uai, year, today, student_id)
        if pupil is None:
            raise NotFoundError(f"no student {student_id} in {uai}")
        return pupil, tx.attachments.of_pupil(uai, year, today, student_id)


def end_link(
    site: Site, viewer: Viewer, uai: Uai, student_id: UUID, adult_id: UUID, reason: str = ""
) -> None:
    """The attachment is wrong: bar the link, or leave it barred and say so.

    ``reason`` is kept in the journal; needed unless the adult has denied the
    link. Raises :exc:`NotAllowedError`, :exc:`NotFoundError`,
    :exc:`RefusedError` ``reason_needed`` or ``already_so``.
    """
    today = site.academie.today(site.now())
    with site.database.writing() as tx:
        link = _link_here(site, tx, viewer, uai, student_id, adult_id)
        answered = _answer(site, tx, viewer, link, ReportState.WRONG)
        if link.is_barred and not answered:
            raise RefusedError("already_so")
        if not answered and not reason.strip():
            raise RefusedError("reason_needed")
        if not link.is_barred:
            tx.attachments.replace(link, barred(link, today))
        _note(site, tx, viewer, uai, link, "link.ended", reason=reason.strip())


def restore_link(site: Site, viewer: Viewer, uai: Uai, student_id: UUID, adult_id: UUID) -> None:
    """The attachment is right after all: the link gives its rights again.

    Raises :exc:`NotAllowedError`, :exc:`NotFoundError`, or
    :exc:`RefusedError` ``already_so``.
    """
    with site.database.writing() as tx:
        link = _link_here(site, tx, viewer, uai, student_id, adult_id)
        _answer(site, tx, viewer, link, ReportState.RIGHT)
        if not link.is_barred:
            raise RefusedError("already_so")
        tx.attachments.replace(link, restored(link))
        _note(site, tx, viewer, uai, link, "link.restored")


def _link_here(
    site: Site, tx: Transaction, viewer: Viewer, uai: Uai, student_id: UUID, adult_id: UUID
) -> Responsibility:
    require_school(site, tx, viewer.account, uai)
    today = site.academie.today(site.now())
    pupil = tx.attachments.pupil(uai, site.school_year(), today, student_id)
    links = tx.attachments.links(student_id, [adult_id])
    if pupil is None or not links:
        raise NotFoundError(f"no such link in {uai}")
    return links[0]


def _answer(
    site: Site, tx: Transaction, viewer: Viewer, link: Responsibility, state: ReportState
) -> bool:
    """Answer the report about a link, if one waits; before anything is done to the link."""
    waits = tx.attachments.is_denied(link.student_id, link.adult_id)
    answered = tx.attachments.answer(link.student_id, link.adult_id, state, site.now(), viewer.name)
    if waits and not answered:
        raise RefusedError("already_so")
    return answered


def _note(
    site: Site,
    tx: Transaction,
    viewer: Viewer,
    uai: Uai,
    link: Responsibility,
    action: str,
    **detail: str,
) -> None:
    account = _account_of(tx, link.adult_id)
    tx.audit.add(
        audited(
            action,
            site.now(),
            viewer,
            uai=uai,
            subject_id=account.id if account else link.student_id,
            student=str(link.student_id),
            adult=str(link.adult_id),
            **detail,
        )
    )
    school = tx.roster.establishment(uai)
    if account is not None and account.email and school is not None:
        send_mail(
            site,
            tx,
            f"core.{action.replace('.', '_')}",
            account.email,
            account=account,
            name=account.display_name,
            school=school.name,
        )


def _account_of(tx: Transaction, person_id: UUID) -> Account | None:
    held = tx.accounts.holders_of([person_id])
    return tx.accounts.get(held[person_id]) if person_id in held else None
