"""Send a draft to the school, or take a change back."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from uuid import UUID

from attrs import evolve

from teleservices_core.domain.credentials import LETTER_ALPHABET
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError, RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.once_more import JUST_NOW
from teleservices_core.usecases.site import Site, audited
from teleservices_fiche.model import Proposal, ProposalState, Receipt, ReceiptKind
from teleservices_fiche.rules.catalogue import catalogue
from teleservices_fiche.rules.papers import NUMBER_LENGTH, proposals_digest, show_digest
from teleservices_fiche.usecases.drafting import Change, changes_of
from teleservices_fiche.usecases.mails import tell_kin
from teleservices_fiche.usecases.ports import Opens, Store
from teleservices_fiche.usecases.reading import Sheet, read_sheet
from teleservices_fiche.words import field_words


def new_number() -> str:
    """A number for a receipt: drawn, so that it tells nothing and nobody guesses another's."""
    return "".join(secrets.choice(LETTER_ALPHABET) for _ in range(NUMBER_LENGTH))


def send(
    site: Site, viewer: Viewer, student_id: UUID, opens: Opens, *, version: int, seen: str
) -> Receipt:
    """Propose what the draft holds; groups that the school lets through are accepted at once.

    ``version`` and ``seen`` are those of the page that was read before. Raises
    :exc:`RefusedError` with code ``moved`` when anything of it has changed
    since, ``faulty`` or ``nothing``; nothing is written then. Who sends twice at once
    gets the same receipt.
    """
    with site.database.writing() as tx:
        tx.accounts.hold(viewer.account.id)
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, viewer.account, student_id, store)
        if sheet.seen != seen or sheet.draft.version != version:
            if (sent_already := _just_sent(site, store, sheet)) is not None:
                return sent_already
            raise RefusedError("moved")
        changes = changes_of(sheet)
        if changes.faulty:
            raise RefusedError("faulty")
        if not changes.made:
            raise RefusedError("nothing")
        receipt, sent = _record(site, store, sheet, changes.made)
        tx.audit.add(
            audited(
                "fiche.proposed",
                site.now(),
                viewer,
                uai=receipt.uai,
                subject_id=student_id,
                receipt=receipt.number,
                fields=[f"{each.person.kind}.{each.field}" for each in sent],
            )
        )
        _acknowledge(site, tx, viewer, sheet, receipt, sent)
        tell_kin(site, tx, store.base, receipt.uai, (e for e in sent if e.passed_straight))
    return receipt


def _just_sent(site: Site, store: Store, sheet: Sheet) -> Receipt | None:
    if sheet.draft.version != 0:
        return None
    receipts = store.papers.receipts_of(sheet.maker.person.id, sheet.child.student.id)
    last = next((each for each in receipts if each.kind is ReceiptKind.PROPOSALS), None)
    if last is None or last.account_id != sheet.maker.account_id:
        return None
    return last if site.now() - last.issued_at <= JUST_NOW else None


def _record(
    site: Site, store: Store, sheet: Sheet, made: Iterable[Change]
) -> tuple[Receipt, list[Proposal]]:
    now, number = site.now(), new_number()
    sent: list[Proposal] = []
    for change in made:
        if change.is_undoing and change.line.mine is not None:
            store.proposals.decide(change.line.mine, ProposalState.WITHDRAWN, now)
        else:
            sent.append(_proposal(site, sheet, change, f"{number}-{len(sent) + 1}"))
    store.proposals.add(number, sent)
    schooling = sheet.child.schooling
    receipt = Receipt(
        number=number,
        digest=proposals_digest(number, now, sent),
        kind=ReceiptKind.PROPOSALS,
        issued_at=now,
        account_id=sheet.maker.account_id,
        holder_id=sheet.maker.person.id,
        student_id=sheet.child.student.id,
        uai=schooling.uai,
        school_year=schooling.school_year,
    )
    store.papers.add_receipt(receipt)
    store.drafts.drop(sheet.draft)
    return receipt, sent


def _proposal(site: Site, sheet: Sheet, change: Change, number: str) -> Proposal:
    schooling, field = sheet.child.schooling, change.line.field
    waiting = Proposal(
        id=site.new_id(),
        number=number,
        uai=schooling.uai,
        school_year=schooling.school_year,
        student_id=sheet.child.student.id,
        person=change.person,
        field=field.code,
        seen=change.line.base,
        proposed=change.value,
        catalogue_version=catalogue().version,
        maker=sheet.maker,
        made_at=site.now(),
        shown=change.line.value,
    )
    if not sheet.options.lets_through(field) or change.line.beside:
        # Where somebody else of the family asks for another value, the school looks.
        return waiting
    return evolve(
        waiting, state=ProposalState.ACCEPTED, decided_at=site.now(), passed_straight=True
    )


def _acknowledge(
    site: Site,
    tx: Transaction,
    viewer: Viewer,
    sheet: Sheet,
    receipt: Receipt,
    sent: list[Proposal],
) -> None:
    """A mail to who sent: what was changed, by name of field; no value travels."""
    if viewer.account.email is None:
        return
    child = sheet.child
    tx.outbox.add(
        Parcel(
            id=site.new_id(),
            kind="fiche.received",
            to_address=viewer.account.email,
            context={
                "name": viewer.name,
                "student": child.student.first_name,
                "school": child.establishment.name,
                "lines": "\n".join(f"  - {field_words(e.person.kind, e.field)}" for e in sent),
                "number": receipt.number,
                "digest": show_digest(receipt.digest),
            },
            created_at=site.now(),
            due_at=site.now(),
            account_id=viewer.account.id,
        )
    )


def withdraw(
    site: Site, viewer: Viewer, student_id: UUID, proposal_id: UUID, opens: Opens
) -> Proposal:
    """Take back a change that nobody has decided; one taken back already stays so.

    Raises :exc:`NotFoundError` for a change that is not the reader's, and
    :exc:`ConflictError` when it is decided already.
    """
    with site.database.writing() as tx:
        tx.accounts.hold(viewer.account.id)
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, viewer.account, student_id, store)
        found = next((each for each in sheet.made if each.id == proposal_id), None)
        if found is None:
            raise NotFoundError("no such change of this account")
        if found.state is ProposalState.WITHDRAWN:
            return found
        if found.state is not ProposalState.WAITING:
            raise ConflictError("the change is decided already")
        done = store.proposals.decide(found, ProposalState.WITHDRAWN, site.now())
        tx.audit.add(
            audited(
                "fiche.withdrawn",
                site.now(),
                viewer,
                uai=found.uai,
                subject_id=student_id,
                number=found.number,
                field=f"{found.person.kind}.{found.field}",
            )
        )
    return done
