"""Write to families of what has appeared: at publication, never at entry.

A run looks at the accounts that are due, some at a time; each batch commits
what it found with the mails, so that a run may be stopped, killed, repeated or
doubled: whoever holds an account first writes to it, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from hmac import compare_digest
from typing import Any, Final
from uuid import UUID

from attrs import define, evolve, frozen

from teleservices_core.contributions import DataScope
from teleservices_core.domain.accounts import Account
from teleservices_core.domain.families import Child
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import RefusedError
from teleservices_core.hashing import stop_secret
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.ports.upkeep import Parcel
from teleservices_core.usecases.home import children_with
from teleservices_core.usecases.site import Site, audited
from teleservices_notes.digest_words import choice_words, news_lines, news_title
from teleservices_notes.model import DigestChoice, Frequency
from teleservices_notes.rules import SubjectNews, learn, may_write, news, next_due
from teleservices_notes.usecases.following import Followed, followed
from teleservices_notes.usecases.opened import MODULE_ID
from teleservices_notes.usecases.reader_ports import DigestStore, OpensDigests

BATCH: Final = 100
"""Accounts held at once."""
_MANY: Final = 2_000
"""Accounts given a row at once."""
KIND: Final = "notes.digest"


@define
class DigestReport:
    """What a run did, or would do."""

    due: int = 0
    looked_at: int = 0
    mails: int = 0
    marks: int = 0
    """Marks announced, once for each reader."""
    is_held: bool = False
    """Whether nothing was done, since people sleep."""
    is_finished: bool = True


@frozen
class ChildNews:
    """What a mail says of one child."""

    child: Child
    subjects: tuple[SubjectNews, ...]


def run_digests(
    site: Site,
    opens: OpensDigests,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> DigestReport:
    """Write to the accounts that are due now; nothing between nine in the evening and seven.

    ``progress`` receives how many accounts of how many were looked at.
    """
    now, report = site.now(), DigestReport()
    if not may_write(now, site.academie.zone):
        report.is_held = True
        return report
    if not dry_run:
        _enroll_all(site, opens, is_stopping)
    with site.database.reading() as tx:
        store = opens(tx.connection)
        due = store.due(now, site.school_year())
        if dry_run:
            due += [id_ for id_, since in store.unenrolled(now, _MANY) if _is_due(site, since)]
    report.due = len(due)
    for start in range(0, len(due), BATCH):
        if is_stopping():
            report.is_finished = False
            break
        batch = due[start : start + BATCH]
        with site.database.reading() if dry_run else site.database.writing() as tx:
            _look_at(site, tx, opens(tx.connection), batch, report, dry_run=dry_run)
        report.looked_at += len(batch)
        progress(report.looked_at, report.due)
    return report


def _is_due(site: Site, since: Any) -> bool:
    due_at = next_due(DigestChoice(), since, site.academie.zone)
    return due_at is not None and due_at <= site.now()


def _enroll_all(site: Site, opens: OpensDigests, is_stopping: Callable[[], bool]) -> None:
    """Give a row to every account that may be written to: due first after its activation."""
    while not is_stopping():
        with site.database.writing() as tx:
            store = opens(tx.connection)
            found = store.unenrolled(site.now(), _MANY)
            store.enroll(
                (id_, DigestChoice(), next_due(DigestChoice(), since, site.academie.zone))
                for id_, since in found
            )
        if len(found) < _MANY:
            return


def _look_at(
    site: Site,
    tx: Transaction,
    store: DigestStore,
    account_ids: Sequence[UUID],
    report: DigestReport,
    *,
    dry_run: bool,
) -> None:
    now, zone = site.now(), site.academie.zone
    choices = {each: DigestChoice() for each in account_ids}
    if not dry_run:
        choices = dict(store.claim(account_ids, now))
    accounts = tx.accounts.several(choices.keys())
    found = followed(site, store, children_with(site, tx, accounts, MODULE_ID), now)
    parcels, learned = [], []
    for account in accounts:
        told = [each for each in map(_child_news, found[account.id]) if each.subjects]
        if told:
            parcels.append(_parcel(site, account, told))
            learned += [
                evolve(each.reader, told=learn(each.reader.told, each.shown))
                for each in found[account.id]
            ]
        report.marks += sum(s.new + s.corrected for each in told for s in each.subjects)
    report.mails += len(parcels)
    if not dry_run:
        tx.outbox.add_all(parcels)
        store.note_told(learned, now)
        store.postpone((id_, next_due(choice, now, zone)) for id_, choice in choices.items())


def _child_news(each: Followed) -> ChildNews:
    found = news(each.shown, each.reader.seen, each.reader.told)
    return ChildNews(each.child, tuple(found))


def _parcel(site: Site, account: Account, told: Collection[ChildNews]) -> Parcel:
    now = site.now()
    return Parcel(
        id=site.new_id(),
        kind=KIND,
        to_address=account.email or "",
        context={
            "name": account.display_name,
            "title": news_title(each.subjects for each in told),
            "lines": "\n".join(
                line
                for each in told
                for line in news_lines(
                    each.subjects, each.child.student.first_name if each.child.link else ""
                )
            ),
        },
        created_at=now,
        due_at=now,
        account_id=account.id,
    )


def digest_choice(site: Site, viewer: Viewer, opens: OpensDigests) -> DigestChoice:
    """How often an account is written to: one statement."""
    with site.database.reading() as tx:
        return opens(tx.connection).choice(viewer.account.id)


def set_digest_choice(
    site: Site, viewer: Viewer, before: DigestChoice, after: DigestChoice, opens: OpensDigests
) -> None:
    """Choose how often to be written to, from now on.

    Who wanted nothing is written of what appears from now on, not of what he
    had not wanted. Raises :exc:`ConflictError` if the choice is no longer ``before``.
    """
    with site.database.writing() as tx:
        tx.accounts.hold(viewer.account.id)
        store = opens(tx.connection)
        if before != after and store.choice(viewer.account.id) == after:
            # Who clicks twice has chosen it already.
            return
        _replace(site, tx, store, viewer.account, before, after, viewer)


def _replace(
    site: Site,
    tx: Transaction,
    store: DigestStore,
    account: Account,
    before: DigestChoice,
    after: DigestChoice,
    viewer: Viewer | None,
) -> None:
    now = site.now()
    store.replace_choice(account.id, before, after, next_due(after, now, site.academie.zone))
    if before.frequency is Frequency.OFF:
        found = followed(site, store, children_with(site, tx, [account], MODULE_ID), now)
        store.note_told(
            [
                evolve(each.reader, told=learn(each.reader.told, each.shown))
                for each in found[account.id]
            ],
            now,
        )
    tx.audit.add(
        audited(
            "notes.digest_set",
            now,
            viewer,
            subject_id=account.id,
            before=before.frequency.value,
            after=after.frequency.value,
        )
    )


def whose_stop(site: Site, account_id: UUID, secret: str, opens: OpensDigests) -> DigestChoice:
    """The choice of the account whose mail carried a link to stop them; changes nothing.

    Raises :exc:`RefusedError` ``link_unknown`` for a link that no mail carried, or
    that went to an address that is no longer the account's.
    """
    with site.database.reading() as tx:
        _owner(site, tx, account_id, secret)
        return opens(tx.connection).choice(account_id)


def stop_digests(site: Site, account_id: UUID, secret: str, opens: OpensDigests) -> None:
    """Write no more to who followed the link of a mail. Raises as :func:`whose_stop`."""
    with site.database.writing() as tx:
        account = _owner(site, tx, account_id, secret)
        store = opens(tx.connection)
        before = store.choice(account_id)
        if before.frequency is not Frequency.OFF:
            after = evolve(before, frequency=Frequency.OFF)
            _replace(site, tx, store, account, before, after, None)


def _owner(site: Site, tx: Transaction, account_id: UUID, secret: str) -> Account:
    account = tx.accounts.get(account_id)
    if account is not None and account.email:
        key = site.settings.secret_key
        expected = stop_secret(key, KIND, account.id, account.email)
        if compare_digest(expected.encode(), secret.encode()):
            return account
    raise RefusedError("link_unknown")


def export_reading(tx: Transaction, scope: DataScope, opens: OpensDigests) -> dict[str, Any]:
    """What the account said to have seen, what it was written of, and how often it wants to be."""
    store = opens(tx.connection)
    names = {child.student.id: child.student.full_name for child in scope.children}
    return {
        _("messages sur les nouvelles notes"): choice_words(store.choice(scope.account.id)),
        _("notes vues"): [
            {
                _("élève"): names[each.student_id],
                _("année scolaire"): str(each.school_year),
                _("vues le"): each.seen_at,
                _("nombre de notes vues"): len(each.seen.latest),
                _("nombre de notes annoncées par message"): len(each.told.latest),
            }
            for each in store.readers(names.keys(), [scope.account.id])
        ],
    }
