"""Keys of the journal's rows: UUIDv7 that never run ahead of the clock.

A seal closes the journal at an instant: what is written before it has a smaller
key, and what is written after it a greater one. A counter that runs ahead when
many keys are drawn at once, as UUIDv7 generators have, would break that.
"""

from __future__ import annotations

from secrets import randbits
from time import time_ns
from uuid import UUID


def _at(nanoseconds: int, tail: int) -> UUID:
    # Milliseconds, the version, the fraction of the millisecond, the variant, chance.
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | tail)


def new_journal_id() -> UUID:
    """The key of a row written now."""
    return _at(time_ns(), randbits(62))


def first_journal_id(nanoseconds: int) -> str:
    """The smallest key that a row of an instant may have, as 32 digits."""
    return _at(nanoseconds, 0).hex
