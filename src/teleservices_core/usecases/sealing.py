"""Seal the journal batch by batch, check the chain, erase what its time is over.

Who writes to the database alone cannot make a seal: each is authenticated with
the site's key, and with the seal before it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen

from teleservices_core.domain.journal_guards import Gap
from teleservices_core.domain.seals import (
    NOTHING,
    Coverage,
    Digest,
    Fault,
    Seal,
    check_chain,
    check_rows,
    row_bytes,
)
from teleservices_core.domain.traces import Traces, check_ends
from teleservices_core.hashing import keyed
from teleservices_core.ports import Transaction
from teleservices_core.settings import Settings
from teleservices_core.usecases.site import Site, audited

MOST: Final = 5_000
"""Rows under one seal."""
_ERASED: Final = 20_000
"""Rows looked at in one erasing."""
_SUBJECT: Final = 7
"""The column of a row that says whom it is about."""


def seal_journal(site: Site, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Seal every row that is not; returns how many.

    Several may try at once: one of them does it.
    """
    total = 0
    while not is_stopping():
        with site.database.writing() as tx:
            sealed = _seal_some(site, tx)
        total += sealed
        if not sealed:
            break
    return total


def _seal_some(site: Site, tx: Transaction) -> int:
    settled, last = tx.seals.settled(), tx.seals.last()
    closed, covered = (last.closed, last.open) if last else (NOTHING, ())
    found, known = tx.seals.rows(closed, MOST + len(covered)), set(covered)
    rows = [row for row in found if row[0] not in known][:MOST]
    if not rows:
        return 0
    ids = [str(row[0]) for row in rows]
    # Where more rows wait, the seal closes at its own last one.
    closes = max(closed, settled if len(rows) < MOST else min(settled, ids[-1]))
    seal = Seal(
        number=last.number + 1 if last else 1,
        at=site.now(),
        closed=closes,
        open=tuple(sorted(each for each in (*covered, *ids) if each > closes)),
        rows=len(rows),
        digest=_digest_of(site.settings, rows),
    )
    added = tx.seals.add(_made(site.settings, seal, last))
    return len(rows) if added else 0


def _new_digest(key: str) -> Digest:
    return hmac.new(key.encode(), b"journal rows\0", "sha256")


def _digest_of(settings: Settings, rows: Sequence[tuple[str | None, ...]]) -> str:
    digest = _new_digest(settings.secret_key)
    for row in rows:
        digest.update(row_bytes(row))
    return digest.hexdigest()


def _mac(key: str, seal: Seal, previous: str) -> str:
    return keyed(key, "journal seal", seal.payload(previous))


def _made(settings: Settings, seal: Seal, last: Seal | None) -> Seal:
    return evolve(seal, mac=_mac(settings.secret_key, seal, last.mac if last else ""))


# --- Checking ---------------------------------------------------------------------------


@frozen
class Checked:
    """What the chain, and what is beside it, say of the journal."""

    seals: int
    rows: int
    """Under a seal."""
    unsealed: int
    """Rows that the next run will seal: only triggers keep them until then."""
    faults: tuple[Fault, ...]
    gaps: tuple[Gap, ...] = ()
    """Of those triggers: from now on nothing keeps what is not sealed yet."""
    traces: Traces = field(factory=Traces)


def check_journal(site: Site) -> Checked:
    """Compare the journal with its seals, row by row: a million takes some seconds."""
    checked = _check(site)
    # An erasing that was under way looks like one that nobody asked for.
    return _check(site) if checked.faults else checked


def _check(site: Site) -> Checked:
    with site.database.reading() as tx:
        seals = tx.seals.all()
        keys = _Keys(site.settings)
        found = check_chain(seals, keys.made)
        rows, unsealed = check_rows(seals, tx.seals.rows(NOTHING), keys.new_digest)
        traces, gaps = tx.seals.traces(seals[-1] if seals else None), tx.seals.gaps()
    ends = check_ends(traces, seals=len(seals))
    covered = sum(seal.rows for seal in Coverage(seals).answering())
    faults = (*ends, *found, *rows)
    return Checked(len(seals), covered, unsealed, faults, tuple(gaps), traces)


@frozen
class _Keys:
    settings: Settings
    _known: dict[int, str] = field(init=False, factory=dict)
    """Which made each seal."""

    def made(self, seal: Seal, previous: str) -> bool:
        for key in (self.settings.secret_key, *self.settings.former_secret_keys):
            if hmac.compare_digest(_mac(key, seal, previous), seal.mac):
                self._known[seal.number] = key
                return True
        return False

    def new_digest(self, seal: Seal) -> Digest:
        return _new_digest(self._known.get(seal.number, self.settings.secret_key))


# --- Erasing ----------------------------------------------------------------------------


def erase_journal(site: Site, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Erase what the journal says of people, once its time is over; returns how many rows.

    What is kept is sealed again in the same transaction, and the erasing is a
    link of the chain: another one would not be.
    """
    days, total = site.settings.durations.journal_days, 0
    if days is None:
        return 0
    before = site.now() - timedelta(days=days)
    while not is_stopping():
        with site.database.writing() as tx:
            erased = _erase_some(site, tx, before)
        if erased is None:
            break
        total += erased
    return total


def _erase_some(site: Site, tx: Transaction, before: datetime) -> int | None:
    seals = tx.seals.all()
    over = _over(seals, before)
    if not over:
        return None
    coverage, numbers = Coverage(seals), {seal.number for seal in over}
    top = max(over[-1].closed, *over[-1].open, "")
    below = next((seal for seal in seals if seal.number == over[0].number - 1), None)
    rows = []
    for row in tx.seals.rows(below.closed if below else NOTHING):
        if str(row[0]) > top:
            break
        seal = coverage.of(str(row[0]))
        if seal is not None and seal.number in numbers:
            rows.append(row)
    kept = [row for row in rows if row[_SUBJECT] is None]
    last = seals[-1]
    erasing = Seal(
        number=last.number + 1,
        at=site.now(),
        closed=last.closed,
        open=last.open,
        rows=len(kept),
        digest=_digest_of(site.settings, kept),
        erased_to=over[-1].number,
    )
    if not tx.seals.add(_made(site.settings, erasing, last), erased_id=top):
        return None
    tx.seals.erase([str(row[0]) for row in rows if row[_SUBJECT] is not None])
    number = len(rows) - len(kept)
    tx.audit.add(audited("journal.erased", site.now(), None, rows=number, until=before.isoformat()))
    return number


def _over(seals: Sequence[Seal], before: datetime) -> list[Seal]:
    """The oldest seals whose rows were all written before an instant, some at a time."""
    done = max((seal.erased_to or 0 for seal in seals), default=0)
    over: list[Seal] = []
    for seal in seals:
        if seal.erased_to is not None or seal.number <= done:
            continue
        if seal.at >= before or (over and sum(s.rows for s in over) + seal.rows > _ERASED):
            break
        over.append(seal)
    return over


# --- Copies kept elsewhere ----------------------------------------------------------------


def seals_of(site: Site) -> list[Seal]:
    """Every seal, by number."""
    with site.database.reading() as tx:
        return tx.seals.all()


def missing_seals(site: Site, copy: Sequence[Seal]) -> list[int]:
    """The numbers of the seals of a copy that the database has not, or not as they were.

    The last seals could be taken away with the rows they cover: only a copy shows it.
    """
    present = {seal.number: seal.mac for seal in seals_of(site)}
    return [seal.number for seal in copy if present.get(seal.number) != seal.mac]
