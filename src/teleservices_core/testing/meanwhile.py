"""Let something happen between what was worked out and when it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from teleservices_core.storage.snapshots import Snapshot


@contextmanager
def meanwhile(act: Callable[[], Any], times: int = 1) -> Iterator[list[int]]:
    """``act`` happens at the last instant before the lock, the first ``times`` that it is taken.

    Gives a list that grows with each. What ``act`` itself works out and writes is left alone.
    """
    asked, done, inside = Snapshot.look_ahead, list[int](), list[int]()

    def look_ahead(seen: Snapshot, connection: Any) -> None:
        asked(seen, connection)
        if len(done) < times and not inside:
            inside.append(1)
            act()
            inside.clear()
            done.append(len(done) + 1)

    with patch.object(Snapshot, "look_ahead", look_ahead):
        yield done
