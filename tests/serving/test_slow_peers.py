"""Peers that hold their connections: nobody else notices, and each is cut off in time."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import httpx

from .served import Served, rest

HELD_SECONDS: Final = float(os.environ.get("HELD_SECONDS", "4"))
"""120 in the thorough profile."""
PEERS: Final = 100
"""For each process."""
HEAD: Final = b"POST /connexion HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"


def partial_head(served: Served) -> None:
    """A head that never ends."""
    with served.peer(b"GET /aide HTTP/1.1\r\nHost: a\r\nX-") as link:
        rest(link)


def partial_body(served: Served) -> None:
    """Ten bytes of the thousand announced."""
    with served.peer(HEAD + b"Content-Length: 1000\r\n\r\n0123456789") as link:
        rest(link)


def dripping_body(served: Served) -> None:
    """A byte now and then, for ever."""
    with served.peer(HEAD + b"Content-Length: 1000\r\n\r\n") as link:
        while True:
            time.sleep(0.5)
            try:
                link.sendall(b"x")
            except OSError:
                return


def unread_answer(served: Served) -> None:
    """A long answer of which nothing is taken."""
    with served.peer(b"GET /slow/long HTTP/1.1\r\nHost: a\r\n\r\n", buffer=4096):
        time.sleep(3)


def silence(served: Served) -> None:
    """Nothing at all."""
    with served.peer() as link:
        rest(link)


KINDS: Final = (partial_head, partial_body, dripping_body, unread_answer, silence)


@contextmanager
def held(served: Served, count: int) -> Iterator[None]:
    """So many peers of each kind by turns, who come back as soon as they are cut off."""
    over = threading.Event()

    def again(number: int) -> None:
        while not over.is_set():
            with_kind = KINDS[number % len(KINDS)]
            with_kind(served)

    with ThreadPoolExecutor(count) as pool:
        tasks = [pool.submit(again, number) for number in range(count)]
        try:
            time.sleep(1)
            yield
        finally:
            over.set()
        for task in tasks:
            task.result()


def test_nobody_notices_held_connections(served: Served, login_name: str) -> None:
    """A public page and a sign-in answer within a second while a hundred peers stay."""
    took: list[float] = []
    with held(served, PEERS):
        end = time.monotonic() + HELD_SECONDS
        while time.monotonic() < end:
            for ask, status in (
                (lambda: httpx.get(f"{served.address}/aide"), 200),
                (lambda: served.sign_in(login_name), 303),
            ):
                begun = time.monotonic()
                assert ask().status_code == status
                took.append(time.monotonic() - begun)
            time.sleep(0.1)
    assert len(took) >= 10
    took.sort()
    # The longest wait for this machine, which may do something else meanwhile.
    assert took[len(took) // 2] < 1, took
    assert took[-1] < 10, took[-9:]


def test_each_is_cut_off_at_the_deadline(served: Served) -> None:
    """A second or two here; nobody stays for good."""

    def seconds(kind: Callable[[Served], None]) -> float:
        begun = time.monotonic()
        kind(served)
        return time.monotonic() - begun

    kinds = (partial_head, partial_body, dripping_body, silence)
    with ThreadPoolExecutor(len(kinds)) as pool:
        for kind, took in zip(kinds, pool.map(seconds, kinds), strict=True):
            assert 0.5 < took < 8, kind


def test_a_slow_body_is_told(served: Served) -> None:
    """Whose connection was too slow reads why, in words."""
    with served.peer(HEAD + b"Content-Length: 1000\r\n\r\n0123456789") as link:
        answer = rest(link)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert "La connexion était trop lente".encode() in answer
    assert b"x-request-id: " in answer.lower()


def test_who_reads_nothing_is_cut_off_and_who_reads_slowly_is_not(served: Served) -> None:
    """No answer stays in memory for good; a little at a time is not silence."""
    long = b"GET /slow/long HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with served.peer(long, buffer=4096) as silent, served.peer(long, buffer=65_536) as slow:
        got = 0
        for _ in range(15):
            got += len(slow.recv(65_536))
            time.sleep(0.3)
        assert got + len(rest(slow)) > 16_000_000
        assert len(rest(silent)) < 16_000_000


def test_a_flood_of_sign_ins_is_told_and_stops_nothing_else(
    served: Served, login_name: str
) -> None:
    """Some are told to come back; pages answer all the while."""
    statuses: list[int] = []

    def wrong(_number: int) -> None:
        answer = served.sign_in(f"nobody.{_number}", "faux")
        statuses.append(answer.status_code)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert "Attendez quelques secondes" in answer.text

    with ThreadPoolExecutor(24) as pool:
        flood = [pool.submit(wrong, number) for number in range(48)]
        while not all(each.done() for each in flood):
            assert httpx.get(f"{served.address}/aide").status_code == 200
        for each in flood:
            each.result()
    assert set(statuses) <= {422, 429, 503}
    assert 503 in statuses
    assert served.sign_in(login_name).status_code == 303
