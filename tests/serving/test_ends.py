"""How a server ends: asked to, with answers under way; killed, at any moment."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from .served import Served, serving, start

KILLS: Final = int(os.environ.get("SERVER_KILLS", "2"))
"""50 in the thorough profile."""
PARTIAL: Final = (
    b"POST /connexion HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
    b"GET /aide HTTP/1.1\r\nX",
    b"",
)


def test_asked_to_end_it_does(tmp_path: Path, site_database: str) -> None:
    """Within ten seconds, with held connections; who waits for a page gets it."""
    limits = "stop_seconds = 4"
    with (
        serving(tmp_path, site_database, limits=limits) as served,
        ThreadPoolExecutor(1) as pool,
    ):
        peers = [served.peer(sent) for sent in PARTIAL * 20]
        waiting = pool.submit(httpx.get, f"{served.address}/slow/wait?seconds=2", timeout=15)
        time.sleep(0.7)
        served.process.terminate()
        assert waiting.result().text == "waited"
        served.process.wait(timeout=10)
        for each in peers:
            with closing(each):
                pass


def last_worker(served: Served) -> int:
    """The process of a server that was started last, once it is; it has two.

    The log tells: a server that was killed may still answer for a moment.
    """
    for _ in range(600):
        _before, _pid, said = served.said().partition(f"(main PID: {served.process.pid})")
        if "Started worker-2" in said:
            return int(re.findall(r"with PID: (\d+)", said)[-1])
        time.sleep(0.05)
    raise AssertionError(served.said())


def is_open(served: Served, cookie: str) -> bool:
    """Whether a session is; asked again while one server follows another."""
    for _ in range(200):
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{served.address}/compte", headers={"Cookie": cookie})
            return answer.status_code == 200
        time.sleep(0.1)
    raise AssertionError(served.said())


@contextmanager
def load(served: Served, login_name: str) -> Iterator[list[str]]:
    """The cookies of all those who are told meanwhile that they are signed in."""
    over, sessions = threading.Event(), list[str]()

    def again() -> None:
        while not over.is_set():
            with suppress(httpx.TransportError):
                answer = served.sign_in(login_name)
                if answer.status_code == 303:
                    sessions.append(answer.headers["Set-Cookie"].partition(";")[0])

    with ThreadPoolExecutor(3) as pool:
        tasks = [pool.submit(again) for _ in range(3)]
        try:
            yield sessions
        finally:
            over.set()
        for task in tasks:
            task.result()


@pytest.mark.timeout(120 + 40 * KILLS)
def test_killed_it_forgets_nothing(tmp_path: Path, site_database: str, login_name: str) -> None:
    """Whoever was told that he is signed in still is, whichever process was killed."""
    limits = "stop_seconds = 2"
    with serving(tmp_path, site_database, workers=2, limits=limits) as served:
        for trial in range(KILLS):
            worker, is_whole = last_worker(served), trial % 2 == 0
            with served.peer(PARTIAL[0]), load(served, login_name) as sessions:
                time.sleep(1)
                end = time.monotonic() + 30
                while not sessions and time.monotonic() < end:
                    time.sleep(0.01)
                os.kill(served.process.pid if is_whole else worker, signal.SIGKILL)
            assert sessions
            if is_whole:
                served.process.wait()
                served.process = start(tmp_path, served.port, workers=2).process
            served.once_up()
            assert all(is_open(served, cookie) for cookie in sessions)
