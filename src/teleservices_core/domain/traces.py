"""Whether the journal is as long as the rest of the site says: its ends are what goes unseen.

Seals show what was altered among rows that are there. A journal that was emptied, with its
seals, has nothing to show: but what the site did beside it has left its dates elsewhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from teleservices_core.domain.localtime import optional_instant
from teleservices_core.domain.seals import Fault, Wrong

_APART: Final = timedelta(minutes=1)
"""Between an act and its row, which are written together."""
_LONGEST: Final = timedelta(hours=1)
"""A transaction: what was under way at a seal waits for the next."""


@frozen
class Traces:
    """Dates of the journal, and of what cannot be without a row of it."""

    first_at: datetime | None = field(default=None, converter=optional_instant)
    """Of the oldest row."""
    last_at: datetime | None = field(default=None, converter=optional_instant)
    """Of the newest."""
    unsealed_at: datetime | None = field(default=None, converter=optional_instant)
    """Of the oldest row that no seal covers."""
    served_at: datetime | None = field(default=None, converter=optional_instant)
    """When an account was last used."""
    imported_at: datetime | None = field(default=None, converter=optional_instant)
    """When the first import was made, whose row is kept for good."""
    signed_at: datetime | None = field(default=None, converter=optional_instant)
    """The last sign-in that still holds, or the last import."""
    sealed_at: datetime | None = field(default=None, converter=optional_instant)
    """When the last daily run that came to its end began: it left no older row without a seal."""


def check_ends(traces: Traces, *, seals: int) -> list[Fault]:
    """What is missing of the journal's beginning, its end, and the end of its chain."""
    found = []
    if traces.first_at is None or traces.last_at is None:
        known = (traces.served_at, traces.imported_at, traces.signed_at)
        lived = max((each for each in known if each), default=None)
        if lived is not None or seals:
            found.append(Fault(Wrong.EMPTY, 0, until_at=lived))
        return found
    if traces.imported_at is not None and traces.imported_at < traces.first_at - _APART:
        found.append(Fault(Wrong.BEGINNING_MISSING, 0, traces.imported_at, traces.first_at))
    if traces.signed_at is not None and traces.signed_at > traces.last_at + _APART:
        found.append(Fault(Wrong.END_MISSING, 0, traces.last_at, traces.signed_at))
    if traces.sealed_at is not None and traces.unsealed_at is not None:
        late = _LONGEST if seals else timedelta()
        if traces.unsealed_at < traces.sealed_at - late:
            found.append(Fault(Wrong.UNSEALED, 0, traces.unsealed_at, traces.sealed_at))
    return found
