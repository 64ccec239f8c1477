"""Run tests against changed code: collected once, then one short-lived fork for each change."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from subprocess import DEVNULL, TimeoutExpired, run
from types import CodeType, FunctionType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from attrs import define, field, frozen
from changes import Change, changes

_LONGEST = 120.0
"""Seconds of tests that a change may cost: one that lives for so long is said to live."""
KILLED, ALIVE, UNREACHED = "killed", "alive", "unreached"


@frozen
class Target:
    """A module, and the tests that are to notice what changes in it."""

    name: str
    path: Path
    tests: tuple[str, ...]

    def arguments(self, tests: Iterable[str] = ()) -> list[str]:
        """Of pytest."""
        chosen = list(tests) or list(self.tests)
        return [*chosen, "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=0"]


def _run(item: pytest.Item, following: pytest.Item | None) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


def _chosen(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """One database is enough, and no browser."""
    return [
        item
        for item in items
        if "postgresql" not in item.nodeid and item.get_closest_marker("browser") is None
    ]


def _forked(work: Callable[[], int], folder: Path) -> int | None:
    """The exit code of some work in a process of its own; None for one that was stopped."""
    child = os.fork()
    if child:
        _pid, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None
    code = 1
    try:
        quiet = os.open(folder / "output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = work()
    finally:
        os._exit(code)


@define
class Session:
    """The plugin of a pytest run that tries every change of a module."""

    target: Target
    folder: Path
    known: dict[str, dict[str, str]]
    """What was found before, by change."""
    keep: Callable[[dict[str, dict[str, str]]], None]
    reached: dict[str, set[int]] = field(factory=dict)
    seconds: dict[str, float] = field(factory=dict)
    items: dict[str, pytest.Item] = field(factory=dict)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests."""
        self.items = {item.nodeid: item for item in _chosen(session.items)}
        self._watch()
        source = self.target.path.read_text()
        functions = _functions(str(self.target.path))
        for change, tree in changes(source):
            key = key_of(change)
            if self.known.get(key, {}).get("found") == KILLED:
                continue
            tests = self._tests(change)
            compiled = compile(tree, str(self.target.path), "exec")
            patches = _patches(change, compiled, functions) if change.function else None
            if not tests:
                found, by = UNREACHED, ""
            elif patches:
                found, by = self._try(tests, patches)
            else:
                found, by = self._try_anew(tests, key)
            self.known[key] = {"found": found, "by": by, "line": str(change.lines[0])}
            self.keep(self.known)
            if found != KILLED:
                print(f"{found} {change.lines[0]}: {change.function}: {change.words}", flush=True)
        return True

    def _watch(self) -> None:
        """Which lines each test runs, and how long it takes."""
        told = self.folder / "reached.json"

        def work() -> int:
            import coverage

            watch = coverage.Coverage(
                data_file=None, include=[str(self.target.path)], config_file=False
            )
            seconds, failed = {}, []
            following = [*list(self.items.values())[1:], None]
            watch.start()
            for item, after in zip(self.items.values(), following, strict=True):
                watch.switch_context(item.nodeid)
                start = time.monotonic()
                if not _run(item, after):
                    failed.append(item.nodeid)
                seconds[item.nodeid] = time.monotonic() - start
            watch.stop()
            lines = watch.get_data().contexts_by_lineno(str(self.target.path))
            told.write_text(json.dumps([lines, seconds, failed]))
            return 0

        if _forked(work, self.folder) != 0:
            sys.exit((self.folder / "output").read_text())
        lines, self.seconds, failed = json.loads(told.read_text())
        for line, tests in lines.items():
            for test in tests:
                if test and test not in failed:
                    self.reached.setdefault(test, set()).add(int(line))
        for test in failed:
            print(f"fails without any change, left out: {test}", flush=True)

    def _tests(self, change: Change) -> list[str]:
        """Those that reach the change, the quickest first.

        For what runs at import, all, those that run something of the module before the others.
        """
        first, last = change.lines
        found = [
            test
            for test, lines in self.reached.items()
            if not change.function or any(first <= line <= last for line in lines)
        ]
        return sorted(found, key=lambda test: (not self.reached[test], self.seconds[test]))

    def _try(
        self, tests: Sequence[str], patches: list[tuple[FunctionType, CodeType]]
    ) -> tuple[str, str]:
        by = self.folder / "by"

        def work() -> int:
            for function, code in patches:
                function.__code__ = code
            return run_some([self.items[test] for test in tests], self.seconds, by)

        by.write_text("")
        alive = _forked(work, self.folder) == 0
        return (ALIVE, "") if alive else (KILLED, by.read_text())

    def _try_anew(self, tests: Sequence[str], key: str) -> tuple[str, str]:
        """Import the changed module into a new process."""
        given = self.folder / "given.json"
        given.write_text(json.dumps([key, list(tests), self.seconds]))
        by = self.folder / "by"
        by.write_text("")
        command = [
            sys.executable,
            str(Path(__file__).parent),
            self.target.name,
            "--anew",
            str(given),
        ]
        try:
            code = run(
                command, stdout=DEVNULL, stderr=DEVNULL, timeout=4 * _LONGEST, check=False
            ).returncode
        except TimeoutExpired:
            code = 1
        return (ALIVE, "") if code == 0 else (KILLED, by.read_text())


@frozen
class Anew:
    """The plugin of a pytest run on a module that was imported with a change in it."""

    tests: tuple[str, ...]
    seconds: dict[str, float]
    by: Path

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests in the order given, up to the first that fails."""
        items = {item.nodeid: item for item in session.items}
        os._exit(
            run_some([items[test] for test in self.tests if test in items], self.seconds, self.by)
        )


def run_some(items: Sequence[pytest.Item], seconds: dict[str, float], by: Path) -> int:
    """0 when all pass, 1 from the first that fails; one that never ends is stopped."""
    spent = 0.0
    for item, following in zip(items, [*items[1:], None], strict=True):
        by.write_text(item.nodeid)
        signal.alarm(15 + round(6 * seconds[item.nodeid]))
        if not _run(item, following):
            return 1
        spent += seconds[item.nodeid]
        if spent > _LONGEST:
            break
    signal.alarm(0)
    return 0


def key_of(change: Change) -> str:
    """What a change is known by: no line number, so that it outlives other edits."""
    return f"{change.function}: {change.words}"


def _functions(path: str) -> dict[tuple[str, int], list[FunctionType]]:
    found: dict[tuple[str, int], list[FunctionType]] = {}
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename == path:
            code = each.__code__
            found.setdefault((code.co_qualname, code.co_firstlineno), []).append(each)
    return found


def _patches(
    change: Change, compiled: CodeType, functions: dict[tuple[str, int], list[FunctionType]]
) -> list[tuple[FunctionType, CodeType]] | None:
    """What to put into the functions of a running interpreter; None if that cannot be done."""
    place = (change.function, change.function_line)
    code = _find(compiled, place)
    known = functions.get(place, [])
    if code is None or any(each.__code__.co_freevars != code.co_freevars for each in known):
        return None
    return [(each, code) for each in known]


def _find(code: CodeType, place: tuple[str, int]) -> CodeType | None:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if (each.co_qualname, each.co_firstlineno) == place:
                return each
            if (found := _find(each, place)) is not None:
                return found
    return None


@frozen
class Changed(MetaPathFinder):
    """Imports a module with a change in it."""

    name: str
    path: Path
    code: CodeType

    def find_spec(self, fullname: str, *_rest: Any) -> ModuleSpec | None:
        """See :class:`importlib.abc.MetaPathFinder`."""
        if fullname != self.name:
            return None
        loader = _Loader(fullname, str(self.path))
        loader.code = self.code
        return spec_from_file_location(fullname, self.path, loader=loader)


class _Loader(SourceFileLoader):
    code: CodeType

    def get_code(self, _fullname: str) -> CodeType:
        return self.code
