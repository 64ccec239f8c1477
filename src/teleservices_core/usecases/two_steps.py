"""Work out at leisure what to write, then write it at once, if all is as it was.

What takes seconds is worked out over a snapshot, while everybody goes on
writing. The transaction that writes asks everything again that was asked of the
snapshot. The same answers lead to the same rows, so that these are what would
have been worked out inside; any other answer, and it is worked out anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TypeVar

from teleservices_core.errors import ConflictError
from teleservices_core.ports import Database, Transaction
from teleservices_core.ports.drafts import Draft
from teleservices_core.ports.transactions import Snapshot

_W = TypeVar("_W")
_R = TypeVar("_R")

ATTEMPTS: Final = 3
"""Before others are kept waiting."""


def in_two_steps(
    database: Database,
    work_out: Callable[[Transaction, Draft], _W],
    finish: Callable[[Transaction, _W], _R],
    *,
    before_writing: Callable[[], None] = lambda: None,
) -> _R:
    """Write the rows that were worked out, in one transaction that ends with ``finish``.

    It waits for any import to end, and lets none begin. What ``work_out`` refuses
    is refused: it may be called several times, and writes nothing. After
    :data:`ATTEMPTS` in vain, it is called once more while imports, and all who
    write on SQLite, wait. ``before_writing`` is called each time that the rows are
    about to be written, which does not take long. Raises :exc:`ConflictError` if
    things change even so.
    """
    for _attempt in range(ATTEMPTS):
        with database.draft() as draft:
            with database.snapshot() as seen:
                worked_out = work_out(seen, draft)
            try:
                with database.writing(around=partial(_laid_out, draft, seen)) as tx:
                    tx.matches.lock()
                    before_writing()
                    _write(tx, draft, seen)
                    return finish(tx, worked_out)
            except _ChangedError:
                continue
    with database.draft() as draft, database.writing() as tx:
        tx.matches.lock()
        with database.snapshot() as seen:
            worked_out = work_out(seen, draft)
        with draft.laid_out(tx.connection):
            before_writing()
            _write(tx, draft, seen)
        return finish(tx, worked_out)


class _ChangedError(ConflictError):
    """Something is not as it was."""


@contextmanager
def _laid_out(draft: Draft, seen: Snapshot, connection: Any) -> Iterator[None]:
    with draft.laid_out(connection):
        seen.look_ahead(connection)
        yield


def _write(tx: Transaction, draft: Draft, seen: Snapshot) -> None:
    draft.hold(tx.connection)
    if not seen.still_holds(tx.connection):
        raise _ChangedError("what was read has changed meanwhile")
    try:
        draft.write(tx.connection)
    except ConflictError as clash:
        raise _ChangedError(str(clash)) from clash
