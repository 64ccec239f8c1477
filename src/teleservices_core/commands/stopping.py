"""Stop a long command between two pieces of work."""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK_EVERY: Final = 0.2
"""Seconds: a signal does not end a sleep by itself."""


class Stopping:
    """Whether SIGTERM or SIGINT has come; what is under way is finished first.

    A second signal has its usual effect.
    """

    def __init__(self) -> None:
        self._asked = False
        self._usual: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._usual = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for number, usual in self._usual.items():
            signal.signal(number, usual)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(number, self._usual[number])

    def ask(self) -> None:
        """Ask to stop, as a signal does."""
        self._asked = True

    def __call__(self) -> bool:
        """Whether to stop."""
        return self._asked

    def wait(self, seconds: float) -> None:
        """Do nothing for a while, or until asked to stop."""
        end = time.monotonic() + seconds
        while not self._asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_EVERY))
