"""Bodies: whole or refused, by what is announced, by what comes, and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.hosts.asgi import asgi_app
from teleservices_core.hosts.bodies import Body, TooLongError, TooSlowError, announced

from .test_asgi import echo, part, scope_of


async def coming(*pieces: bytes, pause: float = 0) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(pause)
        yield piece


def read(pieces: AsyncIterator[bytes], length: int | None, most: int, seconds: float = 5) -> bytes:
    async def reading() -> bytes:
        with await Body(pieces, seconds).read(announced=length, max_body=most) as body:
            return body.read()

    return asyncio.run(reading())


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(0, 120), st.booleans())
def test_a_body_is_whole_or_too_long(pieces: list[bytes], most: int, is_announced: bool) -> None:
    """However it comes, with a length or without one."""
    whole = b"".join(pieces)
    length = len(whole) if is_announced else None
    if len(whole) > most:
        with pytest.raises(TooLongError):
            read(coming(*pieces), length, most)
    else:
        assert read(coming(*pieces), length, most) == whole


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 100))
def test_a_body_cut_short_is_none(pieces: list[bytes], missing: int) -> None:
    """Half a form never passes for a whole one."""
    length = len(b"".join(pieces)) + missing
    with pytest.raises(ConnectionError):
        read(coming(*pieces), length, length)


def test_nothing_is_read_of_what_is_too_long() -> None:
    """The announced length is enough."""

    async def untouched() -> AsyncIterator[bytes]:
        raise AssertionError("it was read")
        yield b""

    with pytest.raises(TooLongError):
        read(untouched(), 11, 10)


def test_a_deadline_does_not_move_with_each_byte() -> None:
    """Who sends a byte now and then is cut off; who sends steadily is given the time."""
    with pytest.raises(TooSlowError):
        read(coming(*[b"x"] * 100, pause=0.02), 100, 100, seconds=0.2)
    steady = [b"x" * 4096] * 20
    assert len(read(coming(*steady, pause=0.02), None, 100_000, seconds=0.2)) == 81_920


def test_time_earned_is_not_for_silence() -> None:
    """Who sends much at once and then nothing is cut off as soon as anybody."""

    async def much_then_nothing() -> AsyncIterator[bytes]:
        yield b"x" * 1_000_000
        await asyncio.sleep(3600)

    with pytest.raises(TooSlowError):
        read(much_then_nothing(), 2_000_000, 3_000_000, seconds=0.2)


@pytest.mark.parametrize(
    ("sent", "length"),
    [("", None), ("12", 12), ("-1", None), ("1e3", None), ("٣", None), ("9" * 5000, 10**18 - 1)],
)
def test_lengths(sent: str, length: int | None) -> None:
    """Digits of a keyboard, and no number that grows with what is sent."""
    assert announced({"CONTENT_LENGTH": sent}) == length


def converse(app: Any, scope: dict[str, Any], *received: Any) -> list[Any]:
    """Call an application with these messages, then silence for good."""
    incoming, sent = list(received), []

    async def receive() -> Any:
        if not incoming:
            await asyncio.sleep(3600)
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def headers(**named: bytes) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value) for name, value in named.items()]


def test_under_asgi_a_slow_body_takes_no_thread() -> None:
    """408 after the deadline; the application never sees it."""
    scope = scope_of(headers=headers(content_length=b"10"))
    first, body = converse(asgi_app(echo, body_seconds=0.1), scope, part(b"12345", more=True))
    assert first["status"] == 408
    assert body["body"] == b"408 Request Timeout"


def test_under_asgi_too_long_a_body_is_refused_at_once(site: Any) -> None:
    """In our words; what comes all the same is read away behind the answer."""
    scope = scope_of(path="/connexion", headers=headers(content_length=b"1000001"))
    pieces = [part(b"x" * 500_000, more=True), part(b"x" * 500_001)]
    first, page, last = converse(asgi_app(site), scope, *pieces)
    assert first["status"] == 413
    assert "Envoi trop volumineux" in page["body"].decode()
    assert last == {"type": "http.response.body"}


def test_under_asgi_who_asks_first_is_not_waited_for(site: Any) -> None:
    """Nothing comes after a refusal to go on."""
    named = headers(content_length=b"1000001", expect=b"100-continue")
    first, _page = converse(asgi_app(site), scope_of(path="/connexion", headers=named))
    assert first["status"] == 413


def test_under_asgi_an_endless_body_is_counted(site: Any) -> None:
    """Without a length, it is refused at its first byte too many."""
    pieces = [part(b"x" * 600_000, more=True), part(b"x" * 600_000, more=True)]
    gone = {"type": "http.disconnect"}
    first, *_rest = converse(asgi_app(site), scope_of(path="/connexion"), *pieces, gone)
    assert first["status"] == 413
