"""Do again, to a database brought back from a backup, what must not be undone by that.

An act that ended something, and that the backup does not know, is done again: of several
about the same, the last one counts. What only people can do again, such as an import, is
told. A test holds that every act of the core's is of one of these kinds, or harmless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from attrs import evolve

from teleservices_core.contributions import Erasure
from teleservices_core.domain.accounts import Account, AccountEvent, AccountState, Audience
from teleservices_core.domain.attachments import barred
from teleservices_core.domain.incidents import Population
from teleservices_core.domain.lifecycle import closed
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import CutOff
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ConflictError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.ports import Transaction
from teleservices_core.usecases.erasing import headings
from teleservices_core.usecases.grouping import separate
from teleservices_core.usecases.noted_acts import NotedAct, Persons
from teleservices_core.usecases.site import Site, audited

RESTORED: Final = "site.restored"
_CLOSED: Final = ("account.closed",)
_READDRESSED: Final = ("account.email_confirmed", "account.email_undone")
_REKEYED: Final = (
    "account.claimed",
    "account.grouped",
    "account.password_changed",
    "account.password_renewed",
    "account.reissued",
)
_UNFACTORED: Final = ("account.factor_removed", "account.factor_reset")
_NO_TELEPHONE: Final = ("account.factor_set", "account.telephone_removed")
_NO_KEY: Final = ("account.key_removed",)
_CODES: Final = ("account.recovery_codes_made", "account.recovery_code_used")
_UNLINKED: Final = ("identity.unlinked",)
_UNGROUPED: Final = ("account.ungrouped",)
_LOCKED: Final = ("hotline.lock",)
_UNLOCKED: Final = ("hotline.unlock", "account.unlocked", "account.reissued")
_BARRED: Final = ("link.denied", "link.ended")
_UNBARRED: Final = ("link.restored",)
_WITHDRAWN: Final = ("delegation.ended",)
_CUT: Final = ("plugin.cut",)
_UNCUT: Final = ("plugin.restored",)
_RENEWED: Final = ("incident.renewal",)
_ERASED: Final = ("data.erased", "data.expired")
TOLD: Final = (
    "campaign.added",
    "campaign.cancelled",
    "campaign.changed",
    "data.left_dropped",
    "delegation.given",
    "establishment.joined",
    "establishment.left",
    "establishments.imported",
    "letters.issued",
    "match.different",
    "match.same",
    "module.allowed",
    "module.closed",
    "module.forbidden",
    "module.imposed",
    "module.inherited",
    "module.open",
    "module.options",
    "roster.imported",
    "roster.undone",
    "school.page_saved",
    "staff.imported",
)
"""What schools and the académie did, and have to do again."""
NOTED: Final = tuple(
    {
        *(RESTORED, *_CLOSED, *_READDRESSED, *_REKEYED, *_UNLINKED, *_UNGROUPED, *_LOCKED),
        *(*_UNLOCKED, *_BARRED, *_UNBARRED, *_WITHDRAWN, *_CUT, *_UNCUT),
        *(*_RENEWED, *_ERASED, *_CODES, *TOLD),
        *(*_UNFACTORED, *_NO_TELEPHONE, *_NO_KEY),
    }
)
"""Acts of the journal that the ledger keeps."""


def replay(
    site: Site, tx: Transaction, acts: Sequence[NotedAct], persons: Persons, nobodys_hash: str
) -> tuple[Counter[str], tuple[str, ...]]:
    """Do acts again, given from the oldest; counts, and the headings that could not be erased.

    ``nobodys_hash`` takes the place of passwords that must not live again.
    """
    now = site.now()
    counts = Counter[str]()
    counts["ungrouped"] = _separate(site, tx, persons.of_acts(acts, _UNGROUPED))
    counts["closed"] = _close(tx, persons.of_acts(acts, _CLOSED), now)
    counts["readdressed"] = _close(
        tx, persons.of_acts(acts, _READDRESSED), now, lambda account: bool(account.email)
    )
    rekeyed = sorted(persons.of_acts(acts, _REKEYED))
    counts["passwords"] = tx.restoring.kill_passwords(rekeyed, nobodys_hash)
    for each in rekeyed:
        tx.audit.add(audited("account.password_ended", now, None, subject_id=each))
    counts["factors"] = _drop_factors(tx, acts, persons)
    for each in sorted(persons.of_acts(acts, _CODES)):
        tx.factors.drop_codes(each)
    counts["locked"] = _lock(tx, persons.last(acts, _LOCKED, _UNLOCKED), now)
    unlinked = sorted(persons.of_acts(acts, _UNLINKED))
    counts["identities"] = tx.restoring.drop_identities(unlinked)
    counts["links_ended"] = _bar(site, tx, acts, persons)
    counts["delegations"] = _withdraw(tx, acts, now)
    counts["plugins"] = _cut(tx, acts, now)
    counts["to_renew"] = _renew(site, tx, acts)
    counts["erased"], not_erased = _erase(site, tx, acts, persons)
    return +counts, not_erased


def _why() -> str:
    return _("Ainsi avant la remise en place d’une sauvegarde")


def _accounts(tx: Transaction, ids: Iterable[UUID]) -> list[Account]:
    return [account for each in sorted(ids) if (account := tx.accounts.get(each)) is not None]


def _separate(site: Site, tx: Transaction, account_ids: Iterable[UUID]) -> int:
    number = 0
    for account in _accounts(tx, account_ids):
        grouping = tx.groupings.out_of(account.id)
        if grouping is not None:
            with suppress(ConflictError, RefusedError):
                separate(site, tx, None, grouping, in_time=False)
                number += 1
    return number


def _close(
    tx: Transaction,
    account_ids: Iterable[UUID],
    at: datetime,
    may: Callable[[Account], bool] = lambda _account: True,
) -> int:
    number = 0
    for account in _accounts(tx, account_ids):
        if account.state is not AccountState.CLOSED and may(account):
            tx.accounts.replace(account, closed(account))
            tx.lifecycle.erase([account.id])
            tx.audit.add(audited("account.closed", at, None, subject_id=account.id, reason=_why()))
            number += 1
    return number


def _drop_factors(tx: Transaction, acts: Iterable[NotedAct], persons: Persons) -> int:
    """Let no telephone or key live again that was replaced or taken away: it may be a thief's."""
    touched: dict[UUID, None] = {}
    for act in acts:
        for subject in persons.of_act(act)[:1]:
            if act.action in _UNFACTORED:
                tx.factors.remove(subject)
            elif act.action in _NO_TELEPHONE:
                tx.factors.remove_telephone(subject)
                tx.factors.drop_codes(subject)
            elif act.action in _NO_KEY:
                tx.factors.remove_key(subject, UUID(act.detail["key"]))
            else:
                continue
            touched[subject] = None
    number = 0
    for account in _accounts(tx, touched):
        if tx.factors.get(account.id) is None and not tx.factors.keys(account.id):
            tx.factors.drop_codes(account.id)
            if account.factor_since is not None:
                tx.accounts.replace(account, evolve(account, factor_since=None))
                number += 1
    return number


def _lock(tx: Transaction, account_ids: Iterable[UUID], at: datetime) -> int:
    number = 0
    for account in _accounts(tx, account_ids):
        if account.state is AccountState.ACTIVE:
            locked = evolve(account.after(AccountEvent.LOCK), epoch=account.epoch + 1)
            tx.accounts.replace(account, locked)
            tx.audit.add(audited("hotline.lock", at, None, subject_id=account.id, reason=_why()))
            number += 1
    return number


def _bar(site: Site, tx: Transaction, acts: Iterable[NotedAct], persons: Persons) -> int:
    today = site.academie.today(site.now())
    is_barred: dict[tuple[UUID, UUID], bool] = {}
    for act in acts:
        if act.action in _BARRED or act.action in _UNBARRED:
            known = persons.of_act(act)
            held = [holder for each in _accounts(tx, known) for holder in each.holder_ids]
            for student in known:
                for link in tx.attachments.links(student, {*known, *held}):
                    is_barred[link.student_id, link.adult_id] = act.action in _BARRED
    number = 0
    for (student, adult), is_so in is_barred.items():
        for link in tx.attachments.links(student, [adult]):
            if is_so and not link.is_barred:
                tx.attachments.replace(link, barred(link, today))
                tx.audit.add(
                    audited(
                        "link.ended",
                        site.now(),
                        None,
                        subject_id=student,
                        student=str(student),
                        adult=str(adult),
                        reason=_why(),
                    )
                )
                number += 1
    return number


def _withdraw(tx: Transaction, acts: Iterable[NotedAct], at: datetime) -> int:
    number = 0
    for act in acts:
        if act.action in _WITHDRAWN:
            # One given since the backup is not there, one that ended before has ended.
            uai, delegation = Uai(act.detail["uai"]), act.detail["delegation"]
            with suppress(ConflictError):
                tx.delegations.end(UUID(delegation), uai, at)
                tx.audit.add(audited("delegation.ended", at, None, uai=uai, delegation=delegation))
                number += 1
    return number


def _cut(tx: Transaction, acts: Iterable[NotedAct], at: datetime) -> int:
    is_cut = {
        act.detail["plugin"]: act.action in _CUT for act in acts if act.action in _CUT + _UNCUT
    }
    number = 0
    for plugin, is_so in is_cut.items():
        if is_so and tx.cut_offs.add(CutOff(plugin, at, reason=_why())):
            tx.audit.add(audited("plugin.cut", at, None, plugin=plugin, reason=_why()))
            number += 1
    return number


def _renew(site: Site, tx: Transaction, acts: Iterable[NotedAct]) -> int:
    year, today = site.school_year(), site.academie.today(site.now())
    return sum(
        tx.incidents.require_renewal(_population(act.detail), year, today)
        for act in acts
        if act.action in _RENEWED
    )


def _population(detail: Mapping[str, Any]) -> Population:
    uai, audience, since = (detail.get(name) for name in ("uai", "audience", "changed_since"))
    return Population(
        Uai(uai) if uai else None,
        Audience(audience) if audience else None,
        datetime.fromisoformat(since) if since else None,
    )


def _erase(
    site: Site, tx: Transaction, acts: Iterable[NotedAct], persons: Persons
) -> tuple[int, tuple[str, ...]]:
    erases = {data.id: data.erase for data in headings(site)}
    number = 0
    not_erased: dict[str, None] = {}
    for act in acts:
        if act.action not in _ERASED:
            continue
        about = frozenset(persons.of_act(act))
        if act.who and not about:
            # Not in the backup at all.
            continue
        erase = erases.get(act.detail["data"])
        if erase is None:
            not_erased[act.detail["data"]] = None
            continue
        up_to = act.detail.get("up_to")
        erasure = Erasure(about or None, SchoolYear.parse(up_to) if up_to else None)
        while rows := erase(tx, erasure):
            number += rows
    return number, tuple(not_erased)
