"""« Tout est exact », errors told to the school, and the receipts of both."""

from __future__ import annotations

from uuid import UUID

from attrs import frozen

from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.usecases.once_more import JUST_NOW
from teleservices_core.usecases.site import Site, audited
from teleservices_fiche.model import (
    Confirmation,
    PersonKind,
    Proposal,
    Receipt,
    ReceiptKind,
    Report,
)
from teleservices_fiche.rules.papers import confirmation_digest, is_genuine, read_number
from teleservices_fiche.usecases.ports import Opens, Store
from teleservices_fiche.usecases.reading import Line, Sheet, SheetPart, read_sheet
from teleservices_fiche.usecases.sending import new_number

MOST_REPORTS = 10
"""Open reports of one person about one sheet."""
MESSAGE_LENGTH = 500


def confirm(site: Site, viewer: Viewer, student_id: UUID, opens: Opens, *, seen: str) -> Receipt:
    """Say that all one reads in the sheet is exact, one's waiting changes aside.

    ``seen`` is the digest of the page. Raises :exc:`RefusedError` with code
    ``moved`` when it shows something else by now, ``not_yours`` for a minor. Who says so
    twice at once gets the same receipt.
    """
    with site.database.writing() as tx:
        tx.accounts.hold(viewer.account.id)
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, viewer.account, student_id, store)
        if not sheet.may_confirm:
            raise RefusedError("not_yours")
        if sheet.seen != seen:
            raise RefusedError("moved")
        schooling, number = sheet.child.schooling, new_number()
        if (said_already := _just_said(site, store, sheet)) is not None:
            return said_already
        said = Confirmation(
            student_id=student_id,
            holder_id=sheet.maker.person.id,
            uai=schooling.uai,
            school_year=schooling.school_year,
            at=site.now(),
            number=number,
            digest=sheet.seen,
        )
        receipt = Receipt(
            number=number,
            digest=confirmation_digest(said),
            kind=ReceiptKind.CONFIRMATION,
            issued_at=site.now(),
            account_id=viewer.account.id,
            holder_id=said.holder_id,
            student_id=student_id,
            uai=schooling.uai,
            school_year=schooling.school_year,
        )
        store.papers.confirm(said)
        store.papers.add_receipt(receipt)
        tx.audit.add(
            audited(
                "fiche.confirmed",
                site.now(),
                viewer,
                uai=schooling.uai,
                subject_id=student_id,
                receipt=number,
            )
        )
    return receipt


def _just_said(site: Site, store: Store, sheet: Sheet) -> Receipt | None:
    schooling = sheet.child.schooling
    confirmed = store.papers.confirmations(
        sheet.child.student.id, schooling.uai, schooling.school_year
    )
    last = confirmed.get(sheet.maker.person.id)
    if last is None or last.digest != sheet.seen or site.now() - last.at > JUST_NOW:
        return None
    receipt = store.papers.receipt(last.number)
    mine = receipt is not None and receipt.account_id == sheet.maker.account_id
    return receipt if mine else None


def reportable(sheet: Sheet, person: str, code: str) -> tuple[SheetPart, Line]:
    """A field that the reader sees and may not change. Raises :exc:`NotFoundError` for another."""
    part = next((each for each in sheet.parts if each.person.kind == person), None)
    line = part.line(code) if part else None
    if part is None or line is None or part.part.may_edit(code):
        raise NotFoundError(f"no field {person}.{code} to report")
    return part, line


def report_error(
    site: Site,
    viewer: Viewer,
    student_id: UUID,
    person: PersonKind,
    code: str,
    message: str,
    opens: Opens,
) -> Report:
    """Tell the school of an error that families cannot correct here.

    Who tells twice at once tells once. Raises :exc:`RefusedError` with code ``too_many``
    when so many wait already.
    """
    with site.database.writing() as tx:
        tx.accounts.hold(viewer.account.id)
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, viewer.account, student_id, store)
        part, _line = reportable(sheet, person, code)
        told = store.papers.reports_of(sheet.maker.person.id, student_id)
        for each in told:
            same = (each.person.kind, each.field, each.message) == (person, code, message)
            if same and each.closed_at is None and site.now() - each.made_at <= JUST_NOW:
                return each
        if sum(each.closed_at is None for each in told) >= MOST_REPORTS:
            raise RefusedError("too_many")
        schooling = sheet.child.schooling
        report = Report(
            id=site.new_id(),
            uai=schooling.uai,
            school_year=schooling.school_year,
            student_id=student_id,
            person=part.person,
            field=code,
            message=message,
            maker=sheet.maker,
            made_at=site.now(),
        )
        store.papers.add_report(report)
        tx.audit.add(
            audited(
                "fiche.reported",
                site.now(),
                viewer,
                uai=schooling.uai,
                subject_id=student_id,
                field=f"{person}.{code}",
            )
        )
    return report


@frozen
class Paper:
    """A receipt with what it is about."""

    receipt: Receipt
    sheet: Sheet
    proposals: tuple[Proposal, ...] = ()


def receipt_of(site: Site, viewer: Viewer, student_id: UUID, number: str, opens: Opens) -> Paper:
    """One of the reader's receipts. Raises :exc:`NotFoundError` for another's, or none."""
    with site.database.reading() as tx:
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, viewer.account, student_id, store)
        receipt = store.papers.receipt(number)
        if receipt is None or (receipt.holder_id, receipt.student_id) != (
            sheet.maker.person.id,
            student_id,
        ):
            raise NotFoundError("no such receipt of this account")
        sent = store.proposals.of_receipt(number)
    return Paper(receipt, sheet, tuple(sent))


@frozen
class History:
    """All that somebody has done about a sheet, latest first."""

    sheet: Sheet
    proposals: tuple[Proposal, ...]
    receipts: tuple[Receipt, ...]
    reports: tuple[Report, ...]


def history_of(site: Site, viewer: Viewer, student_id: UUID, opens: Opens) -> History:
    """What the reader has proposed, confirmed and reported."""
    with site.database.reading() as tx:
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, viewer.account, student_id, store)
        holder = sheet.maker.person.id
        receipts = store.papers.receipts_of(holder, student_id)
        reports = store.papers.reports_of(holder, student_id)
    return History(sheet, tuple(reversed(sheet.made)), tuple(receipts), tuple(reports))


def check_receipt(site: Site, number: str, digest: str, opens: Opens) -> Receipt | None:
    """The receipt that has both number and digest; None for anything else, whichever is wrong.

    Says nothing that who holds the receipt does not hold: callers show its date only.
    """
    with site.database.reading() as tx:
        found = opens(tx.connection).papers.receipt(read_number(number))
    return found if is_genuine(found, digest) else None
