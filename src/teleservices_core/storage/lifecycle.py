"""The daily run: what is due, found by indexes; what is over, erased by batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
    update,
)

from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.lifecycle import (
    REASONS,
    Expected,
    LifecycleRun,
    Standing,
    Terms,
    over_if_before,
)
from teleservices_core.storage import tables as t
from teleservices_core.storage.accounts import ACCOUNT_COLUMNS, to_account
from teleservices_core.storage.bulk import insert_or_update
from teleservices_core.storage.tables import AnyRow

_A = t.accounts.c
_newest_letter = (
    select(func.max(t.letters.c.expires_at))
    .where(t.letters.c.account_id == _A.id, t.letters.c.replaced_at.is_(None))
    .scalar_subquery()
)
_IN_FORCE = and_(t.groupings.c.other_id == _A.id, t.groupings.c.undone_at.is_(None))
_undone_until = select(func.max(t.groupings.c.until_at)).where(_IN_FORCE).scalar_subquery()
_STANDINGS = (
    select(
        *ACCOUNT_COLUMNS,
        t.account_holders.c.person_id,
        _newest_letter.label("letter_expires_at"),
        _undone_until.label("undone_until_at"),
    )
    .select_from(
        t.accounts.outerjoin(t.account_holders, t.account_holders.c.account_id == t.accounts.c.id)
    )
    .order_by(_A.id)
)


@frozen
class _Group:
    """Accounts whose time is counted alike."""

    states: tuple[AccountState, ...]
    starts: tuple[Any, ...]
    """When it began: the first of these columns that is known."""
    address: Any

    @property
    def reason(self) -> str:
        """Why they close."""
        return REASONS[self.states[0]]

    @property
    def over(self) -> Any:
        """What began before it has had its days."""
        return bindparam(f"{self.reason}_over", type_=t.UtcDateTime)

    @property
    def warned(self) -> Any:
        """What began before it has come to its first warning."""
        return bindparam(f"{self.reason}_warned", type_=t.UtcDateTime)

    def began(self, before: Any) -> Any:
        """Whether their time began before an instant."""
        return func.coalesce(*self.starts) < before

    def some(self, *counted: Any) -> Any:
        """Those that come to a warning or a closing, found by their index."""
        first, limit = self.starts[0], bindparam(f"{self.reason}_begun", type_=t.UtcDateTime)
        # In the very words of the partial indexes.
        states = [_A.state == literal_column(f"'{state}'") for state in self.states]
        return select(*counted).where(or_(*states), or_(first < limit, first.is_(None)))

    def limits(self, terms: Terms, at: datetime) -> dict[str, datetime]:
        """The instants of the parameters."""
        is_used = AccountState.ACTIVE in self.states
        days = terms.unused_days if is_used else terms.unclaimed_days
        over = over_if_before(at, days, terms.zone)
        warned = over_if_before(at, days - terms.warnings_days[0] - 1, terms.zone)
        limits = {"over": over, "warned": warned, "begun": max(over, warned)}
        return {f"{self.reason}_{name}": limit for name, limit in limits.items()}


_GROUPS = (
    _Group((AccountState.ISSUED,), (_A.issued_at, _A.created_at), _A.email),
    _Group(
        (AccountState.CLAIMED,),
        (_A.claimed_at, _A.created_at),
        func.coalesce(_A.email, _A.pending_email),
    ),
    _Group(
        (AccountState.ACTIVE, AccountState.LOCKED),
        (_A.last_used_at, _A.claimed_at, _A.created_at),
        _A.email,
    ),
)


def _limits(terms: Terms, at: datetime) -> dict[str, Any]:
    limits: dict[str, Any] = {"at": at}
    for group in _GROUPS:
        limits |= group.limits(terms, at)
    return limits


def _due(group: _Group) -> Any:
    limit = case((group.address.is_not(None), group.warned), else_=group.over)
    return group.some(_A.id).where(group.began(limit))


def _expected(group: _Group) -> Any:
    is_kept = and_(
        _A.state == AccountState.ISSUED, func.coalesce(_newest_letter > bindparam("at"), false())
    )
    is_told = and_(group.address.is_not(None), _A.warned_at.is_(None))
    return group.some(
        literal(group.reason),
        func.count(case((and_(is_told, group.began(group.warned)), 1))),
        func.count(case((and_(group.began(group.over), ~is_kept), 1))),
    )


_GROUPED = (
    select(_A.id)
    .join(t.groupings, _IN_FORCE)
    .where(_A.state == AccountState.GROUPED, t.groupings.c.until_at <= bindparam("at"))
)
_CANDIDATES = union_all(*map(_due, _GROUPS), _GROUPED)
_EXPECTED = union_all(
    *map(_expected, _GROUPS),
    select(literal(REASONS[AccountState.GROUPED]), literal(0), func.count()).select_from(
        _GROUPED.subquery()
    ),
)
_LIVING = (
    select(func.count())
    .select_from(t.accounts)
    .where(_A.state.not_in((AccountState.NEW, AccountState.CLOSED)))
)


def _to_standing(rows: Iterable[AnyRow]) -> Standing:
    first, *others = rows
    holders = tuple(row.person_id for row in (first, *others) if row.person_id is not None)
    return Standing(to_account(first, holders), first.letter_expires_at, first.undone_until_at)


_OF_ACCOUNTS: Final = (
    t.sessions,
    t.devices,
    t.identities,
    t.throttles,
    t.authenticators,
    t.recovery_codes,
    t.security_keys,
)
"""What goes when an account is closed."""


@frozen
class Lifecycle:
    """See :class:`teleservices_core.ports.upkeep.LifecycleStore`."""

    connection: Connection

    def candidates(self, terms: Terms, at: datetime) -> list[UUID]:
        """See the port."""
        return list(self.connection.scalars(_CANDIDATES, _limits(terms, at)))

    def standings(self, account_ids: Collection[UUID]) -> list[Standing]:
        """See the port."""
        rows = self.connection.execute(_STANDINGS.where(_A.id.in_(account_ids)))
        return [_to_standing(each) for _id, each in groupby(rows, lambda row: row.account_id)]

    def hold(self, account_ids: Collection[UUID]) -> list[Standing]:
        """See the port."""
        free = select(_A.id).where(_A.id.in_(account_ids)).order_by(_A.id)
        held = self.connection.scalars(free.with_for_update(skip_locked=True)).all()
        # Read by another statement, once they are held: a letter or a grouping
        # committed meanwhile is not seen by the first.
        return self.standings(held)

    def living(self) -> int:
        """See the port."""
        return int(self.connection.scalar(_LIVING) or 0)

    def expected(self, terms: Terms, at: datetime) -> list[Expected]:
        """See the port."""
        return [Expected(*row) for row in self.connection.execute(_EXPECTED, _limits(terms, at))]

    def erase(self, account_ids: Collection[UUID]) -> None:
        """See the port."""
        self._hand_over_identities(account_ids)
        for table in _OF_ACCOUNTS:
            self.connection.execute(delete(table).where(table.c.account_id.in_(account_ids)))
        jobs = select(t.jobs.c.id).where(t.jobs.c.asked_by.in_(account_ids))
        self.connection.execute(delete(t.job_parts).where(t.job_parts.c.job_id.in_(jobs)))
        self.connection.execute(delete(t.jobs).where(t.jobs.c.asked_by.in_(account_ids)))
        unsent = and_(t.outbox.c.account_id.in_(account_ids), t.outbox.c.sent_at.is_(None))
        self.connection.execute(delete(t.outbox).where(unsent))
        # A link or a letter in use is held by whoever now waits for the account, and
        # will find it closed: waiting for him in turn would never end.
        links = _free(t.tokens, t.tokens.c.account_id.in_(account_ids))
        self.connection.execute(delete(t.tokens).where(t.tokens.c.id.in_(links)))
        letters = _free(t.letters, t.letters.c.account_id.in_(account_ids))
        self.connection.execute(
            update(t.letters).where(t.letters.c.id.in_(letters)).values(code_hash="")
        )

    def _hand_over_identities(self, account_ids: Collection[UUID]) -> None:
        # Whoever signed in by the host to an account that gave its persons goes on to theirs.
        identities = t.identities
        taker = (
            select(t.groupings.c.account_id)
            .where(
                t.groupings.c.other_id == identities.c.account_id,
                t.groupings.c.undone_at.is_(None),
            )
            .limit(1)
            .scalar_subquery()
        )
        self.connection.execute(
            update(identities)
            .where(identities.c.account_id.in_(account_ids), taker.is_not(None))
            .values(account_id=taker)
        )

    def forget_links(self, before: datetime, limit: int) -> int:
        """See the port."""
        return self._forget(t.tokens, t.tokens.c.expires_at < before, limit)

    def forget_sessions(self, before: datetime, limit: int) -> int:
        """See the port."""
        return self._forget(t.sessions, t.sessions.c.expires_at < before, limit)

    def forget_waits(self, before: datetime, limit: int) -> int:
        """See the port."""
        return self._forget(t.throttles, t.throttles.c.last_at < before, limit)

    def forget_mails(self, before: datetime, limit: int) -> int:
        """See the port."""
        over = (t.outbox.c.sent_at, t.outbox.c.failed_at, t.outbox.c.dropped_at)
        done = or_(*(instant.is_not(None) for instant in over))
        return self._forget(t.outbox, and_(t.outbox.c.created_at < before, done), limit)

    def _forget(self, table: Table, over: ColumnElement[bool], limit: int) -> int:
        (key,) = table.primary_key
        batch = _free(table, over).limit(limit)
        return self.connection.execute(delete(table).where(key.in_(batch))).rowcount

    def runs(self, limit: int) -> list[LifecycleRun]:
        """See the port."""
        runs = t.lifecycle_runs
        latest = select(runs).order_by(runs.c.at.desc(), runs.c.id.desc()).limit(limit)
        return [LifecycleRun(**row._asdict()) for row in self.connection.execute(latest)]

    def record(self, run: LifecycleRun) -> None:
        """See the port."""
        done = {"finished_at": run.finished_at, "counts": dict(run.counts)}
        insert_or_update(
            self.connection, t.lifecycle_runs, {"id": run.id, "at": run.at, **done}, done
        )


def _free(table: Table, condition: ColumnElement[bool]) -> Select[Any]:
    (key,) = table.primary_key
    return select(key).where(condition).with_for_update(skip_locked=True)
