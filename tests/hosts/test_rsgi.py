"""What only the RSGI host must get right: which thread makes a page, and the environ."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import Factory, define, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from teleservices_core.app import Intake
from teleservices_core.hosts.rsgi import QUICK, TOO_LONG, TRIED, Pace, RsgiSite, environ_of


class Headers:
    """As granian gives them: names in lower case, one pair for each line."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self.pairs = pairs

    def items(self) -> list[tuple[str, str]]:
        return list(self.pairs)


@frozen
class Scope:
    method: str = "GET"
    path: str = "/"
    headers: Headers = Factory(Headers)
    query_string: str = ""
    http_version: str = "1.1"
    scheme: str = "http"
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.1:50000"


@define
class Protocol:
    """Keeps the answer."""

    pieces: list[bytes] = field(factory=list)
    answers: list[Any] = field(factory=list)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    def response_bytes(self, *answer: Any) -> None:
        self.answers.append(answer)


class Where:
    """An application that tells on which thread it is asked."""

    def __init__(self, *, waits: bool = False) -> None:
        self.waits = waits

    def intake(self, environ: Any) -> Intake:
        return Intake(environ["PATH_INFO"], 100, waits=self.waits)

    def refuse(self, status: int) -> Any:
        raise AssertionError(status)

    def __call__(self, _environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        is_here = threading.current_thread() is threading.main_thread()
        return [b"here" if is_here else b"elsewhere"]


def ask(site: RsgiSite, *scopes: Scope) -> list[bytes]:
    """The bodies of the answers."""

    async def all_of_them() -> list[bytes]:
        found = []
        for scope in scopes:
            protocol = Protocol()
            await site.__rsgi__(scope, protocol)
            ((_status, _headers, body),) = protocol.answers
            found.append(body)
        return found

    return asyncio.run(all_of_them())


def test_a_quick_page_stays_where_requests_are_received() -> None:
    """After a few on threads of their own."""
    bodies = ask(RsgiSite(Where()), *[Scope()] * (TRIED + 1))
    assert bodies == [*[b"elsewhere"] * TRIED, b"here"]


def test_what_may_wait_never_does() -> None:
    """However quick it was."""
    assert set(ask(RsgiSite(Where(waits=True)), *[Scope()] * (TRIED + 3))) == {b"elsewhere"}


def test_acts_never_do() -> None:
    """Whatever may bring a body keeps nobody waiting."""
    assert set(ask(RsgiSite(Where()), *[Scope("POST")] * (TRIED + 3))) == {b"elsewhere"}


def test_pages_that_wait_are_declared(site: Any) -> None:
    """A page that writes down who looks takes the journal's lock: the server is told."""
    catalogue = site.site.catalogue
    consulting = next(each for each in catalogue.routes if each.consults)
    path = consulting.rule.replace("<uai>", "0211234A").replace("<uuid:account_id>", 36 * "0")
    environ = environ_of(Scope(path=path))
    assert not site.intake(environ_of(Scope(path="/aide"))).waits
    found = site.intake(environ)
    assert found.route in {"", consulting.name}
    assert found.waits == (found.route == consulting.name)


@given(st.lists(st.sampled_from([0.0, QUICK / 2, QUICK, 1.0]), max_size=2), st.integers(0, 40))
def test_one_long_wait_sends_all_back(first: list[float], quick: int) -> None:
    """Whatever was believed before; who held the thread is believed ten times less."""
    pace, times = Pace(), [*first, *[0.001] * quick]
    for seconds in times:
        pace.tried("a", seconds)
        pace.tried("b", seconds)
    last = times[-TRIED:]
    assert pace.is_quick("a") == (len(last) == TRIED and max(last) < QUICK)
    pace.held("a", TOO_LONG + 0.1)
    assert not pace.is_quick("a")
    assert not pace.is_quick("b")
    for _ in range(TRIED):
        pace.tried("a", 0)
        pace.tried("b", 0)
    assert not pace.is_quick("a")
    assert pace.is_quick("b")


@pytest.mark.parametrize(
    ("pairs", "name", "value"),
    [
        ([("cookie", "a=1"), ("cookie", "b=2")], "HTTP_COOKIE", "a=1; b=2"),
        ([("accept", "x"), ("accept", "y")], "HTTP_ACCEPT", "x,y"),
        ([("x_forwarded_for", "9.9.9.9")], "HTTP_X_FORWARDED_FOR", None),
        ([("content-type", "text/plain")], "CONTENT_TYPE", "text/plain"),
    ],
)
def test_headers(pairs: list[tuple[str, str]], name: str, value: str | None) -> None:
    """Joined as WSGI wants them; none passes for another behind a proxy's back."""
    assert environ_of(Scope(headers=Headers(*pairs))).get(name) == value


def test_addresses_of_both_kinds() -> None:
    """Of version 6 as well, without brackets."""
    environ = environ_of(Scope(client="[2001:db8::1]:5", server="[::1]:80", path="/élève"))
    assert environ["REMOTE_ADDR"] == "2001:db8::1"
    assert environ["SERVER_NAME"] == "::1"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/élève"
