"""Requests that no browser sends: each has an answer, or none, and the next one has its own."""

from __future__ import annotations

import socket
import time

import httpx
import pytest

from .served import Served, rest

POST = b"POST /slow/form HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
AIDE = b"GET /aide HTTP/1.1\r\nHost: a\r\n"
CLOSE = b"Connection: close\r\n\r\n"


def ask(served: Served, sent: bytes) -> bytes:
    """What comes back until the server closes."""
    with served.peer(sent) as link:
        return rest(link)


def status(answer: bytes) -> int:
    """The status of an answer; 0 for none."""
    return int(answer[9:12] or b"0")


@pytest.fixture(autouse=True)
def and_then_all_is_well(served: Served) -> None:
    """Checked after each."""
    yield
    assert httpx.get(f"{served.address}/aide").status_code == 200


def test_too_long_a_body_is_refused_before_it_comes(served: Served) -> None:
    """At once, in words, from the length that it announces."""
    with served.peer(POST + b"Content-Length: 1000001\r\n\r\n") as link:
        begun = time.monotonic()
        answer = link.recv(65_536)
        assert time.monotonic() - begun < 1
    assert status(answer) == 413
    assert b"Envoi trop volumineux" in answer


@pytest.mark.parametrize("length", [b"1" * 18, b"9" * 25, b"-1", b"1e3", b"1, 2", b""])
def test_lengths_that_cannot_be(served: Served, length: bytes) -> None:
    """No number that somebody sends is believed."""
    with served.peer(POST + b"Content-Length: " + length + b"\r\n" + CLOSE) as link:
        assert status(link.recv(65_536)) in {400, 413}


def test_a_body_in_chunks_is_asked_for_its_length(served: Served) -> None:
    """Whole, cut or endless: it is not read."""
    for body in (b"6\r\nsaid=x\r\n0\r\n\r\n", b"6\r\nsaid=x\r\n", b"fffffff\r\n" + b"x" * 200_000):
        with served.peer(POST + b"Transfer-Encoding: chunked\r\n\r\n") as link:
            answer = link.recv(65_536)
            link.sendall(body)
        assert status(answer) == 411
        assert b"annoncez la longueur" in answer
        assert b"x-request-id: " in answer.lower()


def test_two_lengths_are_none(served: Served) -> None:
    """What a proxy and we could read differently is not read."""
    both = b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + AIDE + CLOSE
    assert status(ask(served, POST + both)) in {400, 411}
    twice = b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nsaid=x" + AIDE + CLOSE
    assert status(ask(served, POST + twice)) == 400


def test_who_asks_first_is_told_to_go_on(served: Served) -> None:
    """Expect: 100-continue, as some programs send it."""
    with served.peer(POST + b"Expect: 100-continue\r\nContent-Length: 6\r\n" + CLOSE) as link:
        assert status(link.recv(1000)) == 100
        link.sendall(b"said=x")
        # Without the token of a form.
        assert status(rest(link)) == 403


def test_who_asks_first_with_too_much_is_refused(served: Served) -> None:
    """He sends nothing."""
    with served.peer(POST + b"Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n") as link:
        assert status(link.recv(65_536)) == 413


def test_requests_in_a_row(served: Served) -> None:
    """Sent at once, answered in their order."""
    answer = ask(served, AIDE + b"\r\n" + AIDE.replace(b"aide", b"rien") + b"\r\n" + AIDE + CLOSE)
    assert [int(each[:3]) for each in answer.split(b"HTTP/1.1 ")[1:]] == [200, 404, 200]


def test_a_body_is_never_a_request(served: Served) -> None:
    """That of a GET is read away, and what follows is the next request."""
    inner = AIDE.replace(b"aide", b"rien") + b"\r\n"
    length = b"Content-Length: %d\r\n\r\n" % len(inner)
    answer = ask(served, AIDE + length + inner + AIDE + CLOSE)
    assert [int(each[:3]) for each in answer.split(b"HTTP/1.1 ")[1:]] == [200, 200]


def test_http_1_0(served: Served) -> None:
    """Answered, and closed."""
    assert status(ask(served, b"GET /aide HTTP/1.0\r\n\r\n")) == 200


def test_a_post_without_a_body(served: Served) -> None:
    """Nothing is waited for."""
    assert status(ask(served, POST + CLOSE)) == 403


def test_a_socket_closed_by_half(served: Served) -> None:
    """Whoever says that nothing will follow may be answered or left, at once."""
    with served.peer(AIDE + b"\r\n") as link:
        link.shutdown(socket.SHUT_WR)
        assert status(rest(link)) in {0, 200}
    with served.peer(POST + b"Content-Length: 9\r\n\r\nsaid=x") as link:
        link.shutdown(socket.SHUT_WR)
        assert status(rest(link)) == 400


@pytest.mark.parametrize(
    "head",
    [
        b"GET /aide HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
        b"GET /aide HTTP/1.1\r\nHost: a\r\nCookie: " + b"x" * 200_000,
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a",
    ],
    ids=["many headers", "a long header", "a long address"],
)
def test_heads_are_bounded(served: Served, head: bytes) -> None:
    """Too much of a head is refused."""
    with served.peer(head + b"\r\n\r\n") as link:
        assert status(rest(link)) in {0, 414, 431}


@pytest.mark.parametrize(
    "sent", [b"\0" * 100, b"\x16\x03\x01\x02\0\x01", b"GET\r\n\r\n", b"\r\n" * 9]
)
def test_what_is_no_request(served: Served, sent: bytes) -> None:
    """TLS on a plain port, noise: refused, or cut off."""
    assert status(ask(served, sent)) in {0, 400}
