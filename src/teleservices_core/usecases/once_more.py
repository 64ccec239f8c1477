"""Trying again from what somebody else, or one's own first click, has just left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from teleservices_core.errors import ConflictError

T = TypeVar("T")
JUST_NOW: Final = timedelta(minutes=1)
"""How long after it the same act again is a second click."""


def once_more(act: Callable[[], T]) -> T:
    """Do an act that reads before it writes; a second time where it came second."""
    try:
        return act()
    except ConflictError:
        return act()
