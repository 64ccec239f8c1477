"""Short queues before what is scarce: cores that hash and weigh passwords, threads for pages.

Who waits for a core keeps no turn of those that make pages, so that a flood of
sign-ins slows down nothing but sign-ins.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from attrs import define, field

from teleservices_core.errors import BusyError

PATIENCE: Final = 2.0
"""Seconds that somebody waits for a core; a busy answer says to come back later."""
WAITING: Final = 60
"""How many wait at once in a process: what one core hashes in :data:`PATIENCE`."""
_here: Final = threading.local()


def cores_of_process() -> int:
    """This process' share of the cores, at least one.

    ``WEB_CONCURRENCY`` says how many processes there are, as for other servers;
    ``teleservices serve`` sets it for its own.
    """
    processes = os.environ.get("WEB_CONCURRENCY", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // max(1, int(processes) if processes.isdecimal() else 1))


@define(frozen=True)
class ShortQueue:
    """One at a time for each core; who finds the queue full, or waits too long, is told."""

    cores: int = field(factory=cores_of_process)
    waiting: int = WAITING
    patience: float = PATIENCE
    """Seconds."""
    _free: threading.Semaphore = field(init=False, repr=False)
    _places: threading.Semaphore = field(init=False, repr=False)

    @_free.default
    def _all_free(self) -> threading.Semaphore:
        return threading.Semaphore(self.cores)

    @_places.default
    def _all_places(self) -> threading.Semaphore:
        return threading.Semaphore(self.cores + self.waiting)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a core. Raises :exc:`BusyError` when none comes free in time."""
        if not self._places.acquire(blocking=False):
            raise BusyError("as many people as can wait want a password checked or weighed")
        try:
            with page_turn_lent():
                if not self._free.acquire(timeout=self.patience):
                    raise BusyError(f"no core was free within {self.patience} s")
                try:
                    yield
                finally:
                    self._free.release()
        finally:
            self._places.release()

    @contextmanager
    def patient_turn(self) -> Iterator[None]:
        """Hold a core, however long it takes: for long work that goes on by itself."""
        with self._free:
            yield


@contextmanager
def page_turn(turns: threading.Semaphore) -> Iterator[None]:
    """Hold one of a server's turns to make a page, on this thread."""
    with turns:
        _here.turns = turns
        try:
            yield
        finally:
            _here.turns = None


@contextmanager
def page_turn_lent() -> Iterator[None]:
    """Let another page be made while this thread waits for something else."""
    turns: Any = getattr(_here, "turns", None)
    if turns is None:
        yield
        return
    turns.release()
    try:
        yield
    finally:
        turns.acquire()
