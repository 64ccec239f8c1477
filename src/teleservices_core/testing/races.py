"""Two acts at the same instant, again and again, on a real PostgreSQL.

Each act runs in a thread of its own and stops just before the first statement
that writes what both want. Once both have read and stand there, both go on. A
read-then-write loses such races most of the time; compare-and-set never does.

A test gives its trials one by one, each with the acts of people of its own or
put back in the first state::

    for outcome in race(services.engine, trials, before=["UPDATE core_accounts"]):
        only_winner(outcome, RefusedError, ConflictError)
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen
from sqlalchemy import Engine, event

Act: TypeAlias = Callable[[], Any]

TRIALS: Final = int(os.environ.get("RACE_TRIALS", "100"))
"""How many times a test races: enough to catch a read-then-write dozens of times over.
``RACE_TRIALS=1000`` is for changes to what races."""
_PATIENCE: Final = 5.0
"""Seconds to wait for the other side, which only a lock can hold up that long."""
_HEAD_START: Final = 0.004
"""Seconds at most, by chance."""


@frozen
class Outcome:
    """How one trial ended."""

    results: tuple[Any, ...]
    """What each act returned, or the exception that it raised."""
    met: bool
    """Whether both stood before their write at the same time."""

    @property
    def winners(self) -> list[int]:
        """Positions of the acts that did not raise."""
        return [n for n, result in enumerate(self.results) if not isinstance(result, Exception)]


def race(
    engine: Engine, trials: Iterable[Sequence[Act]], *, before: Sequence[str]
) -> Iterator[Outcome]:
    """Run each trial's acts at the same time; both meet before what they write.

    ``before`` holds the beginnings of the statements to meet at, such as
    ``"UPDATE core_accounts"``; an act stops at the first one only. Name the
    first write of the transaction that matters: an act that already holds a
    lock would keep the other from coming.
    """
    meeting = _Meeting(tuple(before))
    with _hooked(engine, meeting), ThreadPoolExecutor(thread_name_prefix="race") as pool:
        for acts in trials:
            meeting.call(len(acts))
            futures = [pool.submit(meeting.attend, act) for act in acts]
            results = tuple(future.result() for future in futures)
            yield Outcome(results, met=meeting.arrived == len(acts))


def only_winner(outcome: Outcome, *expected: type[Exception]) -> int:
    """The position of the one act that succeeded.

    Raises :exc:`AssertionError` when none or several did, or when another one
    failed with anything but the expected exceptions, such as a deadlock.
    """
    for result in outcome.results:
        if isinstance(result, Exception) and not isinstance(result, expected):
            raise AssertionError(f"unexpected {type(result).__name__}") from result  # noqa: TRY004
    if len(outcome.winners) != 1:
        raise AssertionError(f"{len(outcome.winners)} winners: {outcome.results}")
    return outcome.winners[0]


@define
class _Meeting:
    """Where the acts of a trial wait for one another."""

    before: tuple[str, ...]
    arrived: int = 0
    _expected: int = 0
    _changed: threading.Condition = field(factory=threading.Condition)
    _here: threading.local = field(factory=threading.local)

    def call(self, expected: int) -> None:
        """Begin a trial."""
        self.arrived, self._expected = 0, expected

    def attend(self, act: Act) -> Any:
        """Run an act; one that ends without writing keeps nobody waiting."""
        self._here.waits = True
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome
            return error
        finally:
            if self._here.waits:
                self._here.waits = False
                with self._changed:
                    self._expected -= 1
                    self._changed.notify_all()

    def stop(self, statement: str) -> None:
        """Wait before a statement that writes, until the others stand there too."""
        if not getattr(self._here, "waits", False) or not statement.startswith(self.before):
            return
        self._here.waits = False
        with self._changed:
            self.arrived += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.arrived >= self._expected, _PATIENCE)
        # Who comes last is awake already, and would always be first to write.
        time.sleep(random.random() * _HEAD_START)  # noqa: S311 - no secret


@contextmanager
def _hooked(engine: Engine, meeting: _Meeting) -> Iterator[None]:
    def stop(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        meeting.stop(statement)

    event.listen(engine, "before_cursor_execute", stop)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", stop)
