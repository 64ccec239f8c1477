"""Stop a long command between two pieces of work, or before it writes."""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType
from typing import Any, Final, Self

import click

from teleservices_core.i18n import _

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


class BeforeOrAfter:
    """SIGTERM or SIGINT end a command that writes once, unless it has begun to write.

    In the block, it ends with a sentence that says so; after it, :meth:`tell` says
    that it was too late.
    """

    def __init__(self) -> None:
        self._writes = self._asked = False
        self._usual: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._usual = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for number, usual in self._usual.items():
            signal.signal(number, usual)
        if kind is KeyboardInterrupt:
            raise click.ClickException(_("Arrêté : rien n’a été écrit.")) from None

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        self.goes_on(writes=self._writes)

    def goes_on(self, *, writes: bool) -> None:
        """Whether it writes from now on; if not, it ends where that was asked for."""
        self._writes = writes
        if self._asked and not writes:
            raise KeyboardInterrupt

    def tell(self) -> None:
        """Say that it was asked to end too late."""
        if self._asked:
            click.echo(_("Arrêt demandé pendant l’écriture : elle est allée à son terme."))
