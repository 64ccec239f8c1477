"""Marks as people write them: "14,5", "abs.", "n.n."; pure, and forgiving of what is clear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from teleservices_notes.model import LARGEST, MarkStatus

_NUMBER: Final = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{0,2})0*)?")
_STATUSES: Final[Mapping[str, MarkStatus]] = {
    "a": MarkStatus.ABSENT,
    "ab": MarkStatus.ABSENT,
    "abs": MarkStatus.ABSENT,
    "absent": MarkStatus.ABSENT,
    "absente": MarkStatus.ABSENT,
    "d": MarkStatus.EXEMPT,
    "disp": MarkStatus.EXEMPT,
    "dispensé": MarkStatus.EXEMPT,
    "dispensée": MarkStatus.EXEMPT,
    "nn": MarkStatus.UNMARKED,
    "nonnoté": MarkStatus.UNMARKED,
    "nr": MarkStatus.NOT_SUBMITTED,
    "nonrendu": MarkStatus.NOT_SUBMITTED,
}


@lru_cache(maxsize=10_000)
def read_number(text: str) -> Decimal | None:
    """A number with at most two decimals, comma or point; None for anything else.

    >>> read_number(" 14,50 ")
    Decimal('14.5')
    """
    found = _NUMBER.fullmatch("".join(text.split()))
    if found is None:
        return None
    decimals = (found[2] or "").rstrip("0")
    number = Decimal(f"{int(found[1])}.{decimals}" if decimals else str(int(found[1])))
    return number if number < LARGEST else None


@lru_cache(maxsize=10_000)
def read_status(text: str) -> MarkStatus | None:
    """What stands for an absence or the like, with or without its dots; None for anything else."""
    return _STATUSES.get("".join(text.casefold().replace(".", "").split()))
