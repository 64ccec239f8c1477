"""Trying again from what somebody else, or one's own first click, has just left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from teleservices_core.errors import ConflictError

T = TypeVar("T")


def once_more(act: Callable[[], T]) -> T:
    """Do an act that reads before it writes; a second time where it came second."""
    try:
        return act()
    except ConflictError:
        return act()
