"""Marks typed in one page while others may be entering too: a decision for each row. Pure."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha256
from typing import Final

from teleservices_notes.model import Outcome

NOTHING: Final = ""
"""The stamp of a student without a mark."""


class Verdict(StrEnum):
    """What becomes of one row."""

    KEEP = "keep"
    """Untouched, or typed as it is recorded: nothing to write."""
    WRITE = "write"
    CONFLICT = "conflict"
    """Somebody recorded something else since the page was shown."""


def stamp(outcome: Outcome | None) -> str:
    """What a page keeps of an outcome, to know later whether it is still the recorded one."""
    if outcome is None:
        return NOTHING
    return f"{_said(outcome)}-{int(outcome.entered_at.timestamp() * 1_000_000):x}"


def settle(seen: str, typed: Outcome | None, recorded: Outcome | None) -> Verdict:
    """Compare what the page showed, what was typed in it and what is recorded now.

    ``typed`` is None for an empty row. An untouched row never undoes what
    another person recorded meanwhile.
    """
    if _said(typed) == seen.partition("-")[0] or _said(typed) == _said(recorded):
        return Verdict.KEEP
    return Verdict.WRITE if seen == stamp(recorded) else Verdict.CONFLICT


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return NOTHING
    value = None if outcome.value is None else int(outcome.value * 100)
    said = (outcome.status.value, value, outcome.remark, sorted(outcome.levels.items()))
    return sha256(repr(said).encode()).hexdigest()[:16]
