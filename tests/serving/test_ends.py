"""How a server ends: asked to, with answers under way; killed, at any moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import httpx

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


def children(pid: int) -> list[int]:
    """The processes that a server has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_open(served: Served, cookie: str) -> bool:
    """Whether a session is; asked again while one server follows another."""
    for _ in range(200):
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{served.address}/compte", headers={"Cookie": cookie})
            return answer.status_code == 200
        time.sleep(0.1)
    raise AssertionError(served.said())


def test_killed_it_forgets_nothing(tmp_path: Path, site_database: str, login_name: str) -> None:
    """Whoever was told that he is signed in still is, whichever process was killed."""
    sessions: list[str] = []
    limits = "stop_seconds = 2"
    with serving(tmp_path, site_database, workers=2, limits=limits) as served:
        port = served.port
        for trial in range(KILLS):
            over, before = threading.Event(), len(sessions)

            def load(served: Served, over: threading.Event) -> None:
                while not over.is_set():
                    with suppress(httpx.TransportError):
                        answer = served.sign_in(login_name)
                        if answer.status_code == 303:
                            sessions.append(answer.headers["Set-Cookie"])

            with served.peer(PARTIAL[0]), ThreadPoolExecutor(3) as pool:
                for _ in range(3):
                    pool.submit(load, served, over)
                time.sleep(1)
                whole = trial % 2 == 0
                victim = served.process.pid if whole else children(served.process.pid)[-1]
                os.kill(victim, signal.SIGKILL)
                over.set()
            assert len(sessions) > before
            if whole:
                served.process.wait()
                served.process = start(tmp_path, port, workers=2).process
            served.once_up()
            for cookie in sessions[before:]:
                assert is_open(served, cookie.partition(";")[0])
