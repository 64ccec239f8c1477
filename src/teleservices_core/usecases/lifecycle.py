"""The daily run: warn, close what nobody uses, erase what is over (F31, F32).

Safe to run twice, side by side, and to stop at any time: each account is
decided again once it is held, and a batch commits with its mails, its audit
entries and the record of the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from attrs import define, evolve, frozen

from teleservices_core.contributions import PersonalData
from teleservices_core.domain.lifecycle import (
    REASONS,
    Act,
    Due,
    Expected,
    LifecycleRun,
    Standing,
    Terms,
    closed,
    due,
)
from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.throttling import FORGET_AFTER
from teleservices_core.errors import RefusedError
from teleservices_core.ports import Transaction
from teleservices_core.usecases.erasing import Expired, count_erased, erase_some, expired, failed
from teleservices_core.usecases.jobs import forget_jobs
from teleservices_core.usecases.links import send_mail
from teleservices_core.usecases.sealing import erase_journal, seal_journal
from teleservices_core.usecases.site import Site, audited

BATCH: Final = 50
"""Accounts held at once: how long a sign-in may have to wait."""
_MANY: Final = 1_000
"""Rows read, or erased, at once."""
LARGEST_SHARE: Final = 10
"""Percent of the living accounts that a run may close,"""
SMALL_NUMBER: Final = 20
"""or any share, below this number."""
LONGEST_STOP: Final = timedelta(days=60)
"""A clock that jumped further is not believed."""


@frozen
class Plan:
    """What a run would do at an instant."""

    at: datetime
    living: int
    """Accounts that have something to lose."""
    acts: tuple[tuple[UUID, Act], ...]
    """By account, in the order of their ids."""
    counts: Counter[str]
    """``warned``, and the closed ones by reason."""
    refusal: RefusedError | None = None
    """Why it would be refused, unless forced."""

    @property
    def closed(self) -> int:
        """How many accounts would close."""
        return sum(act is Act.CLOSE for _id, act in self.acts)


def terms_of(site: Site) -> Terms:
    """How long accounts last on a site."""
    durations = site.settings.durations
    return Terms(
        unclaimed_days=durations.unclaimed_days,
        unused_days=durations.unused_days,
        warnings_days=durations.closing_warnings_days,
        zone=site.academie.zone,
    )


def plan_lifecycle(site: Site) -> Plan:
    """What a run would do now, without doing it."""
    now, terms = site.now(), terms_of(site)
    acts, counts = [], Counter[str]()
    with site.database.reading() as tx:
        last = tx.lifecycle.runs(1)
        living = tx.lifecycle.living()
        for standing in _candidates(tx, terms, now):
            act = due(standing, terms, now)
            if act is not None:
                acts.append((standing.account.id, act.act))
                counts[_named(standing, act)] += 1
    plan = Plan(now, living, tuple(acts), counts)
    return evolve(plan, refusal=_refusal(plan, last))


def _candidates(tx: Transaction, terms: Terms, at: datetime) -> Iterator[Standing]:
    # By id, so that two runs hold the accounts in one order.
    found = sorted(tx.lifecycle.candidates(terms, at))
    for start in range(0, len(found), _MANY):
        yield from tx.lifecycle.standings(found[start : start + _MANY])


def _named(standing: Standing, act: Due) -> str:
    return "warned" if act.act is Act.WARN else REASONS[standing.account.state]


def _refusal(plan: Plan, last: Sequence[LifecycleRun]) -> RefusedError | None:
    if last and plan.at < last[0].at:
        return RefusedError("clock_back", last=last[0].at)
    if last and plan.at - last[0].at > LONGEST_STOP:
        return RefusedError("clock_ahead", last=last[0].at)
    if plan.closed >= SMALL_NUMBER and 100 * plan.closed > LARGEST_SHARE * plan.living:
        return RefusedError("too_many", number=plan.closed, of=plan.living)
    return None


def run_lifecycle(
    site: Site,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    erasing: Callable[[PersonalData, int], None] = lambda _data, _rows: None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> LifecycleRun:
    """Warn, close and erase what is due now; returns the run as recorded.

    Raises :exc:`RefusedError` unless forced: ``clock_back`` or ``clock_ahead``
    (detail ``last``, the last run) when the clock is not to be believed,
    ``too_many`` (details ``number`` and ``of``) when more than a tenth of the
    accounts would close at once. ``progress`` receives how many acts of how
    many are done, ``erasing`` how many rows of a heading are gone so far. A run
    that is stopped has no end; the next one goes on.
    """
    plan = plan_lifecycle(site)
    if plan.refusal is not None and not force:
        raise plan.refusal
    run = _Run(site, LifecycleRun(site.new_id(), plan.at))
    for start in range(0, len(plan.acts), BATCH):
        if is_stopping():
            return run.record
        batch = [account_id for account_id, _act in plan.acts[start : start + BATCH]]
        run.do(partial(_settle, site, plan.at, batch))
        progress(start + len(batch), len(plan.acts))
    while not is_stopping() and run.do(partial(_forget, site, plan.at)):
        pass
    for over in expired(site, plan.at):
        run.erase(over, erasing, is_stopping)
    erase_journal(site, is_stopping)
    # A run that came to its end has left no row without a seal: checks rely on it.
    seal_journal(site)
    done = run.record if is_stopping() else run.finish()
    site.database.scrub()
    return done


Step = Callable[[Transaction], Counter[str]]


@define
class _Run:
    """A run under way: each step commits with the record of all that was done."""

    site: Site
    record: LifecycleRun

    def do(self, step: Step) -> Counter[str]:
        """One transaction; returns what it did."""
        with self.site.database.writing() as tx:
            done = step(tx)
            record = evolve(self.record, counts=Counter(self.record.counts) + done)
            tx.lifecycle.record(record)
        self.record = record
        return done

    def erase(
        self,
        over: Expired,
        erasing: Callable[[PersonalData, int], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        """Batch after batch of one heading, until nothing of it is left to erase."""
        step = partial(erase_some, over, self.record.at)
        try:
            while not is_stopping() and self.do(step):
                erasing(over.data, self.record.counts[over.data.id])
        except Exception as error:  # noqa: BLE001 - a plugin that fails stops no other
            noted = failed(self.site, over.data, error)
            self.do(lambda _tx: noted)

    def finish(self) -> LifecycleRun:
        """Note that nothing is left to do."""
        self.record = evolve(self.record, finished_at=self.site.now())
        with self.site.database.writing() as tx:
            tx.lifecycle.record(self.record)
        return self.record


def _settle(site: Site, at: datetime, account_ids: Sequence[UUID], tx: Transaction) -> Counter[str]:
    terms, counts, closing = terms_of(site), Counter[str](), []
    for standing in tx.lifecycle.hold(account_ids):
        act = due(standing, terms, at)
        if act is None:
            continue
        counts[_named(standing, act)] += 1
        if act.act is Act.WARN:
            tx.accounts.replace(standing.account, evolve(standing.account, warned_at=at))
            _audit(tx, "account.warned", standing, at)
            _warn(site, tx, standing, act)
        else:
            tx.accounts.replace(standing.account, closed(standing.account))
            _audit(tx, "account.closed", standing, at)
            closing.append(standing)
    if closing:
        tx.lifecycle.erase([standing.account.id for standing in closing])
    for standing in closing:
        _say_closed(site, tx, standing)
    return counts


def _audit(tx: Transaction, action: str, standing: Standing, at: datetime) -> None:
    account = standing.account
    reason = REASONS[account.state]
    tx.audit.add(audited(action, at, None, subject_id=account.id, reason=reason))


def _warn(site: Site, tx: Transaction, standing: Standing, act: Due) -> None:
    account, terms = standing.account, terms_of(site)
    last_day = local_date(act.closes_at - timedelta(seconds=1), terms.zone)
    send_mail(
        site,
        tx,
        f"core.closing_{REASONS[account.state]}",
        str(standing.address),
        account=account,
        name=account.display_name,
        login=account.login_name,
        on=last_day.isoformat(),
        days=str(terms.unused_days),
    )


def _say_closed(site: Site, tx: Transaction, standing: Standing) -> None:
    # Queued after the account's other mails were erased.
    if standing.is_warned:
        account = standing.account
        send_mail(
            site,
            tx,
            "core.account_closed",
            str(standing.address),
            account=account,
            name=account.display_name,
            login=account.login_name,
        )


def _forget(site: Site, at: datetime, tx: Transaction) -> Counter[str]:
    durations, store = site.settings.durations, tx.lifecycle
    dead_links = at - timedelta(days=durations.dead_links_days)
    old_mails = at - timedelta(days=durations.old_mails_days)
    old_imports = at - timedelta(days=durations.undo_import_days)
    return +Counter(
        links=store.forget_links(dead_links, _MANY),
        mails=store.forget_mails(old_mails, _MANY),
        imports=tx.undoing.forget(old_imports, _MANY),
        sessions=store.forget_sessions(at, _MANY),
        jobs=forget_jobs(site, tx, at),
        waits=store.forget_waits(at - FORGET_AFTER, _MANY),
    )


def plan_erasing(site: Site) -> Counter[str]:
    """How many rows of which headings a run would erase now, their time being over."""
    return count_erased(site, expired(site, site.now()))


def last_runs(site: Site, limit: int = 10) -> list[LifecycleRun]:
    """The latest runs, the newest first."""
    with site.database.reading() as tx:
        return tx.lifecycle.runs(limit)


def expected(site: Site, days: int) -> list[Expected]:
    """How many accounts will be warned, and how many closed, within some days, unless used."""
    with site.database.reading() as tx:
        return tx.lifecycle.expected(terms_of(site), site.now() + timedelta(days=days))
